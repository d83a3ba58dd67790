"""What pyHanko failed on, in words of ours where the file is at fault and we can say how."""

from typing import Final

from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from verifier.checks.examined import BAD_RANGES, NO_SIGNER

_RANGES: Final = 4


def why(error: Exception, seal: EmbeddedPdfSignature) -> str:
    """Name what pyHanko failed on; the class of its exception, where we have no word for it."""
    if getattr(error, "ades_subindication", None) is AdESIndeterminate.NO_SIGNING_CERTIFICATE_FOUND:
        return NO_SIGNER
    ranges = seal.sig_object.get("/ByteRange")
    if not isinstance(ranges, list) or len(ranges) != _RANGES:
        return BAD_RANGES
    if not all(isinstance(one, int) and one >= 0 for one in ranges):
        return BAD_RANGES
    return type(error).__name__
