"""The authorities of seals, as the page needs them to judge the seal of a PDF.

Rules kept here:

- the certificate of a seal comes with its file, so it is the page that asks which authority signed
  it; all that can be said beforehand is said here: the chain above each authority, what it revoked,
  and until when the lists that say so are good, without grace;
- an authority is usable when its whole chain may sign certificates, to a root of the folder, in a
  form that holds no surprise; another one is given, for certificates that it signed beside, and
  nothing may be chained to it;
- only lists of all that an authority issued count: of another, nobody knows here whether it speaks
  of a certificate that is yet to come. More than 10,000 revocations are not sent, and then nothing
  is concluded.

Twin: `client/checks/seal.ts`.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from verifier.checks.certificate import chain_of
from verifier.trust.anchors import UNREADABLE, extensions_of
from verifier.trust.trust_list import (
    Revoked,
    TrustList,
    is_list_of,
    revocation_by_lists,
    signer_among,
)
from verifier.web.moments import FAR, moment

_MOST_REVOKED: Final = 10_000
_DIGESTS: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
# Those that put no condition on what stands below, or one that is asked here.
_PLAIN: Final = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
    x509.CRLDistributionPoints,
    x509.AuthorityInformationAccess,
    x509.CertificatePolicies,
    x509.SubjectAlternativeName,
    x509.IssuerAlternativeName,
)


def seal_authorities(trust: TrustList) -> Iterator[dict[str, Any]]:
    """Write every authority of the lists, with what can be said before a seal is seen."""
    for authority in trust.authorities:
        chain = chain_of(authority, trust.authorities)
        states = [_above(trust, below, above) for below, above in pairwise(chain)]
        revoked, good_until = _issued(trust, authority)
        yield {
            "der": b64encode(authority.public_bytes(Encoding.DER)).decode(),
            "usable": _is_usable(chain, trust),
            "first": moment(max(one.not_valid_before_utc for one in chain)),
            "last": moment(min(one.not_valid_after_utc for one in chain)),
            "revoked": next((told for told, _ in states if told is not None), None),
            "list_good_until": _least([end for _, end in states]),
            "revoked_serials": revoked,
            "issued_good_until": moment(good_until) if good_until else None,
        }


def _is_usable(chain: list[x509.Certificate], trust: TrustList) -> bool:
    try:
        *below, top = chain
        ends = signer_among(trust.authorities, top)
        return (
            (ends is None or ends == top)
            and all(_may_sign(one, depth) for depth, one in enumerate(chain))
            and all(isinstance(one.signature_hash_algorithm, _DIGESTS) for one in below)
        )
    except UNREADABLE:
        return False


def _may_sign(certificate: x509.Certificate, depth: int) -> bool:
    """Tell whether a certificate may sign others, `depth` of which stand below it already."""
    extensions = extensions_of(certificate)
    if not all(isinstance(one.value, _PLAIN) for one in extensions):
        return False
    limits = extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    short = limits.path_length is not None and limits.path_length < depth
    return limits.ca and usage.key_cert_sign and not short


def _above(
    trust: TrustList, below: x509.Certificate, above: x509.Certificate
) -> tuple[dict[str, str] | None, datetime | None]:
    """Give the revocation of a certificate of the chain, and until when nothing is known of one."""
    crls = [crl for crl in trust.crls if is_list_of(crl, above)]
    answer = revocation_by_lists(crls, (below, above), FAR, trust.limits.crl_grace)
    if isinstance(answer, Revoked):
        return {"at": answer.at.date().isoformat(), "why": answer.reason}, None
    due = getattr(answer, "due", None)
    return None, due if isinstance(due, datetime) and trust.revocations is None else None


def _issued(
    trust: TrustList, authority: x509.Certificate
) -> tuple[list[dict[str, str]], datetime | None]:
    """Give what an authority revoked, and until when the list that says so is good."""
    crls = [crl for crl in trust.crls if is_list_of(crl, authority)]
    rows = [
        {
            "serial": f"{entry.serial_number:x}".zfill(2),
            "at": entry.revocation_date_utc.date().isoformat(),
            "why": "unspecified",
        }
        for crl in crls
        for entry in crl
    ]
    whole = [crl for crl in crls if _is_whole(crl)]
    if len(rows) > _MOST_REVOKED or not whole or trust.revocations is not None:
        return rows[:_MOST_REVOKED], None
    newest = max(whole, key=lambda crl: crl.last_update_utc)
    return rows, newest.next_update_utc or newest.last_update_utc


def _is_whole(crl: x509.CertificateRevocationList) -> bool:
    """Tell whether a list speaks of all that its authority issued."""
    try:
        return not any(
            one.critical or isinstance(one.value, x509.IssuingDistributionPoint)
            for one in crl.extensions
        )
    except UNREADABLE:
        return False


def _least(ends: list[datetime | None]) -> str | None:
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    # A root has no list above it.
    return moment(min(known, default=FAR))
