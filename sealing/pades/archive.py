"""The archive stamp: one more revision, a time-stamp over the whole file (level B-LTA).

Rules kept here (ISO 32000-2, 12.8.5; ETSI EN 319 142-1, 5.4.3 and 6.3):

- the file stays as it is, in front; what follows is a signature field with `/Type /DocTimeStamp`
  and `/SubFilter /ETSI.RFC3161`, whose token is over all bytes but its own; no other entry that
  the standard leaves to seals (no `/M`: the hour is the token's);
- nothing of the page changes but the list of its annotations: the field is not seen;
- validation data goes into the same revision, so that the stamp covers it, beside what the file's
  store holds already;
- what our own reading does not understand, the general road writes through pyHanko, to the same
  effect, or refuses;
- an annotation that is no object by itself lets validators call every later field a change of the
  page (pyHanko): such a file gets no archive stamp.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from sealing.errors import PdfRefusedError
from sealing.pades import general_road
from sealing.pades.cms_template import Stamp, StampTooLargeError
from sealing.pades.dss import Dss
from sealing.pades.hole import Hole, room
from sealing.pades.increment import Increment, written
from sealing.pades.page_tree import Page
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.store import stored
from sealing.pades.tokens import (
    Dictionary,
    NotFastError,
    Ref,
    Value,
    array,
    dictionary,
    whole,
)

FIELD: Final = "Horodatage"
_NAME_BYTES: Final = 4
# There are signatures, and whoever changes the file appends (ISO 32000-1 table 219).
_SIGNED_ONLY: Final = 3
# Print, and locked (ISO 32000-1 table 165).
_FLAGS: Final = 132
_BEFORE: Final = b"<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161/Contents <"


class ArchiveAnnotationsError(PdfRefusedError):
    """An annotation is no object by itself: validators would call an archive stamp a change."""

    code: ClassVar[str] = "sealing.archive-annotations"


@dataclass(frozen=True, slots=True)
class Archivist:
    """Who stamps whole files: `stamp` gets a digest by `algorithm`, and gives its token (DER).

    A token has at most `room` bytes.
    """

    stamp: Stamp
    room: int
    algorithm: str


def archive(source: SourcePdf, archivist: Archivist, dss: Dss | None = None) -> bytes:
    """Give a revision that stamps a whole file, with validation data in it.

    Raises a PdfRefusedError, StampTooLargeError, and whatever the stamp raises.
    """
    name = f"{FIELD}-{source.sha256[:_NAME_BYTES].hex().upper()}"
    digest, put = _begun(source, name, archivist, dss)
    token = archivist.stamp(digest)
    if len(token) > archivist.room:
        told = {"size": len(token), "room": archivist.room}
        raise StampTooLargeError(f"got {len(token)} bytes, expected {archivist.room}", **told)
    return put(token)


def _begun(
    source: SourcePdf, name: str, archivist: Archivist, dss: Dss | None
) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Write a revision but for its token; give the digest to stamp, and what writes the token."""
    algorithm, size = archivist.algorithm, archivist.room
    try:
        made, begins = _prepare(source, name, size, dss)
        hole = Hole.of(source, made, begins, size, algorithm)
    except NotFastError:
        return general_road.begin_archive(source.pdf, name, (algorithm, size), dss)
    return hole.digest, hole.put


def _prepare(source: SourcePdf, name: str, size: int, dss: Dss | None) -> tuple[Increment, int]:
    """Write every object, with room for the token; give where that begins."""
    skeleton = source.skeleton
    catalog, pages = skeleton.catalog, list(source.pages.all())
    _require_references(source, pages)
    page = pages[0]
    made = Increment.begin(skeleton)
    widget, signature = made.number(), made.number()
    changes = {**stored(made, catalog, dss), **_in_form(made, catalog, widget)}
    if changes:
        made.put(skeleton.root, catalog.with_entries(changes))
    _annotate(made, page, widget)
    made.put(
        widget,
        b"<</Type/Annot/Subtype/Widget/FT/Sig/T(%b)/F %d/P %b/V %b/Rect[0 0 0 0]>>"
        % (name.encode(), _FLAGS, written(page.ref), written(signature)),
    )
    body = b"%b%b>>" % (_BEFORE, room(size))
    return made, made.put(signature, body) + len(_BEFORE)


def _require_references(source: SourcePdf, pages: list[Page]) -> None:
    """Raise ArchiveAnnotationsError where an annotation is written into its page's list."""
    for page in pages:
        found = source.skeleton.resolve(page.own.get(b"Annots"))
        if found is not None and not all(isinstance(one, Ref) for one in array(found).items()):
            raise ArchiveAnnotationsError("got an annotation that is no object by itself")


def _in_form(made: Increment, catalog: Dictionary, widget: Ref) -> Mapping[bytes, bytes]:
    """Enter a field into the form; give what changes in the catalog."""
    place = catalog.get(b"AcroForm")
    found = made.skeleton.resolve(place)
    if found is None:
        form = made.number()
        made.put(form, b"<</Fields[%b]/SigFlags %d>>" % (written(widget), _SIGNED_ONLY))
        return {b"AcroForm": written(form)}
    held = dictionary(found)
    changes = dict(_appended(made, b"Fields", held.get(b"Fields"), widget))
    flags = made.skeleton.resolve(held.get(b"SigFlags"))
    if (0 if flags is None else whole(flags)) & _SIGNED_ONLY != _SIGNED_ONLY:
        changes[b"SigFlags"] = b"%d" % _SIGNED_ONLY
    if not changes:
        return {}
    if not isinstance(place, Ref):
        return {b"AcroForm": held.with_entries(changes)}
    made.put(place, held.with_entries(changes))
    return {}


def _annotate(made: Increment, page: Page, widget: Ref) -> None:
    changes = _appended(made, b"Annots", page.own.get(b"Annots"), widget)
    if changes:
        made.put(page.ref, page.own.with_entries(changes))


def _appended(made: Increment, key: bytes, place: Value, widget: Ref) -> Mapping[bytes, bytes]:
    """Add to a list of references, under its own number if it has one; give what changes above."""
    found = made.skeleton.resolve(place)
    if found is None:
        return {key: b"[%b]" % written(widget)}
    changed = array(found).with_item(written(widget))
    if not isinstance(place, Ref):
        return {key: changed}
    made.put(place, changed)
    return {}
