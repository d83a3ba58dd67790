"""The Document Security Store: what proves a seal later, when nobody answers any more.

Rules kept here (ISO 32000-2 section 12.8.4.3, EN 319 142-1 section 5.4, level B-LT):

- certificates, OCSP answers and revocation lists, each a stream of one DER value, in the three
  arrays `/Certs`, `/OCSPs`, `/CRLs`; an empty array is left out;
- it goes into the revision of the seal itself, so that the seal covers it: one French validator
  calls a file changed when it comes later;
- so no `/VRI`: its keys are digests of seals that are not made yet. It is optional, and says only
  which seal asked for what;
- each stream is deflated once, however many letters of a run bear it.

Values only: who gathers them is `authorities.revocation`.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

# The arrays, in the order in which their streams are written.
CERTIFICATES: Final = "/Certs"
OCSPS: Final = "/OCSPs"
CRLS: Final = "/CRLs"
_LEVEL: Final = 9


@dataclass(frozen=True, slots=True)
class DssStream:
    """One value: the array that it belongs to, and its bytes as they are written (FlateDecode)."""

    array: str
    deflated: bytes


@dataclass(frozen=True, slots=True)
class Dss:
    """What a run's letters carry to be proved later. Each value is DER."""

    certificates: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    streams: tuple[DssStream, ...]

    @classmethod
    def of(
        cls, certificates: Sequence[bytes], ocsps: Sequence[bytes], crls: Sequence[bytes]
    ) -> Self:
        """Deflate each value, once for all the letters of a run."""
        streams = tuple(
            DssStream(array, zlib.compress(value, _LEVEL))
            for array, values in ((CERTIFICATES, certificates), (OCSPS, ocsps), (CRLS, crls))
            for value in values
        )
        return cls(tuple(certificates), tuple(ocsps), tuple(crls), streams)

    @property
    def size(self) -> int:
        """Count the bytes that the streams add to each letter."""
        return sum(len(stream.deflated) for stream in self.streams)
