"""What a request brings: where it goes, and what a disk that is full says."""

import asyncio
from pathlib import Path

import pytest

from sealing.service.storeroom import (
    MOST_ARRIVALS,
    NoRoomError,
    Storeroom,
    TooManyArrivalsError,
)
from sealing.web.arrivals import FilePart, FormError, _doing, _Reader
from vault.web.security import BodyTooLargeError


def test_a_full_disk_is_told_as_such():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("/dev/full is not here")
    with full.open("wb", buffering=0) as file, pytest.raises(NoRoomError):
        asyncio.run(_doing(file.write, b"x"))


def test_a_part_is_counted_and_hashed_as_it_is_written(tmp_path):
    part = FilePart(tmp_path / "a", 5)
    for piece in (b"ab", b"c"):
        part.write(piece)
    with pytest.raises(BodyTooLargeError):
        part.write(b"def")
    part.close()
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_a_name_that_is_a_file_and_a_folder_is_a_form_s_fault(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    for path in (tmp_path / "a" / "b", tmp_path / "a"):
        with pytest.raises(FormError):
            asyncio.run(_doing(FilePart(path, 9).write, b"x"))


def test_so_many_requests_bring_letters_at_once(tmp_path):
    room = Storeroom(tmp_path / "sealing")
    room.make()
    for _ in range(MOST_ARRIVALS):
        room.arrival()
    with pytest.raises(TooManyArrivalsError):
        room.arrival()
    room.empty_arrivals()
    assert room.arrival().exists()


def test_a_part_whose_name_is_no_text_is_refused():
    reader = _Reader(lambda *_: FilePart(Path("x"), 1))
    for header in (b'form-data; name="\xff"', b'form-data; name="' + b"n" * 65 + b'"'):
        reader._headers = {b"content-disposition": header}
        with pytest.raises(FormError):
            reader._open()
