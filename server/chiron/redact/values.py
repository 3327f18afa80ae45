"""Which values can be secrets, by their looks alone. Pure; nothing here knows where a value stands."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

#: Words that stand where a secret could and are none, in lower case: switches, states, kinds of secret.
_WORDS = frozenset(
    """true false yes no on off y n null none nil ~ undefined omit present absent latest always never
    on_create required optional default auto automatic enabled disabled random generated generate prompt
    ask file env environment vault keyring stdin str string bool boolean int integer list dict raw path
    text sha512 sha256 sha1 md5 md5crypt bcrypt blowfish scram scram-sha-256 scram-sha-512 plain
    plaintext hash hashed encrypted rsa ed25519 ecdsa dsa basic bearer digest oauth oauth2 ldap kerberos
    pam ident redacted masked
    value_specified_in_no_log_parameter""".split()  # noqa: SIM905 words read better unquoted
)
#: Stars, variables of shells and templates, what a person is to fill in.
_MASK = re.compile(
    r"[*xX.\-_?#•]{3,}|<[^<>]*>|\[[^\[\]]*\]|\$[A-Z_][A-Z0-9_]*|\$\{[^{}]*\}|\$\([^()]*\)|%[A-Za-z_]\w*%|@[A-Za-z_]\w*@|\\g<\w+>"
)
_PATH = re.compile(
    r"^(?:~|\.{1,2}|[A-Za-z]:)?(?:[/\\][\w.@+,~%-]*)+$|^(?:[\w.@-]+/)+[\w.@-]*\.[A-Za-z]\w{0,5}$"
)
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^\s@]*$", re.I)
_NUMBER = re.compile(r"^[+-]?\d{1,3}$|^[+-]?\d+\.\d+$|^0[0-7]{3}$")
_VERSION = re.compile(r"^[vV]?\d+(?:\.\d+)+(?:[.+~-]\w+)*$")
_SIZE = re.compile(r"^\d+(?:\.\d+)?[a-zA-Z]{1,3}$")
_ADDRESS = re.compile(r"^\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?$|^[0-9a-fA-F:]*::?[0-9a-fA-F:]*(?:/\d+)?$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d(?:[T ].*)?$")
_EMAIL = re.compile(r"^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$")
_HOST = re.compile(r"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,15}(?::\d+)?$")
#: Names that cloud providers give to what they run: `ami-06cf02a98a61f9f5e`.
_RESOURCE = re.compile(r"^[a-z]{1,10}(?:-[a-z]{1,10})?-[0-9a-f]{8,17}$")
_UUID = re.compile(r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", re.I)
_HEX = re.compile(r"^(?:0x)?[0-9a-fA-F]+$")
_WORDY = re.compile(r"^[A-Za-z]*(?:[_.\-/ :][A-Za-z]*)*\d{0,2}$")
_PLAIN = re.compile(r"[A-Za-z]?[a-z]*(?:[_.\-/ ][a-z0-9]+)*|[A-Z]{1,15}|[A-Z]+(?:_[A-Z]+)+|\d+")
_CRYPT = re.compile(r"^\$(?:1|2[abxy]?|5|6|7|y|gy|md5|sha1|apr1|argon2\w*|pbkdf2\S*|scrypt)\$\S{6,}$")
_HARMLESS = (_RESOURCE, _VERSION, _SIZE, _ADDRESS, _DATE, _EMAIL, _HOST, _WORDY)
#: Regular expressions, formats for dates, and other text that is read by a program rather than typed.
_PATTERN = re.compile(
    r"\\|\[[^\]]*[-^][^\]]*\]|\(\?|\.\*|%[a-zA-Z][%:._-]?%[a-zA-Z]|\$\{?\w+\}?[/:.-]|^--?[a-z]|^[\w.]+\("
)
_WORDS_AND_NUMBERS = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}(?![a-z])|[0-9]{3,}")
_SEGMENTS = re.compile(r"[_./:=\-+,@ ]+")


@lru_cache(maxsize=1024)
def can_be_secret(value: str) -> bool:
    """Whether `value`, standing where a secret would, can be one: not empty, no switch, no path, no mask."""
    value = value.strip()
    if not value or value.lower() in _WORDS or _MASK.fullmatch(value):
        return False
    if _NUMBER.match(value) or _URL.match(value):
        return False
    if not any(char.isalnum() for char in value):
        return len(value) > 3
    return not (_PATH.match(value) and not is_random(value))


@lru_cache(maxsize=1024)
def looks_secret(value: str) -> bool:
    """Whether `value` looks like a password or key when its place only suggests one.

    Eight characters or more, letters mixed with digits or signs and not made of words, and nothing that
    has another meaning: paths, patterns, versions, addresses, dates, host names, sizes.
    """
    value = value.strip()
    if len(value) < 8 or not can_be_secret(value) or " " in value:
        return False
    if _CRYPT.match(value) or _UUID.match(value) or is_random(value):
        return True
    if any(harmless.match(value) for harmless in _HARMLESS) or _PATTERN.search(value):
        return False
    has_digit = any(char.isdigit() for char in value)
    has_letter = any(char.isalpha() for char in value)
    n_signs = sum(char in "!@#$%^&*+=?~" for char in value)
    if not has_letter or not (has_digit or n_signs):
        return False
    if n_signs and (has_digit or n_changes(value) >= 4):
        return True
    return n_changes(value) >= max(3, len(value) // 5) and unworded(value) >= 0.3 and not _is_names(value)


def is_unusual(value: str) -> bool:
    """Whether `value` can be a secret and is no plain word, number, address, host name or the like."""
    if len(value) < 4 or not can_be_secret(value):
        return False
    if any(len(piece) >= 12 and n_changes(piece) >= 3 for piece in _SEGMENTS.split(value)):
        return True
    return not _PLAIN.fullmatch(value) and not any(
        harmless.match(value) for harmless in _HARMLESS if harmless is not _WORDY
    )


@lru_cache(maxsize=1024)
def is_random(value: str) -> bool:
    """Whether `value` can hardly be anything but made by a random generator, wherever it stands.

    Hexadecimal of 32 digits or more, or a run of 20 letters and digits of which hardly anything is left
    when words and numbers are taken away, and that changes often between lower case, upper case and
    digits. (Entropy over so few characters does not tell a key from a long name: it is high for both.)
    """
    if _RESOURCE.match(value):
        return False
    if _HEX.match(value):
        digits = value.removeprefix("0x")
        return len(digits) >= 32 and 5 <= sum(c.isdigit() for c in digits) < len(digits)
    if any(_is_random_run(run) for run in _runs(value)):
        return True
    # Base64 holds `/`, and its form for URLs `-` and `_`, wherever chance puts them. Without asking more
    # of the whole than of a run between separators, paths and long names would pass.
    return (
        len(value) >= 20
        and any(char.isdigit() for char in value)
        and any(char.islower() for char in value)
        and any(char.isupper() for char in value)
        and n_changes(value) >= 0.45 * len(value)
        and unworded(value) >= 0.5
    )


def _is_random_run(run: str) -> bool:
    if len(run) < 20:
        return False
    n_digits = sum(char.isdigit() for char in run)
    has_upper = any(char.isupper() for char in run)
    has_lower = any(char.islower() for char in run)
    changes = n_changes(run) / (len(run) - 1)
    if has_upper and has_lower:
        return changes >= (0.33 if n_digits else 0.42) and unworded(run) >= 0.35
    return 4 <= n_digits < len(run) - 3 and changes >= 0.25 and unworded(run) >= 0.18


def unworded(value: str) -> float:
    """The share of `value`'s letters and digits that is left without words and numbers of three or more."""
    n_all = sum(char.isalnum() for char in value)
    n_left = sum(char.isalnum() for char in _WORDS_AND_NUMBERS.sub("", value))
    return n_left / n_all if n_all else 0.0


def is_pattern(value: str) -> bool:
    """Whether `value` is read by a program rather than typed by a person: a regular expression, a format."""
    return _PATTERN.search(value) is not None


def n_changes(value: str) -> int:
    """How often neighbours in `value` differ in kind: lower case, upper case, digit, sign."""
    kinds = [1 if c.islower() else 2 if c.isupper() else 3 if c.isdigit() else 4 for c in value]
    return sum(a != b for a, b in pairwise(kinds))


def _runs(value: str) -> list[str]:
    """The parts of `value` between separators; base64's own signs do not separate."""
    if any(sign in value for sign in "/.:") and not value.endswith("="):
        parts = re.split(r"[/.:]", value)
    else:
        parts = [value]
    runs: list[str] = []
    for part in parts:
        pieces = re.split(r"[_\-]", part)
        # Random text in base64url holds few dashes; names hold many, with short words between.
        runs += [part.strip("=_-")] if len(pieces) <= 1 + len(part) // 20 else pieces
    return runs


def _is_names(value: str) -> bool:
    """Whether `value` is words and numbers joined by separators: `ubuntu-22-04-server`, `node01_eth0`."""
    return all(
        piece.isalpha() or piece.isdigit() or re.fullmatch(r"[A-Za-z]+\d{1,4}|\d{1,4}[A-Za-z]{1,3}", piece)
        for piece in _SEGMENTS.split(value)
        if piece
    )


def is_crypt(value: str) -> bool:
    """Whether `value` is a password as `crypt` hashes it."""
    return bool(_CRYPT.match(value))
