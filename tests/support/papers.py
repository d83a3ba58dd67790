"""Verdicts of every kind made by hand, and what stands on the papers made of them."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pikepdf
import pymupdf

from storage.language import translator
from verifier.check import Check, SubIndication
from verifier.reports.received import Received
from verifier.reports.words import Maker, Words
from verifier.verdict import (
    CodeField,
    CodeKind,
    CodeVerdict,
    Coverage,
    Difference,
    EvidenceVerdict,
    ListUsed,
    PrintedResult,
    PrintedText,
    SealState,
    SealVerdict,
    Status,
    TrustUsed,
    Verdict,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FRENCH, ENGLISH = (Words(lang, translator(lang)) for lang in ("fr", "en"))
MAKER = Maker("9.8.7", "Ville de Valbourg")
RECEIVED = Received.of("avis.pdf", b"%PDF-1.7 of the tests", NOW)
TRUST = TrustUsed((ListUsed("tsl", NOW - timedelta(days=12), 12), ListUsed("crl", NOW, 0)))
FIELDS = (
    CodeField("10", "Nom", "Name", "DUPONT CLAIRE", "DUPONT CLAIRE"),
    CodeField("24", "Montant", "Amount", "84,20", "8420"),
)
SAME = PrintedText(PrintedResult.SAME, (), Check.passed("twoddoc.printed-text", "values-on-page"))
OTHERWISE = PrintedText(
    PrintedResult.DIFFERENT,
    (Difference("24", "Montant", "84,20", "34,20"), Difference("10", "Nom", "DUPONT CLAIRE")),
    Check.failed("twoddoc.printed-text", "values-not-on-page", SubIndication.HASH_FAILURE),
)
SEAL = SealVerdict(
    "Signature1",
    (
        Check.passed("seal.structure", "pades-seal"),
        Check.passed("seal.integrity", "content-unchanged"),
        Check.passed("seal.chain", "issuer-trusted"),
    ),
    level="B-T",
    signer="Cachet, Ville de Valbourg",
    signing_time=NOW - timedelta(days=3),
    coverage=Coverage.WHOLE_DOCUMENT,
)
CODE = CodeVerdict(
    CodeKind.TWODDOC,
    b"DC04",
    (Check.passed("twoddoc.structure", "well-formed"),),
    doc_type="00",
    doc_type_name="Justificatif de domicile",
    ca="FR05",
    issuer="Ville de Valbourg",
    signature_date=date(2026, 11, 18),
    fields=FIELDS,
    printed_text=SAME,
)


def failing(seal: SealVerdict, *checks: Check) -> SealVerdict:
    """Give a seal that some checks spoil."""
    return replace(seal, checks=(*seal.checks, *checks))


def verdict(
    seals: Sequence[SealVerdict] = (), codes: Sequence[CodeVerdict] = (), *checks: Check
) -> Verdict:
    """Give the verdict on a file that bears these."""
    return Verdict("avis.pdf", NOW, TRUST, tuple(codes), tuple(seals), checks)


ALTERED = Check.failed("seal.integrity", "content-changed", SubIndication.HASH_FAILURE)
NO_LIST = Check.unsure("seal.revocation-list", "no-list", SubIndication.TRY_LATER)
STRANGER = Check.unsure(
    "seal.chain", "issuer-not-trusted", SubIndication.NO_CERTIFICATE_CHAIN_FOUND
)
TAKEN_BACK = Check.unsure("file.status", "status-revoked", SubIndication.GENERIC, day="20/11/2026")

GREEN = verdict([SEAL], [CODE])
BLUE = verdict([], [replace(CODE, printed_text=PrintedText(PrintedResult.NOT_COMPARED))])
OURS = verdict([failing(SEAL, NO_LIST)])
UNKNOWN = verdict([failing(SEAL, STRANGER)])
RED = verdict([failing(SEAL, ALTERED)])
DIFFERENT = verdict([], [replace(CODE, printed_text=OTHERWISE)])
REVOKED = replace(
    verdict([SEAL], [], TAKEN_BACK), status=Status(SealState.REVOKED, NOW - timedelta(days=1))
)
PROVED = (Check.passed("evidence.file", "evidence-of-this-file"),)
DATED = replace(GREEN, evidence=EvidenceVerdict(PROVED, NOW - timedelta(days=9), "TSA de la ville"))
NOTHING = verdict()
STATES = {
    "green": GREEN,
    "blue": BLUE,
    "ours": OURS,
    "unknown": UNKNOWN,
    "red": RED,
    "different": DIFFERENT,
    "revoked": REVOKED,
    "dated": DATED,
    "nothing": NOTHING,
}


def text_of(pdf: bytes) -> str:
    """Give the words of a PDF, one space between them, as they are copied out of it."""
    with pymupdf.open(stream=pdf) as document:
        found = " ".join(page.get_text() for page in document)
    return " ".join(found.replace("\N{NO-BREAK SPACE}", " ").split())


def require_accessible(pdf: bytes, lang: str, title: str) -> None:
    """Check what PDF/UA-1 asks of a whole file, by another library than made it."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        root = document.Root
        assert root.MarkInfo.Marked
        assert len(root.StructTreeRoot.K) > 0
        assert str(root.Lang) == lang
        assert root.ViewerPreferences.DisplayDocTitle
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == title
        assert not [name for name in ("OpenAction", "AA", "Names") if f"/{name}" in root]
        for page in document.pages:
            assert all("/FontFile3" in one or "/FontFile2" in one for one in _fonts(page))


def _fonts(page: pikepdf.Page) -> list[pikepdf.Object]:
    fonts = page.resources["/Font"]
    return [fonts[str(name)].DescendantFonts[0].FontDescriptor for name in fonts]


def outside(pdf: bytes) -> list[str]:
    """Give the words that leave the page's margins of 10 mm."""
    with pymupdf.open(stream=pdf) as document:
        return [
            word[4]
            for page in document
            for word in page.get_text("words")
            if word[0] < 28 or word[2] > page.rect.width - 28 or word[3] > page.rect.height - 14
        ]
