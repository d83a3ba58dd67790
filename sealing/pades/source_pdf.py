"""A PDF to seal, as it came: what is worked out of its bytes is worked out once.

Rules kept here:

- the bytes are digested once for each algorithm, whoever needs it: as they are, or with the seal's
  revision behind them;
- what the fast road reads of them is kept, and so is the reason why it cannot.
"""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sealing.pades.known import Templates
from sealing.pades.objects import Skeleton
from sealing.pades.page_tree import PageTree
from sealing.pades.tokens import NotFastError

if TYPE_CHECKING:
    from hashlib import _Hash


@dataclass(frozen=True, slots=True)
class SourcePdf:
    """The bytes of a PDF."""

    pdf: bytes
    _hashes: "dict[str, _Hash]" = field(default_factory=dict, repr=False, compare=False)
    _read: list[PageTree | NotFastError] = field(default_factory=list, repr=False, compare=False)

    @property
    def skeleton(self) -> Skeleton:
        """Give the objects as the fast road reads them; raise NotFastError."""
        return self.pages.skeleton

    @property
    def pages(self) -> PageTree:
        """Give the pages as the fast road reads them; raise NotFastError."""
        self.read()
        [found] = self._read
        if isinstance(found, NotFastError):
            raise found
        return found

    def read(self, templates: Templates | None = None) -> None:
        """Read the objects unless they were; `templates` are files that this one may be like."""
        if not self._read:
            try:
                self._read.append(PageTree(Skeleton.read(self.pdf, templates)))
            except NotFastError as error:
                self._read.append(error)

    @property
    def sha256(self) -> bytes:
        """Give the digest of the bytes."""
        return self.hashed("sha256").digest()

    def hashed(self, algorithm: str) -> "_Hash":
        """Give a digest that has taken in the bytes, to go on with; `algorithm` as in hashlib."""
        if algorithm not in self._hashes:
            self._hashes[algorithm] = hashlib.new(algorithm, self.pdf)
        return self._hashes[algorithm].copy()
