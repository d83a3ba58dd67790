"""The trust lists, as the page that verifies in the browser needs them.

Rules kept here:

- what asks for certificates to be read is done here: names, keys, which authority signed each,
  revocation; what depends on the hour is left to the page, for it may stay open;
- dates of certificates are whole days, first and last included, as in `checks/certificate.py`;
- the answer says when it was given, and until when a page that cannot ask again may rest on it;
- everything here is public: the lists hold issuers, never a person.

Twin: `client/trust/trust_list.ts`.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from verifier.checks.certificate import check_key_usage, check_purpose, holder_name
from verifier.checks.codes.towncode import seal_chain
from verifier.trust.anchors import UNREADABLE
from verifier.trust.trust_list import (
    ListName,
    ListTooOld,
    NoList,
    Revoked,
    TrustList,
)
from verifier.web.authorities import seal_authorities
from verifier.web.moments import FAR, moment

_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
# A device that has not asked again since can no longer conclude: "liste périmée".
_RENEWAL: Final = timedelta(hours=72)

router = APIRouter()


def trust_of(request: Request) -> TrustList:
    """Give the lists that the server was started with."""
    return cast("TrustList", request.app.state.trust)


@router.get("/verifier/confiance.json")
def trust_lists(request: Request) -> JSONResponse:
    """Give the issuers that are believed, for verifying in the browser."""
    told = as_json(trust_of(request), datetime.now(UTC))
    return JSONResponse(told, headers={"Cache-Control": "no-cache"})


def as_json(trust: TrustList, now: datetime) -> dict[str, Any]:
    """Write what the trust lists hold for 2D-Docs, town codes and seals."""
    ends = [
        one.expires or one.issued + trust.limits.directory
        for one in trust.lists
        if one.name in {ListName.TSL, ListName.TWODDOC}
    ]
    return {
        "schema_version": 1,
        "mode": str(trust.mode),
        "given": moment(now),
        "renew_by": moment(now + _RENEWAL),
        "lists": [
            {
                "name": str(one.name),
                "issued": moment(one.issued),
                "expires": moment(one.expires) if one.expires else None,
            }
            for one in trust.lists
        ],
        "directory_good_until": moment(min(ends)) if ends else None,
        "authorities": sorted(trust.twoddoc_authorities),
        "withdrawn": sorted(trust.withdrawn),
        "certificates": list(_certificates(trust)),
        "seals": list(_seals(trust)),
        "seal_authorities": list(seal_authorities(trust)),
    }


def _certificates(trust: TrustList) -> Iterator[dict[str, Any]]:
    for (ca, cert), leaves in sorted(trust.twoddoc_leaves.items()):
        for leaf in leaves:
            issuer = trust.issuer_of(ca, leaf)
            revoked, good_until = _revocation(trust, leaf, issuer)
            yield {
                "ca": ca,
                "cert": cert,
                "name": holder_name(leaf),
                **_days(leaf),
                "key": _key(leaf),
                "key_usage": check_key_usage("twoddoc", leaf).reason,
                "authority": _days(issuer) if issuer else None,
                "revoked": revoked,
                "list_good_until": good_until,
            }


def _seals(trust: TrustList) -> Iterator[dict[str, Any]]:
    """Write the certificates of town codes, each with what its whole chain says."""
    for name, leaves in sorted(trust.seals.items()):
        for leaf in leaves:
            chain = seal_chain(leaf, trust)
            above = [_days(one) for one in chain.certificates[1:]]
            states = [_revocation(trust, one, two) for one, two in pairwise(chain.certificates)]
            ends = [end for _, end in states]
            yield {
                "thumbprint": name.hex().upper(),
                "name": holder_name(leaf),
                **_days(leaf),
                "key": _key(leaf, only="secp256r1"),
                "key_usage": check_key_usage("towncode", leaf).reason,
                "purpose": check_purpose("towncode", leaf).reason,
                "chained": chain.chained,
                "pinned": chain.pinned,
                "authority": _all_of(above) if above else None,
                "revoked": next((one for one, _ in states if one is not None), None),
                "list_good_until": min(filter(None, ends)) if ends and all(ends) else None,
            }


def _all_of(days: Sequence[dict[str, str]]) -> dict[str, str]:
    """Give the days on which all of several certificates are valid."""
    return {
        "first": max(one["first"] for one in days),
        "last": min(one["last"] for one in days),
    }


def _revocation(
    trust: TrustList, leaf: x509.Certificate, issuer: x509.Certificate | None
) -> tuple[dict[str, str] | None, str | None]:
    """Give the revocation if any, and until when the list that tells it is good."""
    answer = trust.revocation(leaf, issuer, FAR) if issuer else NoList()
    match answer:
        case Revoked(at, why):
            return {"at": at.date().isoformat(), "why": why}, None
        case ListTooOld(due):
            ends = due + trust.limits.crl_grace
            accorded = trust.accorded.get(issuer, ends) if issuer else ends
            return None, moment(min(ends, accorded))
        case NoList():
            return None, None
    # A look-up kept beside the lists: good as long as a list would be.
    return None, moment(answer.checked + timedelta(days=1) + trust.limits.crl_grace)


def _key(leaf: x509.Certificate, only: str | None = None) -> dict[str, str] | None:
    try:
        key = leaf.public_key()
    except UNREADABLE:
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        return None
    if only is not None and key.curve.name != only:
        return None
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {"curve": _CURVES[key.curve.name], "spki": b64encode(spki).decode()}


def _days(certificate: x509.Certificate) -> dict[str, str]:
    return {
        "first": certificate.not_valid_before_utc.date().isoformat(),
        "last": certificate.not_valid_after_utc.date().isoformat(),
    }
