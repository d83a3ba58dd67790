"""The time-stamps over a seal, and the level that they and the file's own proofs reach.

Rules kept here (EN 319 102-1 clause 5.4, EN 319 142-1 section 6):

- a time-stamp that is not about this seal, or whose signature is false, was put there or changed by
  somebody: unsure, though the seal alone might stand;
- one that holds, by an authority outside the trust folder, proves nothing and accuses nobody: it is
  told, and the level stays B-B;
- B-T: a time-stamp that holds, all of it, by the lists in force. B-LT: moreover seal and time-stamp
  are proved at the hour of the time-stamp by the certificates and revocations in the file alone.
  B-LTA: they were proved at the hour of an archive stamp, which holds (`archives`).
"""

from collections.abc import Iterator
from typing import Final

from verifier.check import Check, Indication, SubIndication
from verifier.checks.certificate import chain_of
from verifier.checks.seal.announced import check_announced, check_carried, check_written
from verifier.checks.seal.examined import Examined, Stamp
from verifier.trust.trust_list import TrustList

B_B: Final = "B-B"
B_T: Final = "B-T"
B_LT: Final = "B-LT"
B_LTA: Final = "B-LTA"
_NAME: Final = "time-stamp"


def check_stamps(seal: Examined, trust: TrustList) -> Iterator[Check]:
    """Check each time-stamp of a seal, and say whether the file proves it later."""
    for stamp in seal.stamps:
        yield _holds(stamp)
        if stamp.signer is None:
            continue
        yield check_written(_NAME, stamp.contents)
        yield check_announced(_NAME, stamp.contents, stamp.signer)
        chain = chain_of(stamp.signer, (*trust.authorities, *stamp.carried))
        yield check_carried(_NAME, stamp.carried, trust, chain)
    if seal.proved_later and _is_proved(seal):
        yield Check.passed("seal.proofs", "proofs-embedded")


def level_of(seal: Examined) -> str:
    """Give the level that a seal reaches, which itself holds."""
    if seal.archived_at is not None:
        return B_LTA
    if not _is_proved(seal):
        return B_B
    return B_LT if seal.proved_later else B_T


def _is_proved(seal: Examined) -> bool:
    """Tell whether every time-stamp holds wholly; without any, none does."""
    return bool(seal.stamps) and all(stamp.holds for stamp in seal.stamps)


def _holds(stamp: Stamp) -> Check:
    sub = SubIndication.SIG_CONSTRAINTS_FAILURE
    if stamp.fault is not None:
        return Check.unsure(_NAME, "time-stamp-unreadable", sub, fault=stamp.fault)
    if not (stamp.intact and stamp.valid) or stamp.signer is None or stamp.time is None:
        return Check.unsure(_NAME, "time-stamp-broken", sub)
    at = stamp.time.isoformat()
    if stamp.indication is not Indication.TOTAL_PASSED:
        return Check.passed(_NAME, "time-stamp-not-proved", at=at)
    return Check.passed(_NAME, "time-stamp-proved", at=at)
