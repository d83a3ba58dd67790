"""What the signature dictionary of a seal says in clear, beside its CMS: all of it is signed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sealing.proofs.document_id import SIGNATURE_ENTRY


@dataclass(frozen=True, slots=True)
class Entries:
    """The hour of the seal; the identifier of the letter, in hexadecimal, if it has one.

    The identifier stands behind the CMS, where the verifier looks for it.
    """

    now: datetime
    document_id: str = ""

    def written(self) -> bytes:
        """Write them as they stand in the dictionary."""
        day = self.now.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ")
        named = f"{SIGNATURE_ENTRY}({self.document_id})" if self.document_id else ""
        return f"/M({day}){named}".encode()
