"""What pyHanko finds in a PDF's seals, as values of our own: facts, no verdict.

`pyhanko_guard` fills them, `pades` and `stamps` decide on them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from cryptography import x509

from verifier.check import Indication
from verifier.errors import VerifierError
from verifier.verdict import Coverage


class UnreadableSealsError(VerifierError):
    """The structure of the PDF cannot be followed to its seals. Details: `fault` (`faults`)."""

    code: ClassVar[str] = "verifier.seals-unreadable"


@dataclass(frozen=True, slots=True)
class Answer:
    """pyHanko's answer on one signature; `template` is the key of what it shares with others."""

    indication: Indication
    sub_indication: str | None
    intact: bool
    valid: bool
    template: bytes = b""


class Modification(StrEnum):
    """What was changed after the sealed revision, at worst."""

    NONE = "none"
    VALIDATION_DATA = "validation-data"
    FORM = "form"
    ANNOTATIONS = "annotations"
    METADATA = "metadata"
    SETTINGS = "settings"
    PROOFS = "proofs"
    OTHER = "other"


# What may follow a seal without a word.
PASSING: Final = {Modification.NONE, Modification.VALIDATION_DATA}
# Faults that have words of their own: nobody signed, as far as can be told; the dictionary does not
# say which bytes are sealed.
NO_SIGNER: Final = "no-signer"
BAD_RANGES: Final = "bad-ranges"
ARCHIVE_FILTER: Final = "/ETSI.RFC3161"


@dataclass(frozen=True, slots=True)
class Stamp:
    """One time-stamp over a seal. `fault` names the class of an exception; the rest is then empty.

    `intact` and `valid`: it is about this very seal, and its signature verifies. `indication` is
    pyHanko's whole answer, with the lists of the trust folder; `contents` is the token (DER).
    """

    fault: str | None = None
    indication: Indication | None = None
    intact: bool = False
    valid: bool = False
    time: datetime | None = None
    signer: x509.Certificate | None = None
    carried: tuple[x509.Certificate, ...] = ()
    contents: bytes = b""

    @property
    def holds(self) -> bool:
        """Tell whether all of it holds, its authority and revocation included."""
        return self.intact and self.valid and self.indication is Indication.TOTAL_PASSED


@dataclass(frozen=True, slots=True)
class Archive:
    """One time-stamp over the whole file as it was, in a revision behind a seal.

    `stamp` was judged at the hour of the next archive stamp that holds, the last one now; `gap` is
    the span of the file that it leaves out, `contents` the token with its padding.
    """

    field: str
    stamp: Stamp
    coverage: Coverage = Coverage.UNCLEAR
    modification: Modification = Modification.OTHER
    sub_filter: str = ""
    gap: tuple[int, int] = (0, 0)
    contents: bytes = b""

    @property
    def holds(self) -> bool:
        """Tell whether it proves that the file existed: all of it, and nothing else since."""
        clear = self.coverage is not Coverage.UNCLEAR and self.sub_filter == ARCHIVE_FILTER
        return clear and self.modification in PASSING and self.stamp.holds


@dataclass(frozen=True, slots=True)
class Examined:
    """What pyHanko found of one signature. Nothing here is a verdict.

    `fault` names the class of an exception while validating, or what we call it; then the rest may
    be empty. `indication` and `sub_indication` are pyHanko's own answer; `gap` is the span of the
    file that the signature leaves out, `behind` how much it covers behind that, `contents` the
    bytes of the CMS with its padding. `document_id` is what a reader finds in the dictionary.
    `proved_later` says that seal and stamps hold at the hour of the first stamp by the proofs in
    the file alone. `archives` are the archive stamps behind it, the newest first;
    `archives_unread` says that there are more than were looked at. `archived_at` is the hour of
    the oldest that holds, where seal and stamps held too, by the proofs that it covers; `stamps`
    are then as they were found at that hour. `template` is the key of what its CMS has in common
    with others (`template`), empty where it has none.
    """

    field: str
    fault: str | None = None
    indication: Indication | None = None
    sub_indication: str | None = None
    intact: bool = False
    valid: bool = False
    coverage: Coverage = Coverage.UNCLEAR
    modification: Modification = Modification.OTHER
    only_signatures_added: bool = False
    sub_filter: str = ""
    signing_time: datetime | None = None
    signer: x509.Certificate | None = None
    carried: tuple[x509.Certificate, ...] = ()
    gap: tuple[int, int] = (0, 0)
    contents: bytes = b""
    behind: int = 0
    document_id: str = ""
    stamps: tuple[Stamp, ...] = ()
    proved_later: bool = False
    archives: tuple[Archive, ...] = ()
    archives_unread: bool = False
    archived_at: datetime | None = None
    template: bytes = b""


@dataclass(frozen=True, slots=True)
class ExaminedFile:
    """Every seal of a file, and how many signatures there are with document time-stamps."""

    seals: tuple[Examined, ...]
    signatures: int
