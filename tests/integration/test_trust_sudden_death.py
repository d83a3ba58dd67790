"""Killed at any moment, the trust folder is one of the two: the lists before, or the new ones."""

import random
import subprocess
import sys
import time

from support.budget import cases
from support.house import ROOT

from verifier.trust import kept_folder

WRITER = """
import sys
from pathlib import Path
from verifier.trust import kept_folder
folder, number = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
while True:
    number += 1
    files = {f"crl/{n}.crl": str(number).encode() for n in range(20)}
    with kept_folder.writing(folder):
        kept_folder.publish(folder, {"manifest.json": str(number).encode(), **files})
    print(number, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_whole_lists(tmp_path):
    folder, chance, last = tmp_path / "trust", random.Random(), 0  # noqa: S311 - when, not what
    for _ in range(cases(ci=50, slow=200, fast=5)):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(last)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.05))
        child.kill()
        told = [int(line) for line in child.stdout.read().splitlines() if line]
        child.wait()
        child.stdout.close()
        acknowledged = max(told, default=last)
        found = {int(data) for data in kept_folder.kept(folder).values()} or {0}
        # All of one version: the last one told, or the one that was being told.
        assert len(found) == 1
        [last] = found
        assert acknowledged <= last <= acknowledged + 1
