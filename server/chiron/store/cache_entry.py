"""What stands in one row of the response cache, sealed so that a change to it is noticed. Pure.

The seal is a keyed checksum over the key, the header and the value. Its key lies beside the database: it
tells entries of this cache from edited, truncated, moved and foreign ones, and does not stop somebody who
may read that directory as its owner.
"""

from __future__ import annotations

import hmac
import struct
import time
from dataclasses import dataclass

#: Magic, kind, end of life, length of the value, then what the answer cost: seconds, tokens, dollars.
_HEADER = struct.Struct(">4sBdQdQd")
_MAGIC = b"CHR1"
ANSWER, NOTHING = 0, 1
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What making an answer took, and so what each later hit saves."""

    seconds: float = 0.0
    n_tokens: int = 0
    usd: float = 0.0


FREE = Cost()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered under a key: an answer's bytes, or the `reason` why there was none."""

    value: bytes
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal encloses: the kind of entry, its bytes, and what it cost to make."""

    kind: int
    value: bytes
    cost: Cost = FREE


def seal(mac_key: bytes, key: str, sealed: Sealed, until: float) -> bytes:
    """`sealed` as the bytes to keep under `key`, good until the Unix time `until`."""
    cost = sealed.cost
    header = _HEADER.pack(
        _MAGIC, sealed.kind, until, len(sealed.value), cost.seconds, max(0, cost.n_tokens), cost.usd
    )
    return header + _mac(mac_key, key, header, sealed.value) + sealed.value


def unseal(mac_key: bytes, key: str, packed: bytes) -> Sealed | None:
    """What was kept under `key`, or None where this is not what we wrote there, or its time is over."""
    start = _HEADER.size + _MAC_BYTES
    if len(packed) < start:
        return None
    header, mac, value = packed[: _HEADER.size], packed[_HEADER.size : start], packed[start:]
    magic, kind, until, length, seconds, n_tokens, usd = _HEADER.unpack(header)
    if magic != _MAGIC or length != len(value):
        return None
    if not hmac.compare_digest(mac, _mac(mac_key, key, header, value)) or until < time.time():
        return None
    return Sealed(kind, value, Cost(seconds, n_tokens, usd))


def _mac(mac_key: bytes, key: str, header: bytes, value: bytes) -> bytes:
    name = key.encode("utf-8", "replace")
    message = len(name).to_bytes(8, "big") + name + header + value
    return hmac.digest(mac_key, message, "sha256")[:_MAC_BYTES]
