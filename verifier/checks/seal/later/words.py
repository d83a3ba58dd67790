"""What a document says of itself, after a signature: as before, but for when and by what.

Rules kept here (ISO 32000-2, 14.3; ISO 16684-1):

- `/Info` keeps every entry but `/ModDate` and `/Producer`, which are texts; a trailer that leaves
  it out takes the title away: readers look at the last trailer alone;
- the XMP of the catalog keeps every property, as a parsed value (`xmp`), but four that are texts:
  xmp:ModifyDate, xmp:MetadataDate, pdf:Producer, xmpMM:InstanceID. What cannot be read may not
  change by a byte; what says nothing else may come where there was none.

pyHanko lets both change at will. What is read are its values, by their Python sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from verifier.checks.seal.later.xmp import Packet, Property, read_packet

_INFO: Final = {"/ModDate", "/Producer"}
_XMP: Final = {
    "http://ns.adobe.com/xap/1.0/ ModifyDate",
    "http://ns.adobe.com/xap/1.0/ MetadataDate",
    "http://ns.adobe.com/pdf/1.3/ Producer",
    "http://ns.adobe.com/xap/1.0/mm/ InstanceID",
}


@dataclass(frozen=True, slots=True)
class Description:
    """The information dictionary (by raw values) and the XMP packet of a revision."""

    info: Mapping[str, Any] | None
    xmp: bytes | None


def says_the_same(old: Description, new: Description) -> bool:
    """Tell whether a later revision describes the document as the signed one does."""
    return _is_same_info(old.info, new.info) and _is_same_xmp(old.xmp, new.xmp)


def _is_same_info(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> bool:
    if new is None:
        return old is None
    before = old or {}
    changed = {key for key in {*before, *new} if before.get(key) != new.get(key)}
    return changed <= _INFO and all(isinstance(new.get(key, ""), str | bytes) for key in changed)


def _is_same_xmp(old: bytes | None, new: bytes | None) -> bool:
    if old == new:
        return True
    if new is None:
        return False
    try:
        before = Packet() if old is None else read_packet(old)
        after = read_packet(new)
    except ValueError:
        return False
    # Writers leave the name of the thing described out: it is the document, whatever its name.
    named = after.about == before.about or after.about <= {""}
    return named and _lasting(before) == _lasting(after)


def _lasting(packet: Packet) -> list[Property]:
    return [one for one in packet.properties if not (one[0] in _XMP and one[1][1] == "text")]
