"""Which certificate of an issuer's name signed a 2D-Doc.

Rules kept here (`verifier/DESIGN.md`):

- after a renewal several certificates share a name: each is tried, the best fit is kept;
- a certificate counts when the key of its authority signed it. The published test certificate
  comes without its authority's: in test mode, and only where no certificate of the test authority
  is there, it is believed as it stands;
- outside test mode nothing of a test authority is looked at: its key is public.
"""

from dataclasses import dataclass
from enum import IntEnum

from cryptography import x509

from sealing.twoddoc.header import TwoDDocError
from sealing.twoddoc.message import ParsedMessage
from sealing.twoddoc.signature import (
    KeyNotAllowedError,
    SignatureInvalidError,
    VerifiedMessage,
    verify,
)
from verifier.checks.certificate import valid_on
from verifier.trust.anchors import UNREADABLE
from verifier.trust.trust_list import TrustList, is_test_authority


class Outcome(IntEnum):
    """What a certificate's key says of the signature, the best last."""

    WRONG_LENGTH = 0
    WRONG_KEY = 1
    INVALID = 2
    VALID = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """One certificate of the issuer's name, tried."""

    leaf: x509.Certificate
    issuer: x509.Certificate | None
    chained: bool
    outcome: Outcome
    proved: VerifiedMessage | None


def best_candidate(parsed: ParsedMessage, trust: TrustList) -> Candidate | None:
    """Give the certificate of the issuer's name that fits best; None when our lists have none.

    Chained before not, proving before not, valid on the signature date before not.
    """
    header = parsed.header
    if is_test_authority(header.ca_id) and not trust.is_test:
        return None
    tried = [
        _tried(parsed, trust, leaf) for leaf in trust.leaves(header.ca_id, header.certificate_id)
    ]
    return max(
        tried,
        key=lambda one: (one.chained, one.outcome, valid_on(one.leaf, header.signature_date)),
        default=None,
    )


def _tried(parsed: ParsedMessage, trust: TrustList, leaf: x509.Certificate) -> Candidate:
    ca_id = parsed.header.ca_id
    issuer = trust.issuer_of(ca_id, leaf)
    # The published test certificate comes without its authority's: it is believed as it is.
    pinned = is_test_authority(ca_id) and trust.is_test and ca_id not in trust.twoddoc_authorities
    chained = issuer is not None or pinned
    try:
        proved = verify(parsed, leaf.public_key())
    except KeyNotAllowedError:
        return Candidate(leaf, issuer, chained, Outcome.WRONG_KEY, None)
    except TwoDDocError:
        return Candidate(leaf, issuer, chained, Outcome.WRONG_LENGTH, None)
    except SignatureInvalidError:
        return Candidate(leaf, issuer, chained, Outcome.INVALID, None)
    except UNREADABLE:
        return Candidate(leaf, issuer, chained, Outcome.WRONG_KEY, None)
    return Candidate(leaf, issuer, chained, Outcome.VALID, proved)
