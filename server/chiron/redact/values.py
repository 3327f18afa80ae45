"""Which values can be secrets, by their looks alone. Pure; nothing here knows where a value stands."""

from __future__ import annotations

import re
from functools import lru_cache

#: Words that stand where a secret could and are none, in lower case.
_WORDS = frozenset(
    """true false yes no on off null none nil undefined omit present absent latest always never on_create
    required optional default auto automatic automatically disabled enabled random generated generate prompt
    ask file env environment vault keyring stdin str string bool boolean int integer list dict raw path
    text sha512 sha256 sha1 md5 md5crypt bcrypt blowfish scram scram-sha-256 scram-sha-512 plain plaintext
    hash hashed encrypted rsa ed25519 ecdsa dsa token password secret basic bearer digest oauth oauth2
    ldap kerberos pam peer trust ident cert certificate sudo su read write admin any all self
    todo tbd redacted hidden masked changeit_placeholder""".split()
)
_MASK = re.compile(
    r"^(?:[*x.\-_?#•]{3,}|<[^<>]*>|\[[^\[\]]*\]|\.\.\.|\$\{?\w+\}?|\$\([^()]*\)|%\w+%|@\w+@)$", re.I
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
_HOST = re.compile(r"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}(?::\d+)?$")
_UUID = re.compile(r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", re.I)
_HEX = re.compile(r"^(?:0x)?[0-9a-fA-F]+$")
_WORDY = re.compile(r"^[A-Za-z]*(?:[_.\-/ :][A-Za-z]*)*\d{0,2}$")
_CRYPT = re.compile(r"^\$(?:1|2[abxy]?|5|6|7|y|gy|md5|sha1|apr1|argon2\w*|pbkdf2\S*|scrypt)\$\S{6,}$")
_SEGMENTS = re.compile(r"[_./:=\-+,@ ]+")


@lru_cache(maxsize=8192)
def can_be_secret(value: str) -> bool:
    """Whether `value`, standing where a secret would, can be one: not empty, no switch, no path, no mask."""
    value = value.strip()
    if not value or value.lower() in _WORDS or _MASK.match(value) or _NUMBER.match(value):
        return False
    if _URL.match(value) or value[0] in "*&" and value[1:].replace("_", "").isalnum():
        return False
    if not any(char.isalnum() for char in value):
        return len(value) > 3
    return not (_PATH.match(value) and not is_random(value))


@lru_cache(maxsize=8192)
def looks_secret(value: str) -> bool:
    """Whether `value` looks like a password or key when its place only suggests one.

    Letters mixed with digits or signs, eight characters or more, and nothing that has another meaning:
    paths, versions, addresses, dates, host names, sizes, words.
    """
    value = value.strip()
    if len(value) < 8 or not can_be_secret(value) or " " in value:
        return False
    if _CRYPT.match(value):
        return True
    for harmless in (_VERSION, _SIZE, _ADDRESS, _DATE, _EMAIL, _HOST, _WORDY):
        if harmless.match(value):
            return False
    if _UUID.match(value) or is_random(value):
        return True
    has_letter = any(char.isalpha() for char in value)
    has_digit = any(char.isdigit() for char in value)
    signs = sum(char in "!@#$%^&*+=?~" for char in value)
    if not has_letter or not (has_digit or signs):
        return False
    if signs and (has_digit or n_changes(value) >= 4):
        return True
    return has_digit and n_changes(value) >= max(3, len(value) // 5) and not _is_names(value)


@lru_cache(maxsize=8192)
def is_random(value: str) -> bool:
    """Whether `value` can hardly be anything but made by a random generator, wherever it stands.

    Hexadecimal of 32 digits or more, or a run of 20 letters and digits that change between lower case,
    upper case and digits much more often than words and names do. (Entropy over so few characters does
    not tell a key from a long name: it is near its maximum for both.)
    """
    if _HEX.match(value):
        digits = value.removeprefix("0x")
        return len(digits) >= 32 and 5 <= sum(c.isdigit() for c in digits) < len(digits)
    for segment in _runs(value):
        if len(segment) < 20:
            continue
        n_digits = sum(char.isdigit() for char in segment)
        has_upper = any(char.isupper() for char in segment)
        has_lower = any(char.islower() for char in segment)
        changes = n_changes(segment) / (len(segment) - 1)
        if has_upper and has_lower and changes >= (0.36 if n_digits else 0.42):
            return True
        if n_digits >= 4 and (has_lower or has_upper) and changes >= 0.28 and n_digits < len(segment) - 3:
            return True
    return False


def n_changes(value: str) -> int:
    """How often neighbours in `value` differ in kind: lower case, upper case, digit, sign."""
    kinds = [1 if c.islower() else 2 if c.isupper() else 3 if c.isdigit() else 4 for c in value]
    return sum(a != b for a, b in zip(kinds, kinds[1:], strict=False))


def _runs(value: str) -> list[str]:
    """The parts of `value` between separators; base64's own signs do not separate."""
    if any(sign in value for sign in "/.:") and not value.endswith("="):
        parts = re.split(r"[/.:]", value)
    else:
        parts = [value]
    runs: list[str] = []
    for part in parts:
        pieces = re.split(r"[_\-=+]", part)
        # Random text in base64url holds few dashes; names hold many, with short words between.
        runs += [part.strip("=_-")] if len(pieces) <= 1 + len(part) // 14 else pieces
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
