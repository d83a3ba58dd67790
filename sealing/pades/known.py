"""What was read of a PDF, and of which bytes: it holds for every PDF that has the same bytes there.

Letters made from one template have nearly all of their objects in common, at other places of the
file. Reading the next one is then comparing.

Rules kept here:

- an object is the same when the very bytes that said so, from its heading to behind its end, stand
  where the other file's own sections say that it is; each is compared, none is taken for granted;
- what differs from letter to letter (contents, lengths) is not kept;
- what is worked out of such objects alone is kept with them;
- each file has what is known to itself: letters at the same step never see what another reads;
- few files are kept, and no large ones: of these the reading is little.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from sealing.pades.sections import Packed
from sealing.pades.tokens import NotFastError, Ref, Value
from sealing.pades.xref import Chain

T = TypeVar("T")

FILES: Final = 4
MAX_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Pack:
    """An object stream: its bytes, and the number and place of each object in it."""

    data: bytes
    places: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Known:
    """What was read of a file's objects, by their numbers.

    `raw`: the bytes of each that stands by itself; `packed`: the place of each that lies in an
    object stream, which is among the former.
    """

    root: Ref
    read: dict[int, Value] = field(default_factory=dict)
    packs: dict[int, Pack] = field(default_factory=dict)
    packed: dict[int, Packed] = field(default_factory=dict)
    raw: dict[int, bytes] = field(default_factory=dict)
    _worked: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """Give what is worked out of kept objects alone; whatever `work` raises goes through."""
        if key not in self._worked:
            self._worked[key] = work()
        return cast("T", self._worked[key])

    def copied(self) -> "Known":
        """Give the same to another file, which adds what it reads itself."""
        worked, packed, raw = self._worked.copy(), self.packed.copy(), self.raw.copy()
        return Known(self.root, self.read.copy(), self.packs.copy(), packed, raw, worked)

    def holds(self, pdf: bytes, chain: Chain) -> bool:
        """Tell whether every object that was read is the same in another file."""
        try:
            for number, raw in self.raw.items():
                if not pdf.startswith(raw, chain.plain(number)):
                    return False
            return all(chain.find(number) == entry for number, entry in self.packed.items())
        except NotFastError:
            return False


@dataclass(slots=True)
class Templates:
    """The files read last that others may be like; the one met last stands first."""

    _files: list[Known] = field(default_factory=list)

    def find(self, pdf: bytes, chain: Chain, root: Ref) -> Known:
        """Give what is known of a file like this one; else something new, to be filled.

        What one file reads from then on is its own: only who came first fills what others compare.
        """
        if len(pdf) > MAX_BYTES:
            return Known(root)
        for known in self._files:
            if known.root == root and known.raw and known.holds(pdf, chain):
                if self._files[0] is not known:
                    self._files = [known, *(one for one in self._files if one is not known)]
                return known.copied()
        found = Known(root)
        self._files = [found, *self._files[: FILES - 1]]
        return found
