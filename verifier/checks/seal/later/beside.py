"""What a later revision changes beside the page: fields, words, settings, proofs.

What is read are pyHanko's values, by their Python sides; nonsense in them makes errors of Python's.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from verifier.checks.seal.examined import Modification
from verifier.checks.seal.later.fields import Reference, only_signatures_added, reference_of
from verifier.checks.seal.later.proofs import keeps_proofs
from verifier.checks.seal.later.settings import Settings, needs_no_more
from verifier.checks.seal.later.words import Description, says_the_same

ARCHIVE: Final = "/DocTimeStamp"
# A revision and its trailer in, what it says of the document out.
Describe: TypeAlias = Callable[[Any, Any], Description]


def beside(item: Any, found: Modification, describe: Describe) -> Modification:  # noqa: ANN401 - pyHanko's
    """Look at what pyHanko lets change: fields, metadata, settings."""
    reader, since = item.reader, item.signed_revision
    old = reader.get_historical_resolver(since)
    new = reader.get_historical_resolver(reader.xrefs.total_revisions - 1)
    # pyHanko puts all trailers together, readers take the last; it shows single ones nowhere.
    last = reader.trailer._trailer_revisions[0]  # noqa: SLF001
    if not only_signatures_added(old.root, new.root, _fields_since(item)):
        return Modification.ANNOTATIONS
    if not says_the_same(describe(old, old.trailer_view), describe(new, last)):
        return Modification.METADATA
    if not needs_no_more(Settings(old.root, old.trailer_view), Settings(new.root, last)):
        return Modification.SETTINGS
    return found if keeps_proofs(old.root, new.root) else Modification.PROOFS


def _fields_since(item: Any) -> dict[Reference, bool]:  # noqa: ANN401 - pyHanko's
    """Give the fields signed since, and of each whether it holds a time-stamp over the file."""
    return {
        place: one.sig_object_type == ARCHIVE
        for one in item.reader.embedded_signatures
        if one.signed_revision > item.signed_revision
        and (place := reference_of(one.sig_field.container_ref)) is not None
    }
