"""2D-Doc: bytes guided by coverage, in the slow tier and where atheris is installed."""

import sys
from importlib.util import find_spec

import pytest
from support.house import ROOT
from support.tools import run
from support.twoddoc import OUR_CODES, SETS

RUNS = 100_000


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is absent (pip install atheris)")
def test_no_input_found_by_coverage_leaves_anything_but_one_typed_error(tmp_path):
    seeds = [code["raw"] for code in OUR_CODES]
    seeds += [symbol for row in SETS for symbol in row["symbols"]]
    for number, raw in enumerate(seeds):
        (tmp_path / f"{number}.code").write_bytes(raw.encode("latin-1"))
    script = str(ROOT / "tests/support/fuzz_twoddoc.py")
    told = [f"-runs={RUNS}", "-max_len=600", f"-artifact_prefix={tmp_path}/", str(tmp_path)]
    done = run(sys.executable, script, *told, timeout=900)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
