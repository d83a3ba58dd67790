"""One forged file and the answer that it must get: indication, sub-indication, reason."""

from dataclasses import dataclass, field
from datetime import datetime

from support.pages import trust
from support.sealers import NOW

from verifier.check import Indication, SubIndication
from verifier.trust.trust_list import TrustList


@dataclass(frozen=True, slots=True)
class Answer:
    """What the verifier must say of a file, to the letter."""

    indication: Indication
    sub_indication: SubIndication | None
    reason: str


def failed(reason: str, sub: SubIndication = SubIndication.HASH_FAILURE) -> Answer:
    """Expect a proof that the file is false."""
    return Answer(Indication.TOTAL_FAILED, sub, reason)


def unsure(reason: str, sub: SubIndication = SubIndication.SIG_CONSTRAINTS_FAILURE) -> Answer:
    """Expect that nothing can be concluded."""
    return Answer(Indication.INDETERMINATE, sub, reason)


PASSED = Answer(Indication.TOTAL_PASSED, None, "all-passed")
# Neither a seal nor a code: no answer at all, exit 10.
NOTHING = None
CHANGED = failed("changed-after-sealing")
ALTERED = failed("content-changed")
SIGNATURE = failed("signature-invalid", SubIndication.SIG_CRYPTO_FAILURE)
PRINTED = failed("values-not-on-page")
FILLED = unsure("filled-or-annotated-after-sealing")
REWRITTEN = unsure("rewritten-after-sealing", SubIndication.SIGNED_DATA_NOT_FOUND)
OUTSIDE = unsure("bytes-outside-the-seal")
SETTINGS = unsure("settings-changed-after-sealing")
WORDS = unsure("metadata-changed-after-sealing")
UNREADABLE = unsure("pdf-structure-unreadable", SubIndication.FORMAT_FAILURE)
OUT_OF_REACH = unsure("seal-out-of-reach", SubIndication.FORMAT_FAILURE)
NOT_PADES = unsure("not-a-pades-seal", SubIndication.FORMAT_FAILURE)
CONTENTS = unsure("seal-contents-unreadable", SubIndication.FORMAT_FAILURE)
RANGES = unsure("ranges-malformed", SubIndication.FORMAT_FAILURE)
NO_SIGNER = unsure("signer-not-identified", SubIndication.NO_SIGNING_CERTIFICATE_FOUND)
NOT_ESTABLISHED = unsure("integrity-not-established", SubIndication.GENERIC)
MALFORMED = failed("seal-malformed", SubIndication.FORMAT_FAILURE)
LACKING = unsure("signed-attributes-missing")
STRANGER = unsure("issuer-not-trusted", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: whom he believes, and when; `drawn`: the codes of the pages are read too."""

    trust: TrustList = field(default_factory=trust)
    at: datetime = NOW
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Attack:
    """A forged file. `expected` is None where there is nothing to judge."""

    name: str
    family: str
    data: bytes
    expected: Answer | None
    reader: Reader = field(default_factory=Reader)

    def __str__(self) -> str:
        """Name it in a report."""
        return f"{self.family}: {self.name}"
