"""Archives of mailings: taken out within limits, or refused whole."""

import io
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.budget import cases

from sealing.batch.files.zipped import ArchiveError, unpack
from sealing.web.archives import zipped


def archive(*entries: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", packing) as made:
        for name, content in entries:
            made.writestr(name, content)
    return written.getvalue()


def out(tmp_path, content: bytes, limit: int = 1 << 20, most: int = 1 << 20):
    (tmp_path / "archive").write_bytes(content)
    return unpack(tmp_path / "archive", tmp_path / "in", tmp_path / "letters.csv", limit, most)


def why(tmp_path, *given, **named) -> str:
    with pytest.raises(ArchiveError) as caught:
        out(tmp_path, *given, **named)
    return str(caught.value.details["why"])


def test_what_is_in_an_archive_comes_out_byte_for_byte(tmp_path):
    found = out(tmp_path, archive(("letters.csv", b"file\n"), ("sud/", b""), ("sud\\a.pdf", b"a")))
    assert set(found) == {"letters.csv", "sud/a.pdf"}
    assert (tmp_path / "in" / "sud" / "a.pdf").read_bytes() == b"a"
    assert (tmp_path / "letters.csv").read_bytes() == b"file\n"


def test_a_list_that_came_by_itself_is_not_replaced(tmp_path):
    (tmp_path / "letters.csv").write_bytes(b"mine")
    out(tmp_path, archive(("letters.csv", b"other")))
    assert (tmp_path / "letters.csv").read_bytes() == b"mine"
    assert (tmp_path / "in" / "letters.csv").read_bytes() == b"other"


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/a", "C:\\a", ".coffre/x", "a//b", "a\nb"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    assert why(tmp_path, archive((name, b"x"))) == "name"
    assert not (tmp_path.parent / "a").exists()


def test_what_comes_out_is_counted_whatever_the_archive_says(tmp_path):
    letters = [(f"{n}", bytes(range(256)) * 40) for n in range(20)]
    stored = archive(*letters, packing=zipfile.ZIP_STORED)
    assert why(tmp_path, stored, limit=100_000) == "too-large"


def test_one_letter_has_its_own_limit(tmp_path):
    assert why(tmp_path, archive(("a", b"x" * 2_000)), most=1_000) == "too-large"


def test_a_bomb_is_stopped_at_a_hundred_times_its_weight(tmp_path):
    bomb = archive(("a", bytes(50 << 20)))
    assert why(tmp_path, bomb, 1 << 30, 1 << 30) == "too-large"
    assert (tmp_path / "in" / "a").stat().st_size <= len(bomb) * 100 + (1 << 20)


def test_other_packings_are_refused(tmp_path):
    assert why(tmp_path, archive(("a", b"x"), packing=zipfile.ZIP_BZIP2)) == "packing"


def test_an_archive_that_says_it_holds_too_much_is_not_read(tmp_path):
    whole = bytearray(archive(("a", b"x")))
    whole[-12:-10] = b"\xff\xff"
    assert why(tmp_path, bytes(whole)) == "too-many"


def test_a_directory_that_zip64_describes_is_not_read(tmp_path):
    whole = archive(("a", b"x"))
    start = whole.index(b"PK\1\2")
    end = whole.index(b"PK\5\6")
    directory = struct.pack("<QQ", end - start, start)
    record = b"PK\6\6" + struct.pack("<QHHIIQQ", 44, 45, 45, 0, 0, 1, 1) + directory
    locator = b"PK\6\7" + struct.pack("<IQI", 0, end, 1)
    assert why(tmp_path, whole[:end] + record + locator + whole[end:]) == "too-many"


def test_a_name_that_is_not_utf_8_although_it_says_so_is_refused(tmp_path):
    whole = archive(("é.pdf", b"x"))
    assert why(tmp_path, whole.replace("é".encode(), b"\xff\xff")) == "format"


@settings(
    max_examples=cases(ci=500, slow=10_000, fast=50),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(st.data())
def test_a_damaged_archive_is_read_or_refused_and_nothing_else(tmp_path_factory, data):
    whole = bytearray(archive(("letters.csv", b"file\na\n"), ("a", b"%PDF" * 50)))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ArchiveError):
        out(tmp_path_factory.mktemp("zip"), bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def test_what_is_sent_is_an_archive_that_others_read(tmp_path):
    files = {"a.pdf": b"x" * 700_000, "sud/été.pdf": b"", "b": b"y"}
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    pieces = list(zipped((name, tmp_path / name) for name in files))
    assert len(pieces) > 3
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == files
