"""Lists of letters taken back, renewed: whole lists, never the state of one letter.

Rules kept here:

- an address is one of the settings; its lists are numbered from 0, until one is not there; one
  that is refused keeps no other from being renewed;
- a list that arrives is proved under the folder's own authorities, is at the address where it was
  asked for, is not older than the one held and forgets nothing that it said: else what was held
  stays, and its age tells; so it does where it is no more there, and that is told;
- files in, files out.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final

from sealing.proofs.status_list import StatusListError
from storage.errors import CoffreError
from verifier.errors import VerifierError
from verifier.trust.kept_folder import Files
from verifier.trust.refresh import Fetch, Step
from verifier.trust.status_lists import SUFFIX, StatusList, newer
from verifier.trust.status_proof import StatusListRefusedError, require_proved
from verifier.trust.trust_list import ListName, TrustList

MOST: Final = 4_096


class OlderStatusListError(VerifierError):
    """A list is older than the one held. Details: `address`."""

    code: ClassVar[str] = "verifier.status-list-older"


def arrived(files: Files, held: Files) -> list[StatusList]:
    """Give the lists of a folder that are not those held."""
    return [
        StatusList.parse(data)
        for name, data in files.items()
        if name.endswith(SUFFIX) and held.get(name) != data
    ]


def renew(
    files: Files, addresses: Iterable[str], fetch: Fetch, trust: TrustList, now: datetime
) -> list[Step]:
    """Renew, in `files`, the lists of some addresses; tell what happened to each address."""
    return [_renewed(files, address, fetch, trust, now) for address in addresses]


def _renewed(files: Files, base: str, fetch: Fetch, trust: TrustList, now: datetime) -> Step:
    taken = 0
    refused: CoffreError | None = None
    for number in range(MOST):
        address = f"{base}/{number}"
        try:
            data = fetch(address)
        except CoffreError as error:
            if number and _is_absent(error):
                if not _is_held(files, address):
                    break
                refused = refused or error  # what is held stays, and is missed
                continue
            return Step(ListName.STATUS, base, taken, error=error)
        try:
            _keep(files, address, data, trust, now)
            taken += 1
        except VerifierError as error:
            refused = refused or error  # the others are renewed all the same
    return Step(ListName.STATUS, base, taken, error=refused)


def _is_held(files: Files, address: str) -> bool:
    held = (data for name, data in files.items() if name.endswith(SUFFIX))
    return any(StatusList.parse(data).address == address for data in held)


def _is_absent(error: CoffreError) -> bool:
    """Tell a server that answers that there is no such list."""
    return error.details.get("status") == 404  # noqa: PLR2004 - HTTP's own number


def _keep(files: Files, address: str, data: bytes, trust: TrustList, now: datetime) -> None:
    try:
        found = StatusList.parse(data)
    except StatusListError as error:
        why = str(error.details.get("why", ""))
        raise StatusListRefusedError("got no list", address=address, why=why) from error
    if found.address != address:
        raise StatusListRefusedError("got another's list", address=address, why="another address")
    require_proved([found], trust, now)
    held = files.get(found.place)
    if held is not None and held != data and newer(held, data) == held:
        raise OlderStatusListError("got an older list", address=address)
    files[found.place] = data
