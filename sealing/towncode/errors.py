"""What is wrong with a text that should be a town code: one error, four by what one can do.

`TownCodeError` is the only exception that leaves the parser; its `reason` is the name of the rule
that was broken, its class what the reader can do.
"""

import re
from enum import StrEnum
from typing import ClassVar

from sealing.errors import SealingError


class Reason(StrEnum):
    """The rule of the format that a text breaks."""

    NOT_TOWNCODE = "not-towncode"
    TOO_LONG = "too-long"
    PREFIX = "prefix-case"
    CUT = "cut-short"
    ENCODING = "base32-invalid"
    CBOR = "cbor-not-deterministic"
    STRUCTURE = "structure-invalid"
    HEADER = "signature-header-invalid"
    CLAIMS = "claims-invalid"
    LIMITS = "limits-exceeded"
    SIGNATURE_LENGTH = "signature-length"
    LAYOUT = "layout-unknown"


class TownCodeError(SealingError):
    """The text breaks the format. `reason` is the rule."""

    code: ClassVar[str] = "towncode.malformed"

    def __init__(self, reason: Reason, message: str) -> None:
        """Keep the rule broken."""
        super().__init__(message, reason=str(reason))
        self.reason = reason


class NotTownCodeError(TownCodeError):
    """No town code; `looks_like` is `twoddoc`, `health-certificate`, `url`, `gs1` or empty."""

    code: ClassVar[str] = "towncode.not-towncode"

    def __init__(self, raw: bytes) -> None:
        """Say what else this may be."""
        self.looks_like = next(
            (name for name, start in _OTHERS.items() if re.match(start, raw, re.IGNORECASE)), ""
        )
        what = self.looks_like or "something else"
        super().__init__(Reason.NOT_TOWNCODE, f"got {what}, expected CV1:")
        self.details["looks_like"] = self.looks_like


class CutShortError(TownCodeError):
    """The beginning of a code, whose end was lost on the road: scanning again may help."""

    code: ClassVar[str] = "towncode.cut-short"
    retryable: ClassVar[bool] = True

    def __init__(self, length: int) -> None:
        """Tell how much is there."""
        super().__init__(Reason.CUT, f"got the first {length} characters of a code")


class UnknownLayoutError(TownCodeError):
    """A town code of a layout that this program does not read. Details: `layout`."""

    code: ClassVar[str] = "towncode.unknown-layout"

    def __init__(self, layout: int) -> None:
        """Name the layout."""
        super().__init__(Reason.LAYOUT, f"got layout {layout}, expected 1")
        self.details["layout"] = layout


_OTHERS = {
    "twoddoc": rb"DC\d\d|\xdc|\xee|E[A-Z0-9]{3}[0-9A-F][1-9A-F]",
    "health-certificate": rb"HC1:",
    "url": rb"https?://",
    "gs1": rb"\x1d|\]d2|\(?01\)?\d{14}",
}
