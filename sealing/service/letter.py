"""From a letter to a sealed letter: the whole recipe.

The steps, by the numbers of `sealing/DESIGN.md`:

1. draw the document identifier;
2. write the code's message, 2D-Doc or town code, strictly: every problem is told before anything is
   signed;
3. have it signed: a 2D-Doc by the signer of its type, a town code by the seal's own;
4. make the symbol, find its place, draw it;
5. seal the file in one revision;
6. read the code back from the sealed page.

What the level adds (time-stamp, proofs for later) is made beforehand, for a run (`levels`). Nothing
is stored here: bytes in, bytes out.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import ClassVar, Self

from cryptography import x509

from sealing.errors import SealingError
from sealing.marks import appearance, datamatrix, placement
from sealing.marks.placement import Mark
from sealing.marks.readback import check_readback
from sealing.pades import seal as pades
from sealing.pades.cms_template import CmsSigner, CmsTemplate
from sealing.pades.dss import Dss
from sealing.pades.tokens import Reason
from sealing.proofs.document_id import RANDOM_BYTES, DocumentId, document_id, in_twoddoc
from sealing.service.levels import NOTHING, Additions, Level
from sealing.service.profile import Profile
from sealing.signers.port import Signer, common_name, digest_of, hashed
from sealing.towncode import signature
from sealing.towncode.emission import claims_of
from sealing.twoddoc import message
from sealing.twoddoc.catalogue import IssueDateRule
from sealing.twoddoc.conformance import require_town_type
from sealing.twoddoc.emission import EmissionError, Problem, check_signing_date, encode_unsigned
from sealing.twoddoc.header import Header
from sealing.twoddoc.values import Value

VERSION = 4
MENTION = "2D-DOC"
TOWN_MENTION = "CODE DE VÉRIFICATION"
_DOCUMENT_ID = "01"
_PAGES = "09"
_ANY_ID = document_id(datetime(2000, 1, 1, tzinfo=UTC), bytes(RANDOM_BYTES))


class LevelNotReadyError(SealingError):
    """The keys were made ready for another level than the letter's: a fault of ours."""

    code: ClassVar[str] = "sealing.level-not-ready"


@dataclass(frozen=True, slots=True)
class TwoDDocOrder:
    """What the code is to say: a type that a town may issue, and its fields.

    `issued_on` defaults to the day of sealing, or to none where the type forbids a date.
    """

    doc_type: str
    values: Mapping[str, Value]
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class TownCodeOrder:
    """What the town's own code is to say: a type (number, name or text), and values by name."""

    doc_type: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """A PDF to seal, with or without a code."""

    pdf: bytes
    order: TwoDDocOrder | TownCodeOrder | None = None


_WORDS = {TwoDDocOrder: f"code {MENTION}", TownCodeOrder: "code de vérification"}


@dataclass(frozen=True, slots=True)
class Sealer:
    """The town's keys, ready for many letters: the seal's, and those of the codes by type.

    `cms` makes the seal's CMS; `level` is the one that its seals reach, `dss` what they carry.
    """

    seal: Signer
    cms: CmsSigner
    twoddocs: Mapping[str, Signer] = field(default_factory=dict)
    level: Level = Level.B_B
    dss: Dss | None = None

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
        return cls(seal, cms, twoddocs or {}, additions.level, additions.dss)


@dataclass(frozen=True, slots=True)
class SealedLetter:
    """A sealed letter. `code` is the symbol's bytes, `modules` its side; None without a code.

    `fallback` says why it took the general road.
    """

    pdf: bytes
    document_id: DocumentId
    road: pades.Road
    fallback: Reason | None
    code: bytes | None
    mark: Mark | None
    modules: int | None
    level: Level = Level.B_B

    @property
    def sha256(self) -> str:
        """Give the digest of the sealed file, in hexadecimal."""
        return hashlib.sha256(self.pdf).hexdigest()


def seal_letter(
    letter: Letter, sealer: Sealer, profile: Profile, now: datetime, randomness: bytes
) -> SealedLetter:
    """Seal one letter; `randomness` is 10 random bytes for its identifier.

    Raises EmissionError (2D-Doc or town code), TypeNotForTownsError, KeyNotAllowedError,
    SymbolError, a placement error, a PdfRefusedError, or what a time-stamp raises (`levels`); then
    nothing was made.
    """
    if sealer.level is not profile.level:
        raise LevelNotReadyError(f"got a sealer for {sealer.level}, expected {profile.level}")
    pades.require_pdf(letter.pdf)
    identifier = document_id(now, randomness)  # (1)
    code, mark, modules = None, None, None
    if letter.order is not None:
        order = _counted(letter.order, letter.pdf)
        code, mention = _code(order, sealer, profile, now, identifier)  # (2) (3)
        symbol = datamatrix.symbol(code, strict_c40=profile.strict_c40)  # (4)
        modules = symbol.modules
        box = appearance.box_of(modules, mention=mention)
        place = placement.place(letter.pdf, box, profile.wish)
        holder = common_name(sealer.seal.chain[0].subject)
        text = f"Cachet de {holder} et {_WORDS[type(letter.order)]}"
        mark = Mark(appearance.appearance(symbol, mention), place, text)
    sealed = pades.seal(letter.pdf, mark, sealer.cms, now, sealer.dss)  # (5)
    whole = sealed.pdf
    if code is not None and mark is not None:
        check_readback(whole, mark.place, code)  # (6)
    road, fallback = sealed.road, sealed.fallback
    return SealedLetter(whole, identifier, road, fallback, code, mark, modules, sealer.level)


def _counted(order: TwoDDocOrder | TownCodeOrder, pdf: bytes) -> TwoDDocOrder | TownCodeOrder:
    """Have a 2D-Doc of several pages say their number (`09`); a number that is given must be true.

    One code stands for all pages: without their number, one could be taken away or added.
    """
    if not isinstance(order, TwoDDocOrder):
        return order
    pages, given = placement.page_count(pdf), order.values.get(_PAGES)
    if given is None and pages == 1:
        return order
    if given is not None and str(given).lstrip("0") != str(pages):
        reason = f"the document has {pages} pages"
        raise EmissionError([Problem("page-count", _PAGES, reason)])
    return replace(order, values={**order.values, _PAGES: f"{pages:04}"})


def _code(
    order: TwoDDocOrder | TownCodeOrder,
    sealer: Sealer,
    profile: Profile,
    now: datetime,
    identifier: DocumentId,
) -> tuple[bytes, list[str]]:
    """Write and sign a code; give its bytes, and the words to print beside it."""
    if isinstance(order, TwoDDocOrder):
        return twoddoc_code(order, sealer.twoddocs, profile, now, identifier), [MENTION]
    address = [] if profile.address is None else [profile.address]
    return town_code(order, sealer, now, identifier), [TOWN_MENTION, *address]


def town_code(order: TownCodeOrder, sealer: Sealer, now: datetime, identifier: DocumentId) -> bytes:
    """Write and sign a town code; the identifier goes in as its own.

    Raises EmissionError, or KeyNotAllowedError where the seal's key is not on P-256.
    """
    leaf = sealer.seal.chain[0]
    signature.require_allowed(leaf.public_key())
    claims = claims_of(order.doc_type, order.values, now, identifier.bytes)
    return signature.issue(claims, leaf, lambda data: sealer.seal.sign(hashed(data, leaf)))


def twoddoc_code(
    order: TwoDDocOrder,
    signers: Mapping[str, Signer],
    profile: Profile,
    now: datetime,
    identifier: DocumentId,
) -> bytes:
    """Write a 2D-Doc and have it signed by the signer of its type, one of `signers`.

    The identifier goes in as data identifier `01` unless the order has one.
    Raises EmissionError or TypeNotForTownsError.
    """
    signer = signers[require_town_type(order.doc_type).code]
    leaf = signer.chain[0]
    header, values = _unsigned(order, leaf, profile, now, identifier)
    return message.issue(
        header, values, lambda data: signer.sign(hashed(data, leaf)), profile.emission
    )


def check_order(
    order: TwoDDocOrder | TownCodeOrder, sealer: Sealer, profile: Profile, now: datetime
) -> None:
    """Check what a code is to say as strictly as its emission does; nothing is signed.

    What only the letter itself tells (its pages, its words) is checked when it is sealed. Raises
    EmissionError or TypeNotForTownsError.
    """
    if isinstance(order, TownCodeOrder):
        claims_of(order.doc_type, order.values, now, _ANY_ID.bytes)
        return
    leaf = sealer.twoddocs[require_town_type(order.doc_type).code].chain[0]
    header, values = _unsigned(order, leaf, profile, now, _ANY_ID)
    encode_unsigned(header, values, profile.emission)


def _unsigned(
    order: TwoDDocOrder,
    leaf: x509.Certificate,
    profile: Profile,
    now: datetime,
    identifier: DocumentId,
) -> tuple[Header, Mapping[str, Value]]:
    """Give the header and the values of a 2D-Doc."""
    today = now.date()
    dated = require_town_type(order.doc_type).issue_date is not IssueDateRule.ABSENT
    issued_on = order.issued_on or today if dated else order.issued_on
    scope = profile.perimeter, profile.country
    header = _header(leaf, order.doc_type, issued_on, today, scope)
    return header, {_DOCUMENT_ID: in_twoddoc(identifier), **order.values}


@lru_cache(maxsize=64)
def _header(
    leaf: x509.Certificate,
    doc_type: str,
    issued_on: date | None,
    today: date,
    scope: tuple[str, str],
) -> Header:
    """Make the header of a code signed today; the letters of a mailing share one."""
    header = Header(
        version=VERSION,
        ca_id=common_name(leaf.issuer),
        certificate_id=common_name(leaf.subject),
        issue_date=issued_on,
        signature_date=today,
        doc_type=doc_type,
        perimeter=scope[0],
        country=scope[1],
    )
    first, last = leaf.not_valid_before_utc.date(), leaf.not_valid_after_utc.date()
    check_signing_date(header, first, last, today)
    return header
