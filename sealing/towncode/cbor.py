"""The door to cbor2: deterministic CBOR of a small size and depth, and nothing else.

Rules kept here (RFC 8949 section 4.2.1):

- heads are walked before cbor2 sees anything: definite lengths, shortest heads, five levels at
  most, no float, no true, false or null (cbor2 takes `true` for the key 1), no tag but the one that
  may open a message (cbor2 would run its own decoders: dates, decimals, regular expressions); one
  item, and no byte after it;
- what was read is written again and compared: map keys twice or in another order, whatever cbor2
  takes silently, ends there;
- depth, lengths and bytes are bounded: time is linear.
"""

from typing import Final

import cbor2

from sealing.towncode.errors import Reason, TownCodeError

COSE_SIGN1: Final = 18
_MAX_DEPTH: Final = 5
_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(2, 8)
# The smallest argument that each longer head may hold: below, a shorter head says it.
_SHORTEST: Final = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}


def read(data: bytes) -> object:
    """Read one deterministic item; raise TownCodeError (`cbor-not-deterministic`)."""
    _walk(data)
    try:
        item = cbor2.loads(data, allow_indefinite=False, allow_duplicate_keys=False)
        again = write(item)
    except (cbor2.CBORError, ValueError, TypeError) as problem:
        raise _refused(f"{type(problem).__name__} on reading") from problem
    if again != data:
        raise _refused("another text than its own on writing again")
    return item


def write(item: object) -> bytes:
    """Write an item, deterministically."""
    return cbor2.dumps(item, canonical=True)


def _walk(data: bytes) -> None:
    """Follow every head to the end, without building anything."""
    at, awaited = 0, [1]
    while awaited:
        if not awaited[-1]:
            awaited.pop()
            continue
        awaited[-1] -= 1
        major, argument, at = _head(data, at)
        if major in (_BYTES, _TEXT):
            at += argument
        elif major in (_ARRAY, _MAP, _TAG):
            awaited.append({_ARRAY: argument, _MAP: 2 * argument, _TAG: 1}[major])
        # Each item takes a byte: a longer list than the message is refused before it is followed.
        if at > len(data) or awaited[-1] > len(data) or len(awaited) > _MAX_DEPTH + 1:
            raise _refused("a length beyond the message, or too many levels")
    if at != len(data):
        raise _refused("bytes after the message")


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Read one head: major type, argument, place after it."""
    if at >= len(data):
        raise _refused("an end too early")
    major, argument = data[at] >> 5, data[at] & 0x1F
    after = at + 1
    if major == _SIMPLE:
        raise _refused("a float or a simple value")
    if argument in _SHORTEST:
        least, end = _SHORTEST[argument], after + (1 << (argument - 24))
        argument = int.from_bytes(data[after:end], "big")
        if end > len(data) or argument < least:
            raise _refused("a head that is not the shortest")
        after = end
    elif argument > max(_SHORTEST):
        raise _refused("an indefinite or reserved length")
    if major == _TAG and (at, argument) != (0, COSE_SIGN1):
        raise _refused("a tag of another message")
    return major, argument, after


def _refused(what: str) -> TownCodeError:
    return TownCodeError(Reason.CBOR, f"got {what}, expected deterministic CBOR")
