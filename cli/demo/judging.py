"""What the demo's chapters ask of the verifier: the commands' own answers."""

from datetime import UTC, datetime

from cli.demo.stage import Stage, StoryError
from storage.language import N_
from verifier.check import Indication
from verifier.reading.document import read_document
from verifier.reading.found import ReadDocument, text_document
from verifier.reports.sentences import explanation, headline
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode
from verifier.verdict import Verdict
from verifier.verify import verify


def refused(stage: Stage, verdict: Verdict) -> str:
    """Say a refusal and its reason."""
    return stage.tr(N_("« {headline} » : {why}")).format(
        headline=headline(verdict, stage.tr), why=explanation(verdict, stage.tr)
    )


def judge(stage: Stage, pdf: bytes) -> Verdict:
    """Verify a file with the demonstration's trust lists."""
    return _judged(stage, read_document(pdf, "attestation"))


def judge_text(stage: Stage, code: bytes) -> Verdict:
    """Verify the characters of a code, as a scanner types them."""
    return _judged(stage, text_document(code.decode("ascii")))


def _judged(stage: Stage, document: ReadDocument) -> Verdict:
    trust = read_trust([stage.pki / "trust"], Mode.TEST)
    return verify(document, trust, datetime.now(UTC))


def require(step: str, verdict: Verdict, expected: Indication) -> None:
    """Raise StoryError when a verdict is not the one that the story promises."""
    found = verdict.conclusion
    if found is None or found.indication is not expected:
        raise StoryError(f"got {found}, expected {expected}", step=step)
