"""From a letter to a sealed letter: the whole recipe.

The steps, by the numbers of `sealing/DESIGN.md`:

1. draw the document identifier, which goes into code and seal;
2. write the code's message, 2D-Doc or town code, strictly: every problem is told before anything is
   signed;
3. have it signed: a 2D-Doc by the signer of its type, a town code by the seal's own;
4. make the symbol, find its place, draw it;
5. seal the file in one revision; at level B-LTA, stamp the whole in another;
6. read the code back from the sealed page: of each letter, or, in a mailing, at each new place and
   of samples (`places`).

What the level adds (time-stamp, proofs for later) is made beforehand, for a run (`levels`). Nothing
is stored here: bytes in, bytes out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Self

from sealing.errors import SealingError
from sealing.marks import appearance, datamatrix
from sealing.marks.placement import Mark, Place
from sealing.marks.readback import (
    PageChangedError,
    UnreadableMarkError,
    check_readback,
    check_unchanged,
)
from sealing.pades import seal as pades
from sealing.pades.archive import Archivist
from sealing.pades.attach import AttachedFile, Enclosures
from sealing.pades.cms_template import CmsSigner, CmsTemplate
from sealing.pades.dss import Dss
from sealing.pades.entries import Entries
from sealing.pades.source_pdf import SourcePdf
from sealing.proofs.document_id import (
    DocumentId,
    SlotKey,
    document_id,
    in_twoddoc,
    slotted_id,
)
from sealing.proofs.letter_data import LetterData
from sealing.service import codes
from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from sealing.service.levels import NOTHING, Additions, Level
from sealing.service.places import Places, page_count
from sealing.service.profile import Profile
from sealing.service.steps import Steps, together
from sealing.signers.port import Signer, common_name, digest_of
from sealing.twoddoc.emission import EmissionError, Problem
from storage.errors import CoffreError

_PAGES = "09"


class LevelNotReadyError(SealingError):
    """The keys were made ready for another level than the letter's: a fault of ours."""

    code: ClassVar[str] = "sealing.level-not-ready"


@dataclass(frozen=True, slots=True)
class Letter:
    """A PDF to seal, with or without a code.

    `sample`: its page is looked at, and its code read back, whatever is known of letters like it.
    `slot`: its own in the register of seals; None: its identifier is of no register.
    `data`: what is attached to it, under a name.
    """

    pdf: bytes
    order: Order | None = None
    sample: bool = False
    slot: SlotKey | None = None
    data: tuple[str, LetterData] | None = None
    source: SourcePdf = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take the bytes as the file to seal."""
        object.__setattr__(self, "source", SourcePdf(self.pdf))


_WORDS = {TwoDDocOrder: f"code {codes.MENTION}", TownCodeOrder: "code de vérification"}


@dataclass(frozen=True, slots=True)
class Sealer:
    """The town's keys, ready for many letters: the seal's, and those of the codes by type.

    `cms` makes the seal's CMS; `level` is the one that its seals reach, `dss` what they carry, and
    `due` when that has aged: then get `renewed`.
    `places` remembers where the codes of a mailing go: without it, each page is looked at.
    """

    seal: Signer
    cms: CmsSigner
    twoddocs: Mapping[str, Signer] = field(default_factory=dict)
    level: Level = Level.B_B
    dss: Dss | None = None
    due: datetime | None = None
    places: Places | None = None

    @classmethod
    def ready(
        cls,
        seal: Signer,
        twoddocs: Mapping[str, Signer] | None = None,
        additions: Additions = NOTHING,
    ) -> Self:
        """Build the CMS template once for a seal's signer, with what the level adds."""
        template = CmsTemplate.build(seal.chain, digest_of(seal.chain[0], seal.name))
        cms = CmsSigner(template, seal.sign, additions.stamp, additions.stamp_room)
        return cls(seal, cms, twoddocs or {}, additions.level, additions.dss, additions.due)

    def is_due(self, now: datetime) -> bool:
        """Tell whether what its seals carry has aged."""
        return self.due is not None and now >= self.due

    def renewed(self, additions: Additions) -> Self:
        """Give the same keys with other additions."""
        made = type(self).ready(self.seal, self.twoddocs, additions)
        return replace(made, places=self.places)


@dataclass(frozen=True, slots=True)
class SealedLetter:
    """A sealed letter. `code` is the symbol's bytes, `modules` its side; None without a code."""

    sealed: pades.SealedPdf
    document_id: DocumentId
    code: bytes | None
    mark: Mark | None
    modules: int | None
    level: Level = Level.B_B

    @property
    def pdf(self) -> bytes:
        """Give the whole file, joined anew each time."""
        return self.sealed.pdf

    @property
    def sha256(self) -> str:
        """Give the digest of the sealed file, in hexadecimal."""
        return self.sealed.sha256.hex()


@dataclass(frozen=True, slots=True)
class UnfinishedLetter:
    """A letter that is signed. What waits for others is `stamp`; then `finish` what it gave."""

    unfinished: pades.UnfinishedPdf
    document_id: DocumentId
    sealer: Sealer
    code: bytes | None = None
    mark: Mark | None = None
    modules: int | None = None
    sample: bool = False

    @property
    def size(self) -> int:
        """Count the bytes of the file as it came."""
        return len(self.unfinished.source.pdf)

    def stamp(self) -> pades.SealedPdf:
        """Give the sealed file, with the time-stamps that the level wants, in any thread.

        Raises StampTooLargeError, ArchiveAnnotationsError, and whatever the stamp raises.
        """
        sealed, cms = self.unfinished.stamped(), self.sealer.cms
        if self.sealer.level is not Level.B_LTA or cms.stamp is None:
            return sealed
        return sealed.archived(Archivist(cms.stamp, cms.stamp_room, cms.digest.name))

    def finish(self, sealed: pades.SealedPdf) -> SealedLetter:
        """Give the sealed letter, its code read back.

        Raises UnreadableMarkError or PageChangedError.
        """
        if self.mark is not None:
            self._read_back(sealed, self.mark.place)
        level = self.sealer.level
        return SealedLetter(sealed, self.document_id, self.code, self.mark, self.modules, level)

    def _read_back(self, sealed: pades.SealedPdf, place: Place) -> None:
        """Read the code again from a new place, or of a sample (6)."""
        places = self.sealer.places or Places()
        if places.is_read(place) and not self.sample:
            return
        try:
            check_readback(sealed.pdf, place, self.code or b"")
            check_unchanged(sealed.source.pdf, sealed.pdf, place)
        except (UnreadableMarkError, PageChangedError):
            places.forget(place)
            raise
        places.read(place)


def seal_letter(
    letter: Letter, sealer: Sealer, profile: Profile, now: datetime, randomness: bytes
) -> SealedLetter:
    """Seal one letter, stamped here and now; raise what `begin_letter`, stamp and finish do."""
    begun = begin_letter(letter, sealer, profile, now, randomness)
    return begun.finish(begun.stamp())


def begin_letter(
    letter: Letter, sealer: Sealer, profile: Profile, now: datetime, randomness: bytes
) -> UnfinishedLetter:
    """Sign one letter; raise what its steps do."""
    [begun] = together([letter_steps(letter, sealer, profile, now, randomness)])
    if isinstance(begun, CoffreError):
        raise begun
    return begun


def letter_steps(
    letter: Letter, sealer: Sealer, profile: Profile, now: datetime, randomness: bytes
) -> Steps[UnfinishedLetter]:
    """Sign one letter, step by step; `randomness` is 10 random bytes for its identifier.

    Raises EmissionError (2D-Doc or town code), TypeNotForTownsError, KeyNotAllowedError,
    SymbolError, a placement error or a PdfRefusedError; then nothing was made.
    """
    if sealer.level is not profile.level:
        raise LevelNotReadyError(f"got a sealer for {sealer.level}, expected {profile.level}")
    pades.require_pdf(letter.pdf)
    places = sealer.places or Places()
    letter.source.read(places.templates)
    identifier = _identifier(letter, now, randomness)  # (1)
    entries = Entries(now, in_twoddoc(identifier))
    enclosed = Enclosures(sealer.dss, _attached(letter, identifier, now))
    yield
    if letter.order is None:
        begun = pades.begin(letter.source, None, sealer.cms, entries, enclosed)  # (5)
        return UnfinishedLetter(begun, identifier, sealer)
    order = _counted(letter.order, letter.source)
    codes.refuse_other_id(order)
    code, mention = _code(order, sealer, profile, now, identifier)  # (2) (3)
    yield
    symbol = datamatrix.symbol(code, strict_c40=profile.strict_c40)  # (4)
    yield
    box = appearance.box_of(symbol.modules, mention=mention)
    place = places.find(letter.source, box, profile.wish, look=letter.sample)
    yield
    holder = common_name(sealer.seal.chain[0].subject)
    own = holder if holder.lower().startswith("cachet ") else f"Cachet de {holder}"
    text = f"{own} et {_WORDS[type(order)]}"
    mark = Mark(appearance.appearance(symbol, mention), place, text)
    yield
    begun = pades.begin(letter.source, mark, sealer.cms, entries, enclosed)  # (5)
    return UnfinishedLetter(begun, identifier, sealer, code, mark, symbol.modules, letter.sample)


def _attached(letter: Letter, identifier: DocumentId, now: datetime) -> AttachedFile | None:
    """Give the letter's data with its identifier; raise LetterDataError."""
    if letter.data is None:
        return None
    name, data = letter.data
    return AttachedFile(name, data.sealed(identifier), now)


def _identifier(letter: Letter, now: datetime, randomness: bytes) -> DocumentId:
    if letter.slot is None:
        return document_id(now, randomness)
    return slotted_id(now, letter.slot)


def _counted(order: Order, source: SourcePdf) -> Order:
    """Have a 2D-Doc of several pages say their number (`09`); a number that is given must be true.

    One code stands for all pages: without their number, one could be taken away or added.
    """
    if not isinstance(order, TwoDDocOrder):
        return order
    pages, given = page_count(source), order.values.get(_PAGES)
    if given is None and pages == 1:
        return order
    if given is not None and str(given).lstrip("0") != str(pages):
        reason = f"the document has {pages} pages"
        raise EmissionError([Problem("page-count", _PAGES, reason)])
    return replace(order, values={**order.values, _PAGES: f"{pages:04}"})


def _code(
    order: Order,
    sealer: Sealer,
    profile: Profile,
    now: datetime,
    identifier: DocumentId,
) -> tuple[bytes, list[str]]:
    """Write and sign a code; give its bytes, and the words to print beside it."""
    if isinstance(order, TwoDDocOrder):
        return codes.twoddoc_code(order, sealer.twoddocs, profile, now, identifier), [codes.MENTION]
    address = [] if profile.address is None else [profile.address]
    return codes.town_code(order, sealer.seal, now, identifier), [codes.TOWN_MENTION, *address]
