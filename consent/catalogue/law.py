"""What the law adds to a registration: closed lists, and what administrations hold already.

Rules kept here:

- a démarche of a closed list asks no more than the list has: school enrolment, three proofs
  (code de l'éducation D.131-3-1); a list that the catalogue does not know is refused too;
- a type that goes out as claims alone (health) is never asked as a document;
- a proof that the service can get from an administration (CRPA L.113-12, L.113-13) is named, so
  that the person can answer "fetch it yourselves".

Vault and client both ask here: neither takes the other's word.
"""

from collections import Counter
from typing import ClassVar

from consent.catalogue.proof_types import closed_list, proof_type
from consent.errors import ConsentError
from consent.messages.request import DOCUMENT, Request


class ClosedListError(ConsentError):
    """The request asks more than the law lets this démarche ask. Details: `list`."""

    code: ClassVar[str] = "closed-list"


class ClaimsOnlyError(ConsentError):
    """The request asks as a document what goes out as claims alone. Details: `type`."""

    code: ClassVar[str] = "claims-only"


def check_request(request: Request) -> None:
    """Raise ClosedListError, ClaimsOnlyError or ProofTypeError when the law refuses a request."""
    for requirement in request.requirements:
        for each in requirement.one_of:
            if proof_type(each.type).claims_only and each.form == DOCUMENT:
                raise ClaimsOnlyError("got a document asked of a claims-only type", type=each.type)
    name = request.registration.closed_list
    if name is None:
        return
    listed = closed_list(name)
    if listed is None:
        raise ClosedListError("got a list that the catalogue has not", list=name)
    left = Counter(listed.types)
    for requirement in request.requirements:
        types = {each.type for each in requirement.one_of}
        if len(types) != 1 or left[next(iter(types))] == 0:
            raise ClosedListError("got more than the list has", list=name)
        left[types.pop()] -= 1


def obtainable_elsewhere(request: Request) -> tuple[tuple[str, str], ...]:
    """Give the requirements that an administration could answer: (requirement, who holds it)."""
    found = []
    for requirement in request.requirements:
        holders = {proof_type(each.type).obtainable_from for each in requirement.one_of}
        found += [(requirement.id, holder) for holder in sorted(filter(None, holders))]
    return tuple(found)
