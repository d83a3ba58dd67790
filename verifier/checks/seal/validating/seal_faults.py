"""What the validation of one seal failed on, where its dictionary says more than the exception."""

from typing import Any, Final

from verifier.checks.seal.examined import BAD_RANGES, NO_SIGNER
from verifier.checks.seal.validating.faults import cause_of

_RANGES: Final = 4
# pyHanko's word (EN 319 102-1) on a seal without its certificate, or that names another one.
_NOBODY: Final = "NO_SIGNING_CERTIFICATE_FOUND"


def why(error: Exception, seal: Any) -> str:  # noqa: ANN401 - pyHanko's
    """Name what pyHanko failed on in a seal, which may say more than the exception (`cause_of`)."""
    cause = cause_of(error)
    if getattr(getattr(error, "ades_subindication", None), "name", "") == _NOBODY:
        return NO_SIGNER
    ranges = seal.sig_object.get("/ByteRange")
    if not isinstance(ranges, list) or len(ranges) != _RANGES:
        return BAD_RANGES
    if not all(isinstance(one, int) and one >= 0 for one in ranges):
        return BAD_RANGES
    return cause
