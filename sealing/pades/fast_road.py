"""The fast road: a well-formed letter, sealed by one revision that we write ourselves.

Rules kept here:

- the same objects as the general road's: field and widget `Cachet` in one, its drawing, the form,
  the signature (ISO 32000-1, 12.7 and 12.8; ETSI EN 319 142-1, 6.3); catalog and page keep their
  bytes but for the entries set;
- a form or permissions that are there already are for the general road: `NotFastError` with the
  reason, before anything is signed;
- a tagged PDF stays tagged (`structure.py`);
- the file is digested where it lies and never copied: what is given is the revision alone.
"""

import zlib
from typing import Final

from sealing.marks.placement import Mark
from sealing.pades import structure
from sealing.pades.attach import NONE, Enclosures, attached
from sealing.pades.cms_template import CmsSigner
from sealing.pades.entries import Entries
from sealing.pades.hole import Hole, room
from sealing.pades.increment import Increment, text_string, written
from sealing.pades.objects import Skeleton
from sealing.pades.page_tree import Page, PageTree
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.store import DSS, stored
from sealing.pades.tokens import NotFastError, Reason, Ref, array, reference
from sealing.pades.unfinished import UnfinishedRevision

FIELD: Final = b"Cachet"
# Best of speed, for a fifth more bytes; a window of 4 KiB holds the rows that are alike, and so
# small a state stays in the processor's cache beside the letter.
_DEFLATE: Final = (1, zlib.DEFLATED, 12, 5)
# Print, and locked (ISO 32000-1 table 165).
_FLAGS: Final = 132
_OTHERS: Final = {
    b"AcroForm": Reason.ACROFORM,
    b"Perms": Reason.PERMISSIONS,
    DSS: Reason.STORE,
}
_BEFORE: Final = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Contents <"


def begin(
    source: SourcePdf,
    mark: Mark | None,
    signer: CmsSigner,
    entries: Entries,
    enclosed: Enclosures = NONE,
) -> UnfinishedRevision:
    """Sign a revision that seals the whole file; without a mark the seal is not seen.

    What is enclosed goes into the same revision.
    Raises NotFastError before anything is signed; whatever the signer raises goes through.
    """
    made, begins = _prepare(source.pages, mark, signer.size, entries, enclosed)
    hole = Hole.of(source, made, begins, signer.size, signer.digest.name)
    return UnfinishedRevision(signer.begin(hole.digest), hole.put)


def _prepare(
    pages: PageTree, mark: Mark | None, size: int, entries: Entries, enclosed: Enclosures
) -> tuple[Increment, int]:
    """Write every object, with room for the CMS; give where that begins."""
    skeleton = pages.skeleton
    catalog = skeleton.catalog
    for key, reason in _OTHERS.items():
        if key in catalog.entries:
            raise NotFastError(reason, f"got a catalog with {key!r}")
    page = pages.page(0 if mark is None else mark.place.page)
    made = Increment.begin(skeleton)
    form, widget, signature = made.number(), made.number(), made.number()
    kept = {
        **stored(made, catalog, enclosed.dss),
        **attached(made, catalog, enclosed.attached),
    }
    made.put(skeleton.root, catalog.with_entries({b"AcroForm": written(form), **kept}))
    made.put(form, b"<</Fields[%b]/SigFlags 3>>" % written(widget))
    shown = b"/Rect[0 0 0 0]" if mark is None else _shown(made, mark)
    changes = {b"Annots": _annotations(skeleton, page, widget)}
    if structure.ROOT in catalog.entries:
        words = FIELD.decode() if mark is None else mark.text
        tree = reference(catalog.get(structure.ROOT))
        shown += structure.tag(made, tree, page.ref, (widget, words))
        if b"Tabs" not in page.own.entries:
            changes[b"Tabs"] = structure.TABS
    made.put(page.ref, page.own.with_entries(changes))
    made.put(
        widget,
        b"<</Type/Annot/Subtype/Widget/FT/Sig/T(%b)/F %d/P %b/V %b%b>>"
        % (FIELD, _FLAGS, written(page.ref), written(signature), shown),
    )
    body = b"%b%b%b>>" % (_BEFORE, room(size), entries.written())
    return made, made.put(signature, body) + len(_BEFORE)


def _annotations(skeleton: Skeleton, page: Page, widget: Ref) -> bytes:
    """Write the page's annotations and the widget, in an array of the page's own."""
    found = skeleton.resolve(page.own.get(b"Annots"))
    if found is None:
        return b"[%b]" % written(widget)
    return array(found).with_item(written(widget))


def _shown(made: Increment, mark: Mark) -> bytes:
    """Write the drawing, upright as the page is seen; give what the widget says of it."""
    drawing, place = mark.appearance, mark.place
    cosine, sine = place.turn
    machine = zlib.compressobj(*_DEFLATE)
    content = machine.compress(drawing.content) + machine.flush()
    form = made.number()
    made.put(
        form,
        b"<</Type/XObject/Subtype/Form/BBox[0 0 %b %b]/Matrix[%d %d %d %d 0 0]/Resources<<>>"
        b"/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream"
        % (
            *(_number(drawing.width, 8), _number(drawing.height, 8)),
            *(cosine, sine, -sine, cosine),
            *(len(content), content),
        ),
    )
    corners = b" ".join(_number(value, 4) for value in place.rectangle)
    return b"/Rect[%b]/AP<</N %b>>/TU%b" % (corners, written(form), text_string(mark.text))


def _number(value: float, decimals: int) -> bytes:
    """Write a number: no exponent."""
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".").encode()
