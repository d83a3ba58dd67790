"""Seal a PDF: pick the road, refuse with the reason.

Today there is one road, the general one; the fast road takes its place in front of it and falls
back to it. What is refused here, before any road: too large, empty, not a PDF.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from sealing.errors import PdfRefusedError, PdfUnreadableError
from sealing.marks.placement import Mark
from sealing.pades import general_road
from sealing.pades.cms_template import CmsSigner
from sealing.pades.dss import Dss

MAX_BYTES: Final = 100 * 1024 * 1024
_HEADER_WITHIN = 1024


class PdfTooLargeError(PdfRefusedError):
    """Larger than the limit. Details: `limit` (MiB)."""

    code: ClassVar[str] = "sealing.pdf-too-large"


@dataclass(frozen=True, slots=True)
class SealedPdf:
    """A sealed file, and the road that it took."""

    pdf: bytes
    road: str


def require_pdf(pdf: bytes) -> None:
    """Raise PdfTooLargeError or PdfUnreadableError for what no road can take."""
    if len(pdf) > MAX_BYTES:
        raise PdfTooLargeError(f"got {len(pdf)} bytes", limit=MAX_BYTES >> 20)
    if b"%PDF-" not in pdf[:_HEADER_WITHIN]:
        raise PdfUnreadableError("got no PDF header")


def seal(
    pdf: bytes, mark: Mark | None, signer: CmsSigner, now: datetime, dss: Dss | None = None
) -> SealedPdf:
    """Seal a file in one revision; raise a PdfRefusedError."""
    require_pdf(pdf)
    sealed = general_road.seal(pdf, mark, signer, now, dss)
    if not sealed.startswith(pdf):
        raise PdfUnreadableError("got a revision that changed the input's bytes")
    return SealedPdf(sealed, "general")
