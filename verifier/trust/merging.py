"""Several trust lists put together into one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from cryptography import x509

from verifier.trust.trust_list import Mode, TrustList

_Key = TypeVar("_Key")


def merged(trusts: Sequence[TrustList]) -> TrustList:
    """Put several lists together: test as soon as one of them is. Raises ValueError for none."""
    if not trusts:
        raise ValueError("got no trust list, expected at least one")
    return TrustList(
        mode=Mode.TEST if any(one.is_test for one in trusts) else Mode.PRODUCTION,
        lists=tuple(info for one in trusts for info in one.lists),
        twoddoc_authorities=_joined([one.twoddoc_authorities for one in trusts]),
        twoddoc_leaves=_joined([one.twoddoc_leaves for one in trusts]),
        authorities=_unique([one.authorities for one in trusts]),
        seals=_joined([one.seals for one in trusts]),
        crls=tuple(crl for one in trusts for crl in one.crls),
        status_lists=tuple(each for one in trusts for each in one.status_lists),
        withdrawn=frozenset().union(*(one.withdrawn for one in trusts)),
        accorded=_accorded(trusts),
        revocations=next((one.revocations for one in trusts if one.revocations), None),
        european=next((one.european for one in trusts if one.european), None),
        limits=trusts[0].limits,
    )


def _accorded(trusts: Sequence[TrustList]) -> dict[x509.Certificate, datetime]:
    """Join what lists vouch for; an authority that another folder holds by itself needs none."""
    own = {held for one in trusts for held in one.authorities if held not in one.accorded}
    told = {name: due for one in trusts for name, due in one.accorded.items()}
    return {name: due for name, due in told.items() if name not in own}


def _joined(
    maps: Sequence[Mapping[_Key, tuple[x509.Certificate, ...]]],
) -> dict[_Key, tuple[x509.Certificate, ...]]:
    keys = dict.fromkeys(key for one in maps for key in one)
    return {key: _unique([one.get(key, ()) for one in maps]) for key in keys}


def _unique(groups: Sequence[Sequence[x509.Certificate]]) -> tuple[x509.Certificate, ...]:
    return tuple(dict.fromkeys(certificate for group in groups for certificate in group))
