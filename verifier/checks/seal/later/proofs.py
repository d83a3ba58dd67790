"""The proofs that a file carries (DSS), after a signature: those that it had, and perhaps more.

Whoever keeps a seal for long adds proofs and takes none away (ETSI EN 319 142-1, 5.4); pyHanko lets
a later revision exchange them. Proofs are compared as bytes, wherever they stand. What is read are
pyHanko's values, by their Python sides.
"""

from collections.abc import Mapping
from typing import Any, Final

_KINDS: Final = ("/Certs", "/OCSPs", "/CRLs")


def keeps_proofs(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Compare two revisions by their catalogs; nonsense in them makes errors of Python's."""
    if "/DSS" not in old:
        return True
    before, after = old["/DSS"], new["/DSS"] if "/DSS" in new else {}  # noqa: SIM401 - by subscript
    return all(_held(before, kind) <= _held(after, kind) for kind in _KINDS)


def _held(store: Mapping[str, Any], kind: str) -> set[bytes]:
    if kind not in store:
        return set()
    return {bytes(raw.get_object().data) for raw in store[kind]}
