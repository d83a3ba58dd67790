"""Validation data put into a revision: a store of its own, or more in the one that is there.

Rules kept here (ISO 32000-2, 12.8.4.3):

- what the file's store holds already stays, in its order; what is new comes after it, and what is
  there in the same bytes is not written again;
- an array or a store that is an object by itself is changed under its own number: validators
  compare it with what it was;
- a store of another shape is for the general road.
"""

from collections.abc import Collection, Mapping
from typing import Final

from sealing.pades.dss import CERTIFICATES, CRLS, OCSPS, Dss
from sealing.pades.increment import Increment, written
from sealing.pades.tokens import Dictionary, Ref, Value, array, dictionary, reference

DSS: Final = b"DSS"
_ARRAYS: Final = {name.removeprefix("/").encode() for name in (CERTIFICATES, OCSPS, CRLS)}


def stored(made: Increment, catalog: Dictionary, dss: Dss | None) -> Mapping[bytes, bytes]:
    """Put validation data; give what changes in the catalog. Raises NotFastError."""
    if dss is None:
        return {}
    place = catalog.get(DSS)
    held = made.skeleton.resolve(place)
    changes: dict[bytes, bytes] = {}
    for name, refs in _put(made, dss, _known(made, held)).items():
        changes |= _added(made, held, name, refs)
    if held is None:
        own = made.number()
        made.put(own, b"<</Type/DSS%b>>" % b"".join(b"/%b%b" % one for one in changes.items()))
        return {DSS: written(own)}
    if not changes:
        return {}
    changed = dictionary(held).with_entries(changes)
    if not isinstance(place, Ref):
        return {DSS: changed}
    made.put(place, changed)
    return {}


def _known(made: Increment, held: Value) -> set[tuple[bytes, bytes]]:
    """Give the values that a store holds: the array of each, and its bytes as they are written."""
    if held is None:
        return set()
    found = set()
    for name, place in dictionary(held).entries.items():
        listed = made.skeleton.resolve(place) if name in _ARRAYS else None
        for ref in array(listed).items() if listed is not None else ():
            found.add((name, bytes(made.skeleton.stream(reference(ref))[1])))
    return found


def _put(
    made: Increment, dss: Dss, known: Collection[tuple[bytes, bytes]]
) -> Mapping[bytes, list[bytes]]:
    """Put each new value as a stream; give references by the array that they belong to."""
    arrays: dict[bytes, list[bytes]] = {}
    for value in dss.streams:
        name = value.array.removeprefix("/").encode()
        if (name, value.deflated) in known:
            continue
        ref = made.number()
        entries = b"<</Filter/FlateDecode/Length %d>>" % len(value.deflated)
        made.put(ref, b"%b\nstream\n%b\nendstream" % (entries, value.deflated))
        arrays.setdefault(name, []).append(written(ref))
    return arrays


def _added(made: Increment, held: Value, name: bytes, refs: list[bytes]) -> Mapping[bytes, bytes]:
    """Add references to one array of a store; give what changes in the store itself."""
    joined = b" ".join(refs)
    if held is None:
        return {name: b"[%b]" % joined}
    place = dictionary(held).get(name)
    found = made.skeleton.resolve(place)
    if found is None:
        return {name: b"[%b]" % joined}
    changed = array(found).with_item(joined)
    if not isinstance(place, Ref):
        return {name: changed}
    made.put(place, changed)
    return {}
