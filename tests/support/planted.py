"""Invented secrets in their true formats, planted in texts at marked places.

Nothing secret-looking stands in the repository: `«github»` in a text is a place, and what is put there is
drawn from a seeded generator. No value was ever issued by anybody.
"""

from __future__ import annotations

import base64
import random
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass

PLACE = re.compile(r"«([a-z0-9_]+)»")

_LOWER, _UPPER, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_BASE62 = _LOWER + _UPPER + _DIGITS
_CAPITALS = _UPPER + _DIGITS
_HEX = "0123456789abcdef"
_WORDS = tuple(
    """correct horse battery staple winter summer dragon monkey shadow master purple coffee guitar planet
    silver garden orange castle marble falcon hammer violet copper anchor meadow pepper rocket
    saddle""".split()  # noqa: SIM905 words read better unquoted
)


@dataclass(frozen=True)
class Planted:
    """A text with secrets in it, and each of them with its kind and the line it begins in (from 0)."""

    text: str
    secrets: tuple[tuple[str, str, int], ...]


def plant(text: str, seed: int) -> Planted:
    """`text` with a secret, drawn for `seed`, at every place marked as `«kind»`."""
    draw = random.Random(seed)
    secrets: list[tuple[str, str, int]] = []
    parts: list[str] = []
    at = 0
    for place in PLACE.finditer(text):
        column = place.start() - (text.rfind("\n", 0, place.start()) + 1)
        secret = KINDS[place[1]](draw, column)
        parts += [text[at : place.start()], secret]
        line = "".join(parts).count("\n") - secret.count("\n")
        secrets.append((place[1], secret, line))
        at = place.end()
    parts.append(text[at:])
    return Planted("".join(parts), tuple(secrets))


def pieces(secret: str) -> list[str]:
    """The parts of a secret that must not be found anywhere: its lines, but for the markers."""
    lines = [line.strip() for line in secret.replace("\\n", "\n").split("\n")]
    return [line for line in lines if line and not line.startswith(("-----", "$ANSIBLE_VAULT"))]


def _of(draw: random.Random, alphabet: str, n: int) -> str:
    """`n` characters, with at least one of each kind that the alphabet has, as generators make sure of."""
    while True:
        text = "".join(draw.choice(alphabet) for _ in range(n))
        needed = [kind for kind in (_LOWER, _UPPER, _DIGITS) if set(alphabet) & set(kind)]
        if n < 8 or all(set(kind) & set(text) for kind in needed):
            return text


def _password(draw: random.Random, signs: str) -> str:
    style = draw.randrange(4)
    word, other = draw.choice(_WORDS), draw.choice(_WORDS)
    if style == 0:
        text = word.capitalize() + str(draw.randrange(10, 9999)) + draw.choice(signs)
    elif style == 1:
        text = word.replace("a", "4").replace("e", "3") + draw.choice(signs) + str(draw.randrange(100))
        text += other.capitalize()
    elif style == 2:
        text = _of(draw, _BASE62, draw.randrange(10, 24))
    else:
        text = _of(draw, _BASE62, 6) + draw.choice(signs) + _of(draw, _BASE62, 6) + draw.choice(signs)
    return text


def _base64(draw: random.Random, n_bytes: int) -> str:
    return base64.b64encode(draw.randbytes(n_bytes)).decode()


def _base64url(draw: random.Random, text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _jwt(draw: random.Random) -> str:
    header = _base64url(draw, '{"alg":"HS256","typ":"JWT"}')
    body = _base64url(draw, f'{{"sub":"{_of(draw, _LOWER, 8)}","iat":{draw.randrange(10**9)}}}')
    return f"{header}.{body}.{_of(draw, _BASE62 + '-_', 43)}"


def _lines(column: int, lines: list[str]) -> str:
    return ("\n" + " " * column).join(lines)


def _pem_lines(draw: random.Random) -> list[str]:
    kind = draw.choice(("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"))
    body = _base64(draw, 48 * draw.randrange(3, 9) + draw.randrange(1, 40))
    cut = [body[i : i + 64] for i in range(0, len(body), 64)]
    return [f"-----BEGIN {kind}-----", *cut, f"-----END {kind}-----"]


def _vault_lines(draw: random.Random) -> list[str]:
    body = _of(draw, _HEX, 80 * draw.randrange(2, 6) + 64)
    header = draw.choice(("$ANSIBLE_VAULT;1.1;AES256", "$ANSIBLE_VAULT;1.2;AES256;prod"))
    return [header, *(body[i : i + 80] for i in range(0, len(body), 80))]


_Draw = Callable[[random.Random, int], str]


def _simple(alphabet: str, n: int, prefix: str = "") -> _Draw:
    return lambda draw, _column: prefix + _of(draw, alphabet, n)


KINDS: Mapping[str, _Draw] = {
    "password": lambda draw, _: _password(draw, "!$%^&+=?~.,;@"),
    "password_url": lambda draw, _: _password(draw, "!~._-"),
    "password_sql": lambda draw, _: _password(draw, "!%^+=?~.,"),
    "password_shell": lambda draw, _: _password(draw, "!%^+=~.,"),
    "password_plain": lambda draw, _: _password(draw, "!%^+=~."),
    "password_ini": lambda draw, _: _password(draw, "!%^+=?~."),
    "password_flow": lambda draw, _: _password(draw, "!%^+=?~.@"),
    "password_json": lambda draw, _: _password(draw, "!%^+=?~.@"),
    "password_jinja": lambda draw, _: _password(draw, "!%^+=?~.@"),
    "password_quiet": lambda draw, _: _of(draw, _BASE62, 5) + draw.choice("!@%^") + _of(draw, _BASE62, 5),
    "word": lambda draw, _: draw.choice(_WORDS) + draw.choice(_WORDS),
    "passphrase": lambda draw, _: " ".join(draw.choice(_WORDS) for _ in range(4)),
    "numeric": _simple(_DIGITS, 8),
    "license": lambda draw, _: "-".join(_of(draw, _UPPER + _DIGITS, 5) for _ in range(5)),
    "base62": lambda draw, _: _of(draw, _BASE62, draw.randrange(14, 30)),
    "base62_8": _simple(_BASE62, 8),
    "base62_40": _simple(_BASE62, 40),
    "base62_64": _simple(_BASE62, 64),
    "base64_44": lambda draw, _: _base64(draw, 32),
    "base64_long": lambda draw, _: _base64(draw, draw.randrange(48, 120)),
    "base64_pair": lambda draw, _: base64.b64encode(
        f"{draw.choice(_WORDS)}:{_password(draw, '!$%')}".encode()
    ).decode(),
    "hex32": _simple(_HEX, 32),
    "hex37": _simple(_HEX, 37),
    "hex64": _simple(_HEX, 64),
    "upper20": _simple(_UPPER, 20),
    "salt": lambda draw, _: _of(draw, _BASE62 + "!#%()*+,-./:;<=>?@[]^_|~", 50),
    "aws_id": _simple(_UPPER + _DIGITS, 16, "AKIA"),
    "aws_secret": lambda draw, _: _of(draw, _BASE62 + "/+", 40),
    "azure_secret": lambda draw, _: _of(draw, _BASE62, 3) + "8Q~" + _of(draw, _BASE62 + "_.~-", 34),
    "azure_storage": lambda draw, _: _base64(draw, 64),
    "azure_sig": lambda draw, _: (
        _base64(draw, 32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    ),
    "google": _simple(_BASE62 + "_-", 35, "AIza"),
    "github": lambda draw, _: draw.choice(("ghp_", "gho_", "ghs_", "ghu_", "ghr_")) + _of(draw, _BASE62, 36),
    "github_pat": lambda draw, _: "github_pat_" + _of(draw, _BASE62, 22) + "_" + _of(draw, _BASE62, 59),
    "gitlab": _simple(_BASE62 + "_-", 20, "glpat-"),
    "slack_bot": lambda draw, _: (
        f"xoxb-{_of(draw, _DIGITS, 12)}-{_of(draw, _DIGITS, 12)}-{_of(draw, _BASE62, 24)}"
    ),
    "slack_hook": lambda draw, _: (
        f"https://hooks.slack.com/services/T{_of(draw, _CAPITALS, 8)}/B{_of(draw, _CAPITALS, 8)}"
        f"/{_of(draw, _BASE62, 24)}"
    ),
    "stripe": lambda draw, _: draw.choice(("sk_live_", "rk_live_", "sk_test_")) + _of(draw, _BASE62, 24),
    "sendgrid": lambda draw, _: "SG." + _of(draw, _BASE62, 22) + "." + _of(draw, _BASE62, 43),
    "openai": lambda draw, _: draw.choice(("sk-", "sk-proj-")) + _of(draw, _BASE62, 48),
    "anthropic": lambda draw, _: "sk-ant-api03-" + _of(draw, _BASE62 + "-_", 93) + "AA",
    "huggingface": _simple(_BASE62, 34, "hf_"),
    "npm": _simple(_BASE62, 36, "npm_"),
    "pypi": _simple(_BASE62 + "-_", 90, "pypi-AgEIcHlwaS5vcmc"),
    "docker": _simple(_BASE62 + "-_", 27, "dckr_pat_"),
    "digitalocean": _simple(_HEX, 64, "dop_v1_"),
    "vault_token": lambda draw, _: draw.choice(("hvs.", "s.")) + _of(draw, _BASE62, 24),
    "jwt": lambda draw, _: _jwt(draw),
    "telegram": lambda draw, _: _of(draw, _DIGITS, 9) + ":AA" + _of(draw, _BASE62 + "-_", 33),
    "twilio": _simple(_HEX, 32, "SK"),
    "mailchimp": lambda draw, _: _of(draw, _HEX, 32) + "-us" + str(draw.randrange(1, 20)),
    "crypt": lambda draw, _: f"$6${_of(draw, _BASE62, 16)}${_of(draw, _BASE62 + './', 86)}",
    "bcrypt": lambda draw, _: f"$2b$12${_of(draw, _BASE62 + './', 53)}",
    "age": _simple(_UPPER + _DIGITS, 58, "AGE-SECRET-KEY-1"),
    "tailscale": lambda draw, _: f"tskey-auth-{_of(draw, _BASE62, 12)}-{_of(draw, _BASE62, 32)}",
    "grafana": lambda draw, _: f"glsa_{_of(draw, _BASE62, 32)}_{_of(draw, _HEX, 8)}",
    "shopify": _simple(_HEX, 32, "shpat_"),
    "terraform": lambda draw, _: f"{_of(draw, _BASE62, 14)}.atlasv1.{_of(draw, _BASE62, 67)}",
    "postman": lambda draw, _: f"PMAK-{_of(draw, _HEX, 24)}-{_of(draw, _HEX, 34)}",
    "newrelic": _simple(_UPPER + _DIGITS, 27, "NRAK-"),
    "kubeadm": lambda draw, _: f"{_of(draw, _LOWER + _DIGITS, 6)}.{_of(draw, _LOWER + _DIGITS, 16)}",
    "k3s": lambda draw, _: f"K10{_of(draw, _HEX, 64)}::server:{_of(draw, _HEX, 32)}",
    "cisco7": lambda draw, _: _of(draw, _DIGITS + "ABCDEF", 16),
    "wireguard": lambda draw, _: _base64(draw, 32),
    "pem": lambda draw, column: _lines(column, _pem_lines(draw)),
    "pem_escaped": lambda draw, _: "\\n".join(_pem_lines(draw)),
    "vault": lambda draw, column: _lines(column, _vault_lines(draw)),
}
