"""A revision that is signed and written but for its CMS, which may wait for a time-stamp."""

from collections.abc import Callable
from dataclasses import dataclass

from sealing.pades.cms_template import SignedCms


@dataclass(frozen=True, slots=True)
class UnfinishedRevision:
    """`cms` is signed; `put` writes the whole CMS (DER) into its room and gives the bytes."""

    cms: SignedCms
    put: Callable[[bytes], bytes]

    def finish(self, token: bytes | None) -> bytes:
        """Give the revision, with a token of `cms.stamp`; raise StampTooLargeError."""
        return self.put(self.cms.der(token))

    def stamped(self) -> bytes:
        """Give the revision, stamped here and now; whatever the stamp raises goes through."""
        return self.finish(self.cms.stamp())
