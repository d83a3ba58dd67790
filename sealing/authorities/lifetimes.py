"""Until when a time-stamp is worth something: its certificates' dates, its algorithms' dates.

Rules kept here:

- a time-stamp ends with the first of its certificates, the root's own included, or with the first
  of its algorithms: digests of what is stamped and what is signed, keys and digests of the chain;
- RSA from 1900 to 2999 bits ends on 2028-12-31 (ETSI TS 119 312 V2.1.1 of 2026-06, clause 8.4, as
  pkilint's check of that clause quotes it). SHA-256, SHA-384, SHA-512, RSA from 3000 bits, curves
  from 256 bits: recommended there, and no end is known to us. What stands in no row has ended;
- what cannot be read has ended: then a new time-stamp is due, which harms nothing.

The table is data, to be changed when the standard is: one row each, and this docstring.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from sealing.authorities.chains import UNREADABLE
from sealing.authorities.signed_data import DIGESTS, SignedData
from sealing.der import SEQUENCE, one, values

ENDED: Final = datetime(1970, 1, 1, tzinfo=UTC)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
_DIGESTS: Final = {"sha256": NEVER, "sha384": NEVER, "sha512": NEVER}
# From how many bits: the strongest first.
_RSA: Final = ((3_000, NEVER), (1_900, datetime(2028, 12, 31, 23, 59, 59, tzinfo=UTC)))
_EC: Final = ((256, NEVER),)


class Why(StrEnum):
    """What ends first."""

    CERTIFICATE = "certificate"
    ALGORITHM = "algorithm"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Until when something holds, and what ends then."""

    until: datetime
    why: Why


def of_chain(chain: Sequence[x509.Certificate]) -> Lifetime:
    """Give until when certificates hold, as far as dates and algorithms go."""
    ends = [Lifetime(min(one.not_valid_after_utc for one in chain), Why.CERTIFICATE)]
    for certificate in chain:
        try:
            ends.append(Lifetime(_key_end(certificate.public_key()), Why.ALGORITHM))
            if certificate.issuer != certificate.subject:
                ends.append(Lifetime(_digest_end(certificate), Why.ALGORITHM))
        except UNREADABLE:
            ends.append(Lifetime(ENDED, Why.ALGORITHM))
    return min(ends, key=lambda end: end.until)


def of_stamp(chain: Sequence[x509.Certificate], token: bytes) -> Lifetime:
    """Give until when a time-stamp holds: its chain, the leaf first, and its own digests."""
    try:
        ends = [_DIGESTS.get(name, ENDED) for name in _digests(token)]
    except (*UNREADABLE, LookupError):
        ends = [ENDED]
    own = [Lifetime(end, Why.ALGORITHM) for end in ends]
    return min([of_chain(chain), *own], key=lambda end: end.until)


def _digests(token: bytes) -> Iterator[str]:
    """Give the names of the digests of a token: what is stamped, what is signed."""
    names = {digest.oid: name for name, digest in DIGESTS.items()}
    signed = SignedData.parse(token)
    _, _, imprint, *_ = values(one(signed.content).of(SEQUENCE).content)
    kind, _ = values(imprint.of(SEQUENCE).content)
    for algorithm in (kind, signed.signer[2]):
        yield names.get(values(algorithm.of(SEQUENCE).content)[0].encoded, "")


def _digest_end(certificate: x509.Certificate) -> datetime:
    algorithm = certificate.signature_hash_algorithm
    return ENDED if algorithm is None else _DIGESTS.get(algorithm.name, ENDED)


def _key_end(key: PublicKeyTypes) -> datetime:
    table: tuple[tuple[int, datetime], ...] = ()
    size = 0
    if isinstance(key, rsa.RSAPublicKey):
        table, size = _RSA, key.key_size
    elif isinstance(key, ec.EllipticCurvePublicKey):
        table, size = _EC, key.key_size
    return next((end for least, end in table if size >= least), ENDED)
