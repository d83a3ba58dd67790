"""The European lists, renewed: the list of lists, then that of each country that was asked for.

Rules kept here:

- the list of lists comes from the address of the settings and is verified under the certificates
  that they pin; a country's list from the address that it gives, on a host that they name;
- a list older than the one held, or of tomorrow, is refused;
- what fails leaves what was held, and its date: its age tells. A country's list whose signers
  changed with the list of lists must be there again for either to be taken: the folder is read as
  a whole.

Files in, files out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.errors import CoffreError
from verifier.trust.anchors import Anchors
from verifier.trust.eu_list import ListOfLists, Scheme, read_list_of_lists, read_national
from verifier.trust.european import LISTS, SIGNERS, European
from verifier.trust.kept_folder import Files
from verifier.trust.refresh import AHEAD, Fetch, Step, TslOfTomorrowError, TslOlderError, pem
from verifier.trust.signed_list import unreadable
from verifier.trust.trust_list import ListName


@dataclass(frozen=True, slots=True)
class EuropeanSource:
    """Where the list of lists is, who signs it, and whose national lists are wanted."""

    address: str
    anchors: Anchors
    countries: Sequence[str]


def renew_european(files: Files, source: EuropeanSource, fetch: Fetch, now: datetime) -> list[Step]:
    """Renew, in `files`, the European lists; tell what happened to each."""
    found = dict(files)
    try:
        data = fetch(source.address)
        lists = read_list_of_lists(data, source.anchors)
        held = _held(files)
        _require_newer(lists.scheme, None if held is None else held.scheme, now)
    except CoffreError as error:
        return [Step(ListName.EUROPEAN, "EU", error=error)]
    found |= {LISTS: data, SIGNERS: pem(source.anchors.certificates)}
    steps = [Step(ListName.EUROPEAN, "EU", len(lists.pointers))]
    steps += [_country(name, lists, (found, held), fetch, now) for name in source.countries]
    try:
        European.read(found)
    except CoffreError as error:
        # Lists held and lists taken that do not fit together: those held stay, all of them.
        return [*steps[1:], Step(ListName.EUROPEAN, "EU", error=error)]
    files.update(found)
    return steps


def _country(
    name: str,
    lists: ListOfLists,
    folder: tuple[Files, European | None],
    fetch: Fetch,
    now: datetime,
) -> Step:
    files, held = folder
    try:
        pointer = lists.pointers.get(name)
        if pointer is None:
            raise unreadable(f"no list of {name}")
        data = fetch(pointer.address)
        taken = read_national(data, name, pointer)
        known = {} if held is None else {one.territory: one for one in held.schemes}
        _require_newer(taken.scheme, known.get(name), now)
    except CoffreError as error:
        return Step(ListName.EUROPEAN, name, error=error)
    files[f"eu/{name}.xml"] = data
    return Step(ListName.EUROPEAN, name, len(taken.authorities))


def require_not_older(taken: European, files: Files, now: datetime) -> None:
    """Raise TslOlderError or TslOfTomorrowError for lists beside those of a folder."""
    held = _held(files)
    known = {} if held is None else {one.territory: one for one in held.schemes}
    for scheme in taken.schemes:
        _require_newer(scheme, known.get(scheme.territory), now)


def _held(files: Files) -> European | None:
    return European.read(files) if LISTS in files and SIGNERS in files else None


def _require_newer(scheme: Scheme, held: Scheme | None, now: datetime) -> None:
    if scheme.issued > now + AHEAD:
        day = scheme.issued.date().isoformat()
        raise TslOfTomorrowError(f"got a list of {day}", issued=day)
    if held is not None and (scheme.sequence, scheme.issued) < (held.sequence, held.issued):
        got, kept = scheme.sequence, held.sequence
        raise TslOlderError(f"got list {got}, held {kept}", got=got, held=kept)
