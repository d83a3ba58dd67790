"""The archive stamps over a sealed file: each is about the file as it was, and says until when.

Rules kept here (EN 319 142-1 section 5.4.3, EN 319 102-1 clause 5.6.3):

- an archive stamp that is not about this file, whose signature is false, that does not cover its
  revision whole, or whose bytes were changed: unsure, somebody touched it;
- one that holds, but not by the lists in force (an authority outside the folder, a certificate that
  has ended since) proves nothing and accuses nobody: it is told;
- behind a seal that has more of them than are looked at, the others could say anything: unsure;
- the newest is judged now, by the trust folder; each older one at the hour of the one behind it, by
  the proofs which that one covers (`pyhanko_guard`).
"""

from collections.abc import Iterator
from typing import Final

from verifier.check import Check, SubIndication
from verifier.checks.certificate import chain_of
from verifier.checks.seal.announced import check_announced, check_carried, check_gap
from verifier.checks.seal.examined import ARCHIVE_FILTER, PASSING, Archive, Examined
from verifier.trust.trust_list import TrustList
from verifier.verdict import Coverage

_NAME: Final = "archive"


def check_archives(seal: Examined, pdf: bytes, trust: TrustList) -> Iterator[Check]:
    """Check each archive stamp behind a seal, the newest first."""
    if seal.archives_unread:
        yield Check.unsure(_NAME, "archives-too-many", SubIndication.GENERIC)
    for archive in seal.archives:
        yield _holds(archive)
        signer = archive.stamp.signer
        if signer is None:
            continue
        yield check_gap(_NAME, pdf, archive.gap, archive.contents)
        yield check_announced(_NAME, archive.stamp.contents, signer)
        chain = chain_of(signer, (*trust.authorities, *archive.stamp.carried))
        yield check_carried(_NAME, archive.stamp.carried, trust, chain)
    if seal.archived_at is not None:
        yield Check.passed("seal.archive", "archived", at=seal.archived_at.isoformat())


def _holds(archive: Archive) -> Check:
    stamp, sub = archive.stamp, SubIndication.SIG_CONSTRAINTS_FAILURE
    if stamp.fault is not None:
        return Check.unsure(_NAME, "archive-unreadable", sub, fault=stamp.fault)
    sound = stamp.intact and stamp.valid and archive.sub_filter == ARCHIVE_FILTER
    if not sound or stamp.signer is None or stamp.time is None:
        return Check.unsure(_NAME, "archive-broken", sub)
    if archive.coverage is Coverage.UNCLEAR or archive.modification not in PASSING:
        return Check.unsure(_NAME, "archive-not-whole", sub)
    at = stamp.time.isoformat()
    if not archive.holds:
        return Check.passed(_NAME, "archive-not-proved", at=at)
    return Check.passed(_NAME, "archive-proved", at=at)
