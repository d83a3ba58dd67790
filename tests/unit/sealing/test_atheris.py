"""Codes: bytes guided by coverage, in the slow tier and where atheris is installed."""

from support.coverage_guided import fuzz, needs_atheris
from support.evidence import stamp
from support.towncode import CODES
from support.twoddoc import OUR_CODES, SETS

from sealing.proofs.evidence_record import evidence_records

RUNS = 100_000


@needs_atheris
def test_no_2d_doc_found_by_coverage_leaves_anything_but_one_typed_error(tmp_path):
    seeds = [code["raw"] for code in OUR_CODES]
    seeds += [symbol for row in SETS for symbol in row["symbols"]]
    fuzz("twoddoc", [raw.encode("latin-1") for raw in seeds], tmp_path, runs=RUNS, longest=600)


@needs_atheris
def test_no_town_code_found_by_coverage_leaves_anything_but_one_typed_error(tmp_path):
    raws = [code["raw"].encode("latin-1") for code in CODES]
    fuzz("towncode", raws, tmp_path, runs=RUNS, longest=1_000)


@needs_atheris
def test_no_text_found_by_coverage_is_base32_in_two_ways(tmp_path):
    seeds = [b"", b"MZXW6YTBOI", b"A" * 103, b"MZXW6==="]
    fuzz("base32", seeds, tmp_path, runs=RUNS, longest=300)


@needs_atheris
def test_no_evidence_record_found_by_coverage_leaves_anything_but_one_typed_error(tmp_path):
    seeds = [b"", *evidence_records(bytes(range(5 * 32)), stamp)]
    fuzz("evidence", seeds, tmp_path, runs=RUNS, longest=2_500)
