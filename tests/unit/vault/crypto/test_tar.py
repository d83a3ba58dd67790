"""The tar of one member."""

import io
import tarfile
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto import tar
from vault.crypto.tar import TarError, clean_name, member_header, read_header, total_length
from vault.format.sizes import padded_length

names = st.text(min_size=1, max_size=300).map(clean_name)


@given(names, st.binary(max_size=2000))
def test_python_s_tarfile_reads_one_member_with_our_name_and_content(name, content):
    header = member_header(name, len(content))
    whole = (header + content).ljust(total_length(name, len(content)), b"\0")
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        [member] = archive.getmembers()
        assert (member.name, member.size, member.mode, member.mtime) == (
            name,
            len(content),
            0o600,
            0,
        )
        assert member.isreg()
        found = archive.extractfile(member)
        assert found is not None
        assert found.read() == content
    assert read_header(whole[:1536]) == (name, len(content), len(header))


@given(names, st.integers(0, 2**33 - 1))
def test_the_padded_length_is_that_of_the_tar_and_its_end(name, length):
    header = member_header(name, length)
    assert len(header) in (512, 1536)
    blocks = len(header) + -(-length // 512) * 512
    assert total_length(name, length) == padded_length(blocks + 1024)


@given(st.text())
def test_a_clean_name_is_clean_short_and_never_empty(name):
    clean = clean_name(name)
    assert clean_name(clean) == clean
    assert 1 <= len(clean.encode()) <= 255
    assert not set(clean) & set("/\\\0\n\r\u202e\u2066\u200f")
    assert clean not in (".", "..")
    assert not any(unicodedata.category(sign).startswith("C") for sign in clean)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\avis.pdf", "avis.pdf"),
        ("avis\u202efdp.exe", "avisfdp.exe"),
        ("a\nb\x00c", "abc"),
        ("..", "document"),
        ("/", "document"),
        ("", "document"),
        (" .caché. ", "caché"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("x" * 400, "x" * 255),
    ],
)
def test_names_are_cleaned(name, clean):
    assert clean_name(name) == clean


HEADER = member_header("avis.pdf", 3)
ACCENT = member_header("é.pdf", 3)


def signed(block: bytes) -> bytes:
    """Give a block with a right checksum."""
    blank = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(blank) + block[156:]


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(signed(HEADER.replace(b"0000600", b"0000644")), id="another mode"),
        pytest.param(signed(HEADER.replace(b"avis.pdf", b"av/s.pdf")), id="a folder"),
        pytest.param(signed(HEADER.replace(b"avis.pdf", b"avis.pd\n")), id="a control character"),
        pytest.param(signed(HEADER.replace(b"avis.pdf", b"avis.pd\xe9")), id="a name in Latin-1"),
        pytest.param(signed(bytes(8) + HEADER[8:]), id="no name"),
        pytest.param(signed(HEADER[:156] + b"2" + HEADER[157:]), id="a symbolic link"),
        pytest.param(signed(HEADER[:156] + b"5" + HEADER[157:]), id="a folder member"),
        pytest.param(signed(HEADER[:156] + b"L" + HEADER[157:]), id="a GNU long name"),
        pytest.param(signed(HEADER[:157] + b"target" + HEADER[163:]), id="a link's target"),
        pytest.param(signed(HEADER[:265] + b"root" + HEADER[269:]), id="an owner's name"),
        pytest.param(signed(HEADER[:345] + b"dir" + HEADER[348:]), id="a prefix"),
        pytest.param(signed(HEADER[:136] + b"1" + HEADER[137:]), id="a time"),
        pytest.param(signed(HEADER[:124] + b"\x80" + HEADER[125:]), id="a size in base 256"),
        pytest.param(signed(HEADER[:124] + b"        003 " + HEADER[136:]), id="a size in spaces"),
        pytest.param(HEADER[:148] + b"000000\0 " + HEADER[156:], id="a wrong checksum"),
        pytest.param(HEADER[:257] + b"ustar  \0" + HEADER[265:], id="GNU's magic"),
        pytest.param(ACCENT.replace(b"path=", b"size="), id="another record"),
        pytest.param(ACCENT.replace(b".pdf\n", b".pdf\n9 a=b\n", 1)[:1536], id="a second record"),
        pytest.param(ACCENT.replace(b"\xc3\xa9", b"\xc3\x28"), id="a record that is not UTF-8"),
        pytest.param(ACCENT.replace(b"\xc3\xa9", b"ee"), id="a record for a name that needs none"),
        pytest.param(ACCENT.replace(b"?.pdf", b"x.pdf"), id="two names"),
        pytest.param(bytes(1536), id="zeros"),
    ],
)
def test_another_encoding_of_a_member_is_refused(start):
    with pytest.raises(TarError):
        read_header(start)


def test_header_blocks_are_those_that_python_s_tarfile_writes():
    for name in ("avis.pdf", "été.pdf", "x" * 101):
        member = tarfile.TarInfo(name)
        member.size, member.mode = 909, 0o600
        assert member_header(name, 909) == member.tobuf(tarfile.PAX_FORMAT)


def test_the_beginning_of_a_header_asks_for_more():
    assert read_header(HEADER[:511]) is None
    assert read_header(ACCENT[:1535]) is None


def test_a_content_that_no_tar_can_say_is_refused():
    for length in (-1, 8**11):
        with pytest.raises(TarError):
            member_header("x", length)
    assert tar.read_header(member_header("x", 8**11 - 1)) is not None
