"""Pictures damaged in every way: pixels or one typed error, within the bars, and no other code.

Pillow and its libraries do the decoding: here in the open, where a hang, a crash or a bomb shows;
in the product in a child (`test_hostile_files.py`).
"""

import random

import pytest
from support.bars import MEMORY, InputTooLongError, bounded
from support.budget import cases
from support.damaged_pictures import damaged, pictures
from support.pages import sealed

from verifier.reading.pictures import grey_pictures
from verifier.reading.sniff import MAX_PIXELS, FileRefusedError, sniff
from verifier.reading.symbols import read_plain


def codes_of(data: bytes) -> set[bytes] | None:
    """Give the codes of a picture; None where it is refused."""
    try:
        with bounded():
            pages = list(grey_pictures(data, sniff(data)))
    except FileRefusedError:
        return None
    assert all(page.mode == "L" and page.width * page.height <= MAX_PIXELS for page in pages)
    return {found.raw for page in pages for found in read_plain(page).found}


def test_each_way_of_writing_is_read_before_it_is_damaged():
    for name, data in pictures().items():
        assert codes_of(data) == {sealed().code}, name


def test_whatever_becomes_of_a_picture_it_is_refused_or_shows_no_other_code():
    files, chance = list(pictures().values()), random.Random(20_261_122)  # noqa: S311 - damage
    told = [
        codes_of(damaged(chance.choice(files), chance)) for _ in range(cases(ci=500, slow=10_000))
    ]
    assert all(codes is None or codes <= {sealed().code} for codes in told)
    assert 0 < sum(codes is None for codes in told) < len(told), "both answers were met"


def test_the_bars_stop_what_hangs_and_what_grows():
    with pytest.raises(InputTooLongError), bounded(0.05):
        while True:
            pass
    with pytest.raises(MemoryError), bounded():
        bytes(2 * MEMORY)
    with bounded():
        assert bytes(1 << 20)
