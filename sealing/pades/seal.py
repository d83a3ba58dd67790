"""Seal a PDF: pick the road, refuse with the reason; stamp the sealed file for the archive.

The fast road takes what it fully understands; whatever it does not, for a reason that is kept, the
general road judges: seals or refuses. What is refused here, before any road: too large, empty, not
a PDF.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from sealing.errors import PdfRefusedError, PdfUnreadableError
from sealing.limits import MAX_LETTER
from sealing.marks.placement import Mark
from sealing.pades import fast_road, general_road
from sealing.pades.archive import Archivist, archive
from sealing.pades.attach import NONE, Enclosures, require_room
from sealing.pades.cms_template import CmsSigner
from sealing.pades.entries import Entries
from sealing.pades.source_pdf import SourcePdf
from sealing.pades.tokens import NotFastError, Reason
from sealing.pades.unfinished import UnfinishedRevision

_HEADER_WITHIN = 1024


class PdfTooLargeError(PdfRefusedError):
    """Larger than the limit. Details: `limit` (MiB)."""

    code: ClassVar[str] = "sealing.pdf-too-large"


class Road(StrEnum):
    """How a file was sealed."""

    FAST = "fast"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class SealedPdf:
    """A sealed file: its bytes as they came, and the revision behind them.

    `fallback` says why the general road was taken; `archive` is the revision of an archive stamp.
    """

    source: SourcePdf
    revision: bytes
    road: Road
    fallback: Reason | None = None
    archive: bytes = b""

    @property
    def pdf(self) -> bytes:
        """Give the whole file, joined anew each time."""
        return b"".join(self.pieces)

    @property
    def pieces(self) -> tuple[bytes, bytes, bytes]:
        """Give what the file consists of, in order."""
        return self.source.pdf, self.revision, self.archive

    @property
    def sha256(self) -> bytes:
        """Give the digest of the whole file."""
        digest = self.source.hashed("sha256")
        digest.update(self.revision)
        digest.update(self.archive)
        return digest.digest()

    def archived(self, archivist: Archivist) -> "SealedPdf":
        """Give the file with an archive stamp; raise as `archive` does."""
        return replace(self, archive=archive(SourcePdf(self.pdf), archivist))


def require_pdf(pdf: bytes, most: int = MAX_LETTER) -> None:
    """Raise PdfTooLargeError or PdfUnreadableError for what no road can take."""
    if len(pdf) > most:
        raise PdfTooLargeError(f"got {len(pdf)} bytes", limit=most >> 20)
    if b"%PDF-" not in pdf[:_HEADER_WITHIN]:
        raise PdfUnreadableError("got no PDF header")


@dataclass(frozen=True, slots=True)
class UnfinishedPdf:
    """A file that is signed; `revision` waits for its time-stamp where one is wanted."""

    source: SourcePdf
    revision: UnfinishedRevision
    road: Road
    fallback: Reason | None = None

    def finish(self, token: bytes | None) -> SealedPdf:
        """Give the sealed file, with a token of `revision.cms.stamp`; raise StampTooLargeError."""
        revision = self.revision.finish(token)
        return SealedPdf(self.source, revision, self.road, self.fallback)

    def stamped(self) -> SealedPdf:
        """Give the sealed file, stamped here and now; whatever the stamp raises goes through."""
        return self.finish(self.revision.cms.stamp())


def begin(
    source: SourcePdf,
    mark: Mark | None,
    signer: CmsSigner,
    entries: Entries,
    enclosed: Enclosures = NONE,
) -> UnfinishedPdf:
    """Sign a file in one revision; raise a PdfRefusedError."""
    require_pdf(source.pdf)
    if enclosed.attached is not None:
        require_room(source.pdf)
    try:
        revision = fast_road.begin(source, mark, signer, entries, enclosed)
        return UnfinishedPdf(source, revision, Road.FAST)
    except NotFastError as error:
        fallback = error.reason
    revision = general_road.begin(source.pdf, mark, signer, entries, enclosed)
    return UnfinishedPdf(source, revision, Road.GENERAL, fallback)
