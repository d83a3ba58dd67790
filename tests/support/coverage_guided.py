"""Starts `fuzz.py` on a parser with its seeds: the slow tier's bytes guided by coverage."""

import os
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.house import ROOT

needs_atheris = pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is absent (make slow)"
)


def fuzz(target: str, seeds: Iterable[bytes], folder: Path, *, runs: int, longest: int) -> None:
    """Try `runs` inputs; fail with what the process said at the one that broke a promise."""
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    flags = [f"-runs={runs}", f"-max_len={longest}", "-timeout=60", "-rss_limit_mb=2048", "corpus"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/support/fuzz.py"), target, *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        capture_output=True,
        timeout=1_800,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 0, said[-3000:]
    assert f"Done {runs} runs" in said, said[-3000:]
