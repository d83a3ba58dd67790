"""What proves a list of letters taken back: its signature, and a chain to an authority.

Rules kept here:

- the certificates that a list brings help only as authorities: one that may not sign others is
  nobody's issuer, whatever it signed;
- the signer is made for such lists and for nothing else, and says so itself: a key of seals, or one
  without a purpose, signs none, for whoever holds it could hide that a letter was taken back;
- the chain reaches an authority of the trust folder, above the signer; all of it was valid on the
  day of the list; a revoked certificate proves nothing, whatever the date;
- what arrives is proved before it takes the place of what is held, and is not of tomorrow.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import ClassVar, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sealing.errors import SealingError
from sealing.proofs.status_list import PURPOSE, ParsedStatusList, verify
from verifier.errors import VerifierError
from verifier.trust.anchors import UNREADABLE, extensions_of, is_authority
from verifier.trust.status_lists import StatusList
from verifier.trust.trust_list import Revoked, TrustList, signer_among

Chain: TypeAlias = tuple[x509.Certificate, ...]

_AHEAD: Final = timedelta(days=1)
_LONGEST_CHAIN: Final = 6


class StatusListRefusedError(VerifierError):
    """A list of letters taken back is not proved, or is of tomorrow. Details: `address`, `why`."""

    code: ClassVar[str] = "verifier.status-list"


def chain_of_list(one: StatusList, trust: TrustList) -> Chain:
    """Follow the signer of a list upwards; the chain may lead nowhere."""
    leaf, *carried = one.certificates
    above = [each for each in (*trust.authorities, *carried) if is_authority(each)]
    chain = [leaf]
    while len(chain) < _LONGEST_CHAIN:
        issuer = signer_among(above, chain[-1])
        if issuer is None or issuer in chain:
            break
        chain.append(issuer)
    return tuple(chain)


def is_proved(one: StatusList, chain: Chain, trust: TrustList, now: datetime) -> bool:
    """Tell whether the first of a chain signed a list, and an authority vouches for it."""
    known = any(each in trust.authorities for each in chain[1:])
    if not known or not _is_for_lists(chain[0]) or not all(_valid(each, one) for each in chain):
        return False
    states = (trust.revocation(below, above, now) for below, above in pairwise(chain))
    return not any(isinstance(state, Revoked) for state in states) and _signed(one, chain[0])


def require_proved(lists: Iterable[StatusList], trust: TrustList, now: datetime) -> None:
    """Raise StatusListRefusedError for a list that arrives and cannot be believed."""
    for one in lists:
        if one.issued > now + _AHEAD:
            raise _refused(one, "of tomorrow")
        if not is_proved(one, chain_of_list(one, trust), trust, now):
            raise _refused(one, "not signed under an authority of the folder")


def _is_for_lists(leaf: x509.Certificate) -> bool:
    """Tell whether a certificate says that its key is for lists of letters taken back alone."""
    try:
        told = extensions_of(leaf)
        purposes = told.get_extension_for_class(x509.ExtendedKeyUsage).value
        usage = told.get_extension_for_class(x509.KeyUsage).value
    except UNREADABLE:
        return False
    signs = usage.digital_signature and not usage.content_commitment
    return signs and list(purposes) == [PURPOSE] and not is_authority(leaf)


def _signed(one: StatusList, leaf: x509.Certificate) -> bool:
    try:
        key = leaf.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        verify(ParsedStatusList.parse(one.token), key)
    except (SealingError, *UNREADABLE):
        return False
    return True


def _valid(certificate: x509.Certificate, one: StatusList) -> bool:
    first, last = certificate.not_valid_before_utc.date(), certificate.not_valid_after_utc.date()
    return first <= one.issued.date() <= last


def _refused(one: StatusList, why: str) -> StatusListRefusedError:
    return StatusListRefusedError(f"got a list {why}", address=one.address, why=why)
