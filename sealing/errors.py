"""The root of the errors of sealing, and those of the input PDF, which several rooms raise."""

from typing import ClassVar

from storage.errors import CoffreError


class SealingError(CoffreError):
    """The root of the errors of sealing."""

    code: ClassVar[str] = "sealing"


class PdfRefusedError(SealingError):
    """A PDF that cannot be sealed; children say why."""

    code: ClassVar[str] = "sealing.pdf-refused"


class PdfUnreadableError(PdfRefusedError):
    """Not a PDF, or broken beyond reading."""

    code: ClassVar[str] = "sealing.pdf-unreadable"


class PdfEncryptedError(PdfRefusedError):
    """Encrypted: sealing would need its password and would break its protection."""

    code: ClassVar[str] = "sealing.pdf-encrypted"


class PdfTooHeavyError(PdfRefusedError):
    """Reading or drawing it takes too much. Details: `seconds` of processor, `limit` (MiB)."""

    code: ClassVar[str] = "sealing.pdf-too-heavy"


class PdfCertifiedError(PdfRefusedError):
    """Certified by somebody who forbade every later change."""

    code: ClassVar[str] = "sealing.pdf-certified"


class PageOutOfRangeError(PdfRefusedError):
    """The document has no such page. Details: `page`, `pages`."""

    code: ClassVar[str] = "sealing.page-out-of-range"
