"""What the code of a letter says, and who signs it: a 2D-Doc, or the town's own code.

Both are written strictly: every problem is told before anything is signed. A 2D-Doc is signed by
the signer of its type, a town code by the seal's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TypeAlias

from cryptography import x509

from sealing.proofs.document_id import (
    RANDOM_BYTES,
    DocumentId,
    document_id,
    in_twoddoc,
    parse_written,
)
from sealing.service.profile import Profile
from sealing.signers.port import Signer, common_name, hashed
from sealing.towncode import signature
from sealing.towncode.emission import claims_of
from sealing.twoddoc import message
from sealing.twoddoc.catalogue import IssueDateRule
from sealing.twoddoc.conformance import require_town_type
from sealing.twoddoc.emission import (
    EmissionError,
    Problem,
    check_signing_date,
    encode_unsigned,
)
from sealing.twoddoc.header import Header
from sealing.twoddoc.values import Value

VERSION = 4
MENTION = "2D-DOC"
TOWN_MENTION = "CODE DE VÉRIFICATION"
_DOCUMENT_ID = "01"
_ANY_ID = document_id(datetime(2000, 1, 1, tzinfo=UTC), bytes(RANDOM_BYTES))


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


Order: TypeAlias = TwoDDocOrder | TownCodeOrder


def town_code(order: TownCodeOrder, seal: Signer, now: datetime, identifier: DocumentId) -> bytes:
    """Write and sign a town code; the identifier goes in as its own.

    Raises EmissionError, or KeyNotAllowedError where the seal's key is not on P-256.
    """
    leaf = seal.chain[0]
    signature.require_allowed(leaf.public_key())
    claims = claims_of(order.doc_type, order.values, now, identifier.bytes)
    return signature.issue(claims, leaf, lambda data: seal.sign(hashed(data, leaf)))


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


def refuse_other_id(order: Order) -> None:
    """Refuse a code that would bear the identifier of another letter than its seal's.

    Raises EmissionError.
    """
    given = order.values.get(_DOCUMENT_ID) if isinstance(order, TwoDDocOrder) else None
    if given is not None and parse_written(str(given)) is not None:
        raise EmissionError([Problem("other-document", _DOCUMENT_ID, "the seal has its own")])


def check_order(
    order: Order, signers: Mapping[str, Signer], profile: Profile, now: datetime
) -> None:
    """Check what a code is to say as strictly as its emission does; nothing is signed.

    What only the letter itself tells (its pages, its words) is checked when it is sealed. Raises
    EmissionError or TypeNotForTownsError.
    """
    if isinstance(order, TownCodeOrder):
        claims_of(order.doc_type, order.values, now, _ANY_ID.bytes)
        return
    leaf = signers[require_town_type(order.doc_type).code].chain[0]
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
