"""The door to cbor2: deterministic CBOR of a small size and depth, and nothing else.

Rules kept here (RFC 8949 section 4.2.1):

- heads are walked before cbor2 sees anything: definite lengths, shortest heads, four levels at
  most, no float, no true, false or null (cbor2 takes `true` for the key 1), no tag (cbor2 would run
  its own decoders: dates, decimals, regular expressions); one item, and no byte after it;
- what was read is written again and compared: map keys twice or in another order, whatever cbor2
  takes silently, ends there;
- depth, lengths and bytes are bounded: time is linear.
"""

from typing import Final

import cbor2

from sealing.towncode.errors import Reason, TownCodeError

_MAX_DEPTH: Final = 4
_BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(2, 7)
_LONG: Final = 24
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


def byte_string(data: bytes, at: int) -> tuple[bytes, int]:
    """Read a byte string at a place; give it and the place after it. Raises TownCodeError."""
    major, size, after = _head(data, at)
    if major != _BYTES or after + size > len(data):
        raise _refused("something else than a byte string")
    return data[after : after + size], after + size


def _walk(data: bytes) -> None:
    """Follow every head to the end, without building anything."""
    at, size, awaited = 0, len(data), [1]
    while awaited:
        if not awaited[-1]:
            awaited.pop()
            continue
        awaited[-1] -= 1
        major, argument, at = _head(data, at)
        if major >= _TAG:
            raise _refused("a tag, a float or a simple value")
        if major >= _ARRAY:
            awaited.append(argument if major == _ARRAY else 2 * argument)
        elif major >= _BYTES:
            at += argument
        # Each item takes a byte: a longer list than the message is refused before it is followed.
        if at > size or awaited[-1] > size or len(awaited) > _MAX_DEPTH + 1:
            raise _refused("a length beyond the message, or too many levels")
    if at != size:
        raise _refused("bytes after the message")


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Read one head: major type, argument, place after it."""
    if at >= len(data):
        raise _refused("an end too early")
    major, argument, after = data[at] >> 5, data[at] & 0x1F, at + 1
    if argument < _LONG:
        return major, argument, after
    if argument not in _SHORTEST:
        raise _refused("an indefinite or reserved length")
    least, end = _SHORTEST[argument], after + (1 << (argument - 24))
    argument = int.from_bytes(data[after:end], "big")
    if end > len(data) or argument < least:
        raise _refused("a head that is not the shortest")
    return major, argument, end


def _refused(what: str) -> TownCodeError:
    return TownCodeError(Reason.CBOR, f"got {what}, expected deterministic CBOR")
