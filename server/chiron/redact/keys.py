"""Which keys hold secrets, by their names alone. Pure and cached."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache


class Secrecy(IntEnum):
    """How much a key's name says about its value.

    `MAYBE`: a value that looks random is a secret. `LIKELY`: so is any but a plain word, number or address.
    `SECRET`: every literal is one, but for words that cannot be. `SECRETS`: a mapping or list of secrets, so
    that what stands under it is meant too.
    """

    NONE = 0
    MAYBE = 1
    LIKELY = 2
    SECRET = 3
    SECRETS = 4


#: Words that name a secret.
_NOUNS = frozenset(
    """password passwd passwort passphrase passcode pass pwd secret token apikey psk credential cred creds
    bearer jwt pin apitoken authtoken accesstoken authkey accesskey secretkey privatekey privkey
    community otp mfa totp connectionstring dsn passwords passwds passphrases secrets tokens apikeys
    credentials pins""".split()  # noqa: SIM905 words read better unquoted
)
_PLURALS = frozenset(
    (
        "passwords",
        "passwds",
        "passphrases",
        "secrets",
        "tokens",
        "apikeys",
        "credentials",
        "creds",
        "pins",
        "keys",
    )
)
#: Endings of words that are written together: `rootpassword`, `dbpasswd`, `clientsecret`.
_ENDINGS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "pw",
    "passwords",
    "secrets",
    "tokens",
)
#: What makes a key of the kind that opens something out of `..._key`.
_KEY_QUALIFIERS = frozenset(
    """api access secret private priv encryption encrypt decryption signing sign auth account master shared
    preshared license licence join service storage hmac unseal session recovery client server deploy app
    application subscription primary secondary write admin integration enrollment registration activation
    ingestion ssh tls ssl jwt wireguard wg cipher crypto data""".split()  # noqa: SIM905 words read better unquoted
)
#: Words after a secret's name that make the whole about it: `password_file`, `token_url`, `secret_name`.
_ABOUT = frozenset(
    """file files filename path paths dir directory folder url uri urls endpoint addr address host hostname
    hosts domain port name names username user users userid login id ids length len size policy policies
    expire expires
    expiry expiration expired lifetime ttl age max min days hours minutes seconds time timeout date interval
    algorithm algo alg type types kind format encoding method mode owner group groups count number bits
    regex regexp pattern message msg help description desc label title comment note prompt env var variable
    variables vars backend engine store storage manager provider plugin module lookup version rotation rotate
    scope scopes audience issuer field fields header headers command cmd script template src source dest
    destination state status result results output response check checks validation validate required
    require enabled disabled enable disable lock locked update change changed reset generate generated
    generator create created exists defined valid validity minimum maximum complexity history attempts
    retries quality role roles rule rules rounds cost pem crt cert certificate checksum fingerprint keyid
    less never warn warning grace authentication auth_method access register registered stat stats
    enforcement enforce creation change_date reuse retry strength minlen maxlen dictionary similarity
    configuration config settings schema spec content_type placeholder screen page form
    service services unit package packages usage purpose reviewer request requests review account accounts
    kdf prefix suffix separator delimiter chars characters charset alphabet special digits upper lower
    directory_mode parameters params options opts flags action actions hash_algorithm hashing crypt""".split()  # noqa: SIM905 words read better unquoted
)
#: Words that leave it a secret: `password_prod`, `token_2`, `password_hash`.
_STILL = frozenset(
    """prod production dev devel development staging stage stg test testing qa uat live old new default
    admin root user1 user2 db database b64 base64 encoded encrypted hash hashed plaintext plain value string
    literal text str data raw main primary secondary backup current previous next readonly ro rw""".split()  # noqa: SIM905 words read better unquoted
)
#: Words after which only tells whose or which secret it is: `password_for_backup`, `secrets_by_host`.
_OF = frozenset(("of", "for", "by", "per"))
_COLLECTIONS = frozenset(("list", "map", "mapping", "dict", "hash"))
#: Words before it that make it a switch or a thing everybody may see.
_OPEN = frozenset("public pub pubkey authorized trusted known host gpg apt rpm yum dnf repo".split())  # noqa: SIM905 words read better unquoted
_SWITCHES = frozenset(
    """update no use has is require requires generate create reset allow enable disable validate check change
    force skip show ask with min max expire rotate permit passwordless nopasswd ignore store save print
    display log""".split()  # noqa: SIM905 words read better unquoted
)
#: Words that name something random and often, but not always, secret.
_MAYBE_NOUNS = frozenset("salt nonce cookie seed sas signature auth authorization key keys hash sig".split())  # noqa: SIM905 words read better unquoted

_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=2048)
def secrecy(key: str) -> Secrecy:
    """How much the name `key` says about its value, whatever style it is written in.

    `db_password`, `dbPassword`, `DB-PASSWORD` and `ansible_become_pass` are secrets; `password_file`,
    `update_password`, `token_url` and `public_key` are not. A module's FQCN is not a key of this sort.
    """
    if len(key) > 120 or key.count(".") >= 2:
        return Secrecy.NONE
    parts = [part.lower() for part in _SPLIT.split(key) if part]
    while parts and parts[-1].isdigit():
        parts.pop()
    if not parts:
        return Secrecy.NONE
    at, plural = _last_noun(parts)
    if at is None:
        return _maybe(parts)
    after = parts[at + 1 :]
    if after and after[0] in _OF:
        after = []
    if after and after[-1] in _COLLECTIONS:
        after, plural = after[:-1], plural or after[-1] != "hash"
    if any(word in _ABOUT for word in after) or any(word in _OPEN for word in parts[:at]):
        # `vault_` values are secret by where they are kept, but not those that only tell of one.
        return Secrecy.NONE
    if parts[0] in _SWITCHES:
        return Secrecy.NONE
    if plural:
        return Secrecy.SECRETS
    if all(word in _STILL or word.isdigit() for word in after):
        return Secrecy.SECRET
    return Secrecy.MAYBE


def _last_noun(parts: list[str]) -> tuple[int | None, bool]:
    """Where the last word stands that names a secret, and whether it is a plural; (None, False) without."""
    for at in range(len(parts) - 1, -1, -1):
        word = parts[at]
        if word in _NOUNS or word.endswith(_ENDINGS):
            return at, word in _PLURALS or word.endswith(("passwords", "secrets", "tokens"))
        if word in ("key", "keys") and at and parts[at - 1] in _KEY_QUALIFIERS:
            if at >= 2 and parts[at - 1] == "ssh":
                return None, False
            return at, word == "keys"
    return None, False


def _maybe(parts: list[str]) -> Secrecy:
    if any(word in _OPEN for word in parts) or parts[-1] in _ABOUT:
        return Secrecy.NONE
    if parts[0] == "vault" and len(parts) > 1:
        return Secrecy.LIKELY
    if parts[-1] == "cookie" and parts[-2:-1] == ["erlang"]:
        return Secrecy.SECRET
    if parts[-1] in _MAYBE_NOUNS and len(parts) > 1:
        return Secrecy.MAYBE
    return Secrecy.NONE


#: Keys that stand beside a secret and hold none themselves.
_BESIDE = frozenset(
    """name type kind description desc required no_log default state path file dest src url mode id key label
    labels title version engine mount mount_point enabled options elements choices aliases policies policy ttl
    ttl_seconds algorithm metadata apiversion when tags register loop become delegate_to notify with_items
    vars apply short_description format comment external driver""".split()  # noqa: SIM905
)
#: Keys that stand beside a secret or say whose it is: `{user: bob, password: …}` and `passwords: {user: …}`.
_WHOSE = frozenset(
    """user username email role group groups owner host hostname port service services namespace db database
    region project projects scope scopes account""".split()  # noqa: SIM905 words read better unquoted
)


@lru_cache(maxsize=2048)
def beneath(level: Secrecy, key: str) -> Secrecy:
    """How much is said of the value of `key` by its standing under a key of `level`."""
    own = secrecy(key)
    if own >= Secrecy.SECRET or level is not Secrecy.SECRETS:
        # A singular holds what looks like a secret, and otherwise what tells of one.
        return max(own, Secrecy.NONE if _is_about(key) else Secrecy.MAYBE)
    if key.lower() in _WHOSE:
        return Secrecy.LIKELY
    return Secrecy.NONE if _is_about(key) else Secrecy.SECRETS


def _is_about(key: str) -> bool:
    """Whether a value of this key, among secrets, tells of a secret rather than being one."""
    lower = key.lower()
    if lower in _BESIDE:
        return True
    if lower in _WHOSE:
        return False
    return secrecy(key) is Secrecy.NONE and secrecy(f"secret_{key}") is Secrecy.NONE
