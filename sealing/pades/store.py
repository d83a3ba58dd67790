"""Validation data put into a revision: a store of its own, or more in the one that is there.

Rules kept here (ISO 32000-2, 12.8.4.3):

- what the file's store holds already stays, in its order; what is new comes after it;
- an array or a store that is an object by itself is changed under its own number: validators
  compare it with what it was;
- a store of another shape is for the general road.
"""

from collections.abc import Mapping
from typing import Final

from sealing.pades.dss import Dss
from sealing.pades.increment import Increment, written
from sealing.pades.tokens import Dictionary, NotFastError, Reason, Ref, array, dictionary

DSS: Final = b"DSS"


def stored(made: Increment, catalog: Dictionary, dss: Dss | None) -> Mapping[bytes, bytes]:
    """Put validation data; give what changes in the catalog. Raises NotFastError."""
    if dss is None:
        return {}
    place = catalog.get(DSS)
    held = made.skeleton.resolve(place)
    changes: dict[bytes, bytes] = {}
    for name, refs in _put(made, dss).items():
        changes |= _added(made, held, name, refs)
    if held is None:
        own = made.number()
        made.put(own, b"<</Type/DSS%b>>" % b"".join(b"/%b%b" % one for one in changes.items()))
        return {DSS: written(own)}
    changed = dictionary(held).with_entries(changes)
    if not isinstance(place, Ref):
        return {DSS: changed}
    made.put(place, changed)
    return {}


def _put(made: Increment, dss: Dss) -> Mapping[bytes, list[bytes]]:
    """Put each value as a stream; give their references by the array that they belong to."""
    arrays: dict[bytes, list[bytes]] = {}
    for value in dss.streams:
        ref = made.number()
        entries = b"<</Filter/FlateDecode/Length %d>>" % len(value.deflated)
        made.put(ref, b"%b\nstream\n%b\nendstream" % (entries, value.deflated))
        arrays.setdefault(value.array.removeprefix("/").encode(), []).append(written(ref))
    return arrays


def _added(made: Increment, held: object, name: bytes, refs: list[bytes]) -> Mapping[bytes, bytes]:
    """Add references to one array of a store; give what changes in the store itself."""
    joined = b" ".join(refs)
    if held is None:
        return {name: b"[%b]" % joined}
    if not isinstance(held, Dictionary):
        raise NotFastError(Reason.STORE, "got a store that is no dictionary")
    place = held.get(name)
    found = made.skeleton.resolve(place)
    if found is None:
        return {name: b"[%b]" % joined}
    changed = array(found).with_item(joined)
    if not isinstance(place, Ref):
        return {name: changed}
    made.put(place, changed)
    return {}
