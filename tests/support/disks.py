"""Small disks of memory, that are soon full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Mount a small disk of memory."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        pytest.skip("mounting wants root")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("no right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


def again(folder: Path, *words: str, **options: str | int) -> None:
    """Mount a small disk again with other options: `ro`, `size=`, `nr_inodes=`."""
    text = ",".join(["remount", *words, *(f"{name}={value}" for name, value in options.items())])
    subprocess.run(["mount", "-o", text, str(folder)], check=True)  # noqa: S607
