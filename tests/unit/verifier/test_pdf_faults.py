"""What pyHanko cannot follow, and why: each cause that it tells has a name of its own."""

import pymupdf
import pytest
from support.hostile_seals import (
    CATALOGUE,
    PAGES,
    TRACE,
    hybrid,
    nested_arrays,
    one_signature,
    packed_objects,
    ringed_fields,
)
from support.letters import letter
from support.pages import pdf_of, sealed, trust
from support.sealers import NOW

from verifier.check import Indication, SubIndication
from verifier.checks.seal.pades import check_seals
from verifier.checks.seal.validating.faults import CAUSES, cause_of


def encrypted_for_its_owner(pdf):
    """Encrypt a PDF that anybody may open, and only its owner change."""
    with pymupdf.open(stream=pdf) as document:
        return document.tobytes(
            encryption=pymupdf.mupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw=""
        )


FAULTS = {
    "encrypted": (encrypted_for_its_owner(sealed().pdf), "pdf-encrypted"),
    "two tables": (hybrid(sealed().pdf), "pdf-hybrid-xref"),
    "signature absent": (
        one_signature(TRACE, b"<</T(a)/FT/Sig/V 9 0 R>>"),
        "pdf-object-missing",
    ),
    "field absent": (
        pdf_of([CATALOGUE.replace(b"3 0 R", b"9 0 R"), PAGES, b"null", TRACE]),
        "pdf-object-missing",
    ),
    "room without a seal": (
        one_signature(TRACE.replace(b"<00>", b"<%b>" % (b"00" * 500))),
        "seal-contents-unreadable",
    ),
    "no contents": (
        one_signature(TRACE.replace(b"/Contents<00>", b"")),
        "seal-contents-unreadable",
    ),
    "ring": (ringed_fields(), "pdf-nested-too-deep"),
    "arrays in arrays": (nested_arrays(100_000), "pdf-nested-too-deep"),
    "bomb": (packed_objects(80 << 20), "pdf-stream-too-large"),
    "signature that is a list": (
        one_signature(TRACE, b"<</T(a)/FT/Sig/V [4 0 R]>>"),
        "pdf-structure-unreadable",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_cause_that_is_told_has_a_name_and_accuses_nobody(name):
    pdf, reason = FAULTS[name]
    [*_, seal] = check_seals(pdf, trust(), NOW)
    found = seal.conclusion
    assert (found.indication, found.reason) == (Indication.INDETERMINATE, reason)
    assert found.sub_indication is SubIndication.FORMAT_FAILURE


def test_every_cause_is_met_here():
    assert {reason for _, reason in FAULTS.values()} >= CAUSES


def test_an_unknown_cause_is_named_by_its_class():
    assert cause_of(KeyError("x")) == "KeyError"


def test_memory_used_up_is_no_cause_in_a_file():
    with pytest.raises(MemoryError):
        cause_of(MemoryError())


def test_a_letter_without_trace_of_a_seal_has_no_fault():
    assert check_seals(letter() + b"% odd end", trust(), NOW) == ()
