"""Memory does not grow with the list."""

import os
import subprocess
import sys
from pathlib import Path

from support.budget import cases
from support.letters import letter
from support.mailings import Post

TESTS = Path(__file__).parents[1]
_LINKS = 10_000  # a file of ext4 has 65,000 names at most
READER = """
import re, sys
from pathlib import Path
from support.mailings import Post, Quiet, here
from sealing.batch.run import run

outcome = run(Post(Path(sys.argv[1])).job(trial=True), here, Quiet())
# Not ru_maxrss, which a child inherits from the process that started it.
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text("ascii"))
print(outcome.counts.letters, int(peak[1]) >> 10)
"""


def peak(post: Post) -> tuple[int, int]:
    """Read a list in a process of its own; give its letters and the memory it took, in MiB."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    done = subprocess.run(
        [sys.executable, "-c", READER, str(post.folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    letters, memory = done.stdout.split()
    return int(letters), int(memory)


def written(folder: Path, count: int) -> Post:
    """Write a long list, whose letters are one file under many names."""
    post = Post(folder)
    post.letters.mkdir(parents=True)
    for n in range(count):
        first = post.letters / f"{n - n % _LINKS}.pdf"
        if n % _LINKS:
            os.link(first, post.letters / f"{n}.pdf")
        else:
            first.write_bytes(letter())
    post.listing.write_text("file\n" + "".join(f"{n}.pdf\n" for n in range(count)), "utf-8")
    return post


def test_a_list_fifty_times_as_long_takes_little_more_memory(tmp_path):
    many = cases(ci=10_000, slow=100_000, fast=5_000)
    few, small = peak(written(tmp_path / "few", many // 50))
    all_of_them, large = peak(written(tmp_path / "many", many))
    assert (few, all_of_them) == (many // 50, many)
    # The ledger's cache, once, and nothing for each letter: a million take less than 300 MiB.
    assert large < small + 80
    assert large < 300
