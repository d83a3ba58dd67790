"""A file attached to the document, in the seal's own revision (ISO 32000-2, 7.11.4 and 14.13).

Rules kept here:

- an embedded file stream with its size and date, a file specification with the relationship
  `Data`, found both by name (`/Names /EmbeddedFiles`) and as associated with the document (`/AF`),
  as PDF/A-3 asks (ISO 19005-3, 6.8);
- a document that has names or associated files already is for the general road;
- a PDF/A of part 1 or 2 would not stay one: refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final

from sealing.errors import PdfRefusedError
from sealing.pades.dss import Dss
from sealing.pades.increment import Increment, text_string, written
from sealing.pades.tokens import Dictionary, NotFastError, Reason

MEDIA_TYPE: Final = "application/json"
DESCRIPTION: Final = "Données du document"
_NAMES: Final = b"Names"
_ASSOCIATED: Final = b"AF"
# XMP of a PDF/A stands in clear in the file (ISO 19005-2, 6.6.2).
_PDFA: Final = re.compile(rb"pdfaid:part(?:[^<>]{0,200}>\s*|\s*=\s*[\"'])([12])\b")


class AttachmentForbiddenError(PdfRefusedError):
    """A PDF/A of part 1 or 2 may hold no such file. Details: `part`."""

    code: ClassVar[str] = "sealing.attachment-forbidden"


class AttachmentExistsError(PdfRefusedError):
    """The document holds a file of this name already, or its files in a tree. Details: `name`."""

    code: ClassVar[str] = "sealing.attachment-exists"


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file to attach: its name (no folder), its bytes, and the day that it bears."""

    name: str
    data: bytes
    day: datetime

    @property
    def date(self) -> str:
        """Write its day as a PDF does."""
        return self.day.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ")


@dataclass(frozen=True, slots=True)
class Enclosures:
    """What goes into a seal's revision beside the seal: validation data, a file."""

    dss: Dss | None = None
    attached: AttachedFile | None = None


NONE: Final = Enclosures()


def require_room(pdf: bytes) -> None:
    """Raise AttachmentForbiddenError for a PDF that may hold no file."""
    if found := _PDFA.search(pdf):
        part = int(found[1])
        raise AttachmentForbiddenError(f"got a PDF/A-{part}", part=part)


def attached(
    made: Increment, catalog: Dictionary, file: AttachedFile | None
) -> Mapping[bytes, bytes]:
    """Put a file; give what changes in the catalog. Raises NotFastError."""
    if file is None:
        return {}
    for key in (_NAMES, _ASSOCIATED):
        if key in catalog.entries:
            raise NotFastError(Reason.ATTACHMENTS, f"got a catalog with {key!r}")
    stream, specification = made.number(), made.number()
    made.put(
        stream,
        b"<</Type/EmbeddedFile/Subtype/%b/Params<</Size %d/ModDate(%b)>>/Length %d>>\n"
        b"stream\n%b\nendstream"
        % (
            MEDIA_TYPE.replace("/", "#2F").encode(),
            len(file.data),
            file.date.encode(),
            len(file.data),
            file.data,
        ),
    )
    name, held = text_string(file.name), written(stream)
    made.put(
        specification,
        b"<</Type/Filespec/F%b/UF%b/AFRelationship/Data/Desc%b/EF<</F %b/UF %b>>>>"
        % (name, name, text_string(DESCRIPTION), held, held),
    )
    reference = written(specification)
    return {
        _NAMES: b"<</EmbeddedFiles<</Names[%b %b]>>>>" % (name, reference),
        _ASSOCIATED: b"[%b]" % reference,
    }
