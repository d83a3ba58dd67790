"""Data attached to a letter: in the seal's own revision, by both roads, and held to the seal."""

import io
import json

import pikepdf
import pytest
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from support.letters import FIELDS, letter, with_stream_xref
from support.pages import trust
from support.pdf_shapes import hybrid, tagged
from support.sealers import NOW, sealer, town

from sealing.pades.attach import AttachmentExistsError, AttachmentForbiddenError
from sealing.pades.seal import Road
from sealing.proofs.letter_data import LetterData, LetterDataError, LetterDataNamedError
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, SealedLetter, seal_letter
from sealing.service.profile import Profile
from verifier.check import Indication, SubIndication
from verifier.reading.document import read_document
from verifier.verdict import Verdict
from verifier.verify import verify

DATA = b'{"22": "12 rue des Lilas", "quartier": "Nord", "montant": 84.20}'
ORDER = TwoDDocOrder("00", FIELDS)


def sealed(pdf: bytes, data: bytes = DATA, order: TwoDDocOrder | None = None) -> SealedLetter:
    """Seal a letter with data."""
    made = Letter(pdf, order, data=("donnees.json", LetterData.parse(data)))
    return seal_letter(made, sealer(), Profile(), NOW, bytes(10))


def judged(pdf: bytes) -> Verdict:
    """Read and judge a file."""
    return verify(read_document(pdf, "lettre.pdf"), trust(), NOW)


def reasons(verdict: Verdict) -> dict[str, Indication]:
    """Give the file's own checks."""
    return {check.reason: check.indication for check in verdict.checks}


def holding(*names: str, entries: bytes = b"") -> bytes:
    """Give a letter that holds files already."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(letter())) as document:
        for name in names:
            document.attachments[name] = b"{}"
        if entries:
            document.Root.Names = pikepdf.Object.parse(entries)
        document.save(output)
    return output.getvalue()


@pytest.mark.parametrize(
    ("pdf", "road"),
    [
        (letter(), Road.FAST),
        (with_stream_xref(letter()), Road.FAST),
        (tagged(), Road.FAST),
        (hybrid(), Road.FAST),
        (holding("a.json", "z.json"), Road.GENERAL),
        (holding(entries=b"<</Dests<</Names[]>>>>"), Road.GENERAL),
    ],
    ids=["table", "stream", "tagged", "hybrid", "files", "names"],
)
def test_data_are_attached_in_the_revision_of_the_seal(pdf, road):
    made = sealed(pdf)
    assert made.sealed.road is road
    assert made.pdf.startswith(pdf)
    with pikepdf.open(io.BytesIO(made.pdf)) as document:
        assert document.check_pdf_syntax() == []
        held = document.attachments["donnees.json"]
        kept = json.loads(held.get_file().read_bytes())
        assert kept == {"document_id": str(made.document_id), **json.loads(DATA)}
        assert (str(held.relationship), held.get_file().mime_type) == ("/Data", "application/json")
        assert document.Root.AF[-1].UF == "donnees.json"
        assert sorted(document.attachments) == list(document.attachments)
        if road is Road.GENERAL and "/Dests" not in document.Root.Names:
            assert {"a.json", "z.json"} < {*document.attachments}
    root = load_cert_from_pemder(str(town()[1] / "trust" / "authorities" / "root.pem"))
    context = ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    [signature] = PdfFileReader(io.BytesIO(made.pdf), strict=False).embedded_signatures
    assert validate_pdf_signature(signature, context).bottom_line
    assert reasons(judged(made.pdf)) == {"data-agree": Indication.TOTAL_PASSED}


def test_a_file_of_that_name_or_files_in_a_tree_are_refused():
    tree = b"<</EmbeddedFiles<</Kids[<</Limits[(a)(b)]/Names[]>>]>>>>"
    for pdf in (holding("donnees.json"), holding(entries=tree)):
        with pytest.raises(AttachmentExistsError):
            sealed(pdf)


@pytest.mark.parametrize("part", [1, 2])
def test_a_pdf_a_that_may_hold_no_file_is_refused(part):
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(letter())) as document:
        with document.open_metadata() as metadata:
            metadata["pdfaid:part"] = str(part)
        document.save(output)
    with pytest.raises(AttachmentForbiddenError):
        sealed(output.getvalue())
    assert sealed(output.getvalue().replace(b'/id/">%d<' % part, b'/id/">3<')).pdf


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b"\xff\xfe",
        b'{"a": "' + b"x" * 65536 + b'"}',
        b'{"a":' * 9 + b"1" + b"}" * 9,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a": [' + b"1," * 1000 + b"1]}",
    ],
)
def test_what_is_no_small_object_is_refused(data):
    with pytest.raises(LetterDataError):
        LetterData.parse(data)


def test_data_that_bring_an_identifier_are_refused():
    with pytest.raises(LetterDataNamedError):
        sealed(letter(), b'{"document_id": "x"}')


def test_data_of_another_letter_are_told():
    other = sealed(letter())
    with pikepdf.open(io.BytesIO(other.pdf)) as document:
        data = document.attachments["donnees.json"].get_file().read_bytes()
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(letter())) as document:
        document.attachments["d.json"] = data
        document.save(output)
    moved = seal_letter(Letter(output.getvalue()), sealer(), Profile(), NOW, bytes(range(10)))
    verdict = judged(moved.pdf)
    assert reasons(verdict) == {"data-of-another-letter": Indication.INDETERMINATE}
    assert verdict.conclusion is not None
    assert verdict.conclusion.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE
    assert reasons(judged(output.getvalue())) == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (DATA, "data-agree"),
        (b'{"adresse": {"22": "12, RUE DES LILAS"}, "24": 69999}', "data-agree"),
        (b'{"22": "14 rue des Lilas"}', "data-differ-from-code"),
        (b'{"adresse": {"24": "69998"}}', "data-differ-from-code"),
    ],
)
def test_data_say_what_the_code_says(data, reason):
    verdict = judged(sealed(letter(), data, ORDER).pdf)
    assert reason in reasons(verdict)
    [check] = [check for check in verdict.checks if check.reason == reason]
    assert check.has_passed == (reason == "data-agree")
    if reason != "data-agree":
        [told] = check.details.values()
        assert " / " in str(told)


def test_data_changed_after_the_seal_break_it():
    made = sealed(letter())
    changed = made.pdf.replace(b'"Nord"', b'"Sud."')
    assert changed != made.pdf
    conclusion = judged(changed).conclusion
    assert conclusion is not None
    assert conclusion.indication is Indication.TOTAL_FAILED
    assert "data-agree" not in reasons(judged(changed))
