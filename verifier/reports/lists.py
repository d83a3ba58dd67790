"""The trust lists, told: members of `coffre trust show --json`, which its lines are made of."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from storage.language import N_
from verifier.trust.trust_list import ListName, TrustList, TrustListInfo

LIST_NAMES: Final = {
    ListName.TSL: N_("liste officielle 2D-Doc"),
    ListName.TWODDOC: N_("annuaires 2D-Doc"),
    ListName.AUTHORITIES: N_("autorités de cachet et d'horodatage"),
    ListName.CRL: N_("listes de révocation"),
    ListName.STATUS: N_("listes des retraits"),
    ListName.EUROPEAN: N_("liste de confiance européenne"),
}


def list_row(one: TrustListInfo, trust: TrustList, now: datetime) -> dict[str, Any]:
    """Tell the dates of one list, and whether it is too old."""
    due, grace = one.expires, trust.limits.crl_grace
    if one.name is ListName.TWODDOC and due is None:
        due = one.issued + trust.limits.directory
    ends = due + grace if due and one.name is ListName.CRL else due
    return {
        "name": str(one.name),
        "issued": one.issued.isoformat(),
        "age_days": max(0, (now - one.issued).days),
        "due": due.isoformat() if due else None,
        "too_old": ends is not None and now > ends,
    }


def authority_rows(trust: TrustList) -> Iterator[dict[str, Any]]:
    """Tell each 2D-Doc authority: withdrawn or not, how many certificates."""
    names = {*trust.twoddoc_authorities, *(ca_id for ca_id, _ in trust.twoddoc_leaves)}
    for ca_id in sorted(names):
        leaves = [len(own) for (ca, _), own in trust.twoddoc_leaves.items() if ca == ca_id]
        withdrawn = ca_id in trust.withdrawn
        yield {"id": ca_id, "withdrawn": withdrawn, "certificates": sum(leaves)}
