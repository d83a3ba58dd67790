"""What a revision after a signature changed, of all that pyHanko lets change at will.

Fields, metadata, settings, proofs: each by its own file; the first that finds something says it.
pyHanko's readers come in as they are: nothing of it is imported here.
"""

from typing import Any, Final

from verifier.checks.examined import Modification
from verifier.checks.later_fields import (
    Dictionary,
    Reference,
    only_signatures_added,
    reference_of,
)
from verifier.checks.later_proofs import keeps_proofs
from verifier.checks.later_settings import Settings, needs_no_more
from verifier.checks.later_words import Description, says_the_same

ARCHIVE: Final = "/DocTimeStamp"


def beside(item: Any, found: Modification, xmp: Any) -> Modification:  # noqa: ANN401 - pyHanko's
    """Give what changed after a signature; `found` where nothing of it was of ours to see.

    `xmp` is what pyHanko wants to hear before it reads metadata. What it raises goes through.
    """
    reader, since = item.reader, item.signed_revision
    old = reader.get_historical_resolver(since)
    new = reader.get_historical_resolver(reader.xrefs.total_revisions - 1)
    # pyHanko puts all trailers together, readers take the last; it shows single ones nowhere.
    last = reader.trailer._trailer_revisions[0]  # noqa: SLF001
    if not only_signatures_added(old.root, new.root, _fields_since(item)):
        return Modification.ANNOTATIONS
    if not says_the_same(_description(old, old.trailer_view, xmp), _description(new, last, xmp)):
        return Modification.METADATA
    if not needs_no_more(Settings(old.root, old.trailer_view), Settings(new.root, last)):
        return Modification.SETTINGS
    return found if keeps_proofs(old.root, new.root) else Modification.PROOFS


def _fields_since(item: Any) -> dict[Reference, bool]:  # noqa: ANN401
    """Give the fields signed since, and of each whether it holds a time-stamp over the file."""
    return {
        place: one.sig_object_type == ARCHIVE
        for one in item.reader.embedded_signatures
        if one.signed_revision > item.signed_revision
        and (place := reference_of(one.sig_field.container_ref)) is not None
    }


def _description(revision: Any, trailer: Dictionary, xmp: Any) -> Description:  # noqa: ANN401
    info, root = None, revision.root
    if "/Info" in trailer:
        place = trailer.raw_get("/Info")
        # The trailer's references lead to the last revision, whatever the trailer.
        is_reference = reference_of(place) is not None
        held = revision(place.reference) if is_reference else place
        info = {key: held.raw_get(key) for key in held}
    if "/Metadata" not in root:
        return Description(info, None)
    # By reference: pyHanko gives `root["/Metadata"]` in a form that older revisions do not have.
    stream = root.raw_get("/Metadata").get_object()
    return Description(info, stream.read_data(xmp))
