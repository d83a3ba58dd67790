"""The PKCS#11 libraries of this process: each started once, by whoever needs it first.

Rules kept here:

- one library a file and process, because a library can be started once;
- a forked child starts its own beside the parent's, whose sessions it neither uses nor closes;
- `rest` gives every session back: who has checked its keys and leaves the sealing to workers does.
"""

import os
from typing import Final

from sealing.signers.pkcs11 import Library, name_of, pin_for
from sealing.signers.token_access import Access
from sealing.signers.token_errors import PinMissingError

# By process: letting go of what a parent left would close the parent's own sessions.
_HERE: Final[dict[int, dict[str, Library]]] = {}


def library(access: Access) -> Library:
    """Give the library of an address, one a process."""
    here = _HERE.get(os.getpid())
    if here is None:
        here = _HERE.setdefault(os.getpid(), {})
    found = here.get(access.module)
    if found is None:
        found = Library(access.module, inherited=len(_HERE) > 1)
        found = here.setdefault(access.module, found)
    return found


def rest() -> None:
    """Give back the sessions of this process; the next signature opens what it needs."""
    for each in list(_HERE.get(os.getpid(), {}).values()):
        with each.turn:
            each.stop()


def pin_wanted(access: Access) -> str | None:
    """Give the name of a token that wants a PIN from a person, where none was given.

    Raises what `Library.token` raises.
    """
    if access.pin is not None:
        return None
    with library(access).turn:
        token = library(access).token(access)
        try:
            pin_for(token, access)
        except PinMissingError:
            return name_of(token)
    return None
