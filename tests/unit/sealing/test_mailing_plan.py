"""From lines to letters: names that stay below their folder, keys, codes."""

import hashlib
import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.letters import FIELDS, encrypted, letter
from support.sealers import NOW, sealer

from sealing.batch.files.letters_csv import LineError, ListLine
from sealing.batch.files.source import (
    MAX_BYTES,
    FileMissingError,
    FileNameError,
    FileTooLargeError,
    FileUnreadableError,
    Source,
)
from sealing.batch.plan import (
    Codes,
    NoCodeError,
    Planned,
    Planner,
    Trial,
    content_of,
    key_of,
    order_from,
    range_size,
)
from sealing.errors import PageOutOfRangeError, PdfEncryptedError, PdfUnreadableError
from sealing.service.codes import TownCodeOrder, TwoDDocOrder, check_order
from sealing.service.profile import Profile
from sealing.towncode.emission import EmissionError as TownEmissionError
from sealing.twoddoc.conformance import TypeNotForTownsError
from sealing.twoddoc.emission import EmissionError


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "in"
    (root / "sub").mkdir(parents=True)
    (root / "a.pdf").write_bytes(b"%PDF-a")
    (root / "sub" / "b.pdf").write_bytes(b"%PDF-b")
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    (root / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (root / "out").symlink_to(tmp_path)
    (root / "near").symlink_to(root / "sub")
    os.mkfifo(root / "pipe.pdf")
    return Source(root.resolve())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../secret.pdf",
        "sub/../../secret.pdf",
        "sub//b.pdf",
        "./a.pdf",
        "sub/",
        "..",
        "..\\secret.pdf",
        "C:\\a.pdf",
        "C:a.pdf",
        "a\n.pdf",
        "a\x00.pdf",
        "\u202efdp.a",
        ".coffre/ledger.sqlite3",
        ".COFFRE/x",
        "journal.jsonl",
        "report.html",
        "failures.csv",
        "x" * 256,
        "d/" * 600 + "x",
    ],
)
def test_a_name_that_is_not_below_the_folder_is_refused(source, name):
    with pytest.raises(FileNameError):
        source.name(name)


def test_a_name_written_on_windows_is_read_with_its_folders(source):
    assert source.read(source.name("sub\\b.pdf")) == b"%PDF-b"
    assert source.read("near/b.pdf") == b"%PDF-b"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("absent.pdf", FileMissingError),
        ("a.pdf/b", FileMissingError),
        ("sub", FileUnreadableError),
        ("link.pdf", FileUnreadableError),
        ("out/secret.pdf", FileUnreadableError),
        ("pipe.pdf", FileUnreadableError),
    ],
)
def test_what_is_no_file_of_the_folder_is_no_letter(source, name, error):
    with pytest.raises(error):
        source.read(name)


def test_a_letter_above_the_limit_is_not_read(source):
    with (source.root / "large.pdf").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(FileTooLargeError):
        source.read("large.pdf")


def planner(source, codes):
    return Planner(
        source, codes, b"", lambda order: check_order(order, sealer().twoddocs, Profile(), NOW)
    )


def line(values=None, file="a.pdf", twoddoc=""):
    return ListLine(2, file, twoddoc, values or {})


def test_a_letter_has_its_key_from_file_data_and_options(source):
    made = planner(source, Codes("00")).letter(line(FIELDS))
    assert isinstance(made, Planned)
    other = planner(source, Codes("00")).letter(line(FIELDS | {"22": "3 RUE DES LILAS"}))
    assert isinstance(other, Planned)
    keys = {
        made.key,
        other.key,
        key_of(made.sha256_in, "b.pdf", made.content, b""),
        key_of(made.sha256_in, made.file, made.content, b"x"),
        key_of(bytes(32), made.file, made.content, b""),
    }
    assert len(keys) == 5
    again = planner(source, Codes("00")).letter(line(FIELDS))
    assert again == made


@pytest.mark.parametrize(
    ("codes", "asked", "error"),
    [
        (Codes("00"), line({**FIELDS, "24": "6999"}), EmissionError),
        (Codes("00"), line({"10": "MME/DUPONT/CLAIRE"}), EmissionError),
        (Codes("00"), line({**FIELDS, "nom": "DUPONT"}), EmissionError),
        (Codes("99"), line(FIELDS), TypeNotForTownsError),
        (Codes(), line(FIELDS, twoddoc="02"), TypeNotForTownsError),
        (Codes(town="0"), line({"date de naissance": "12/07/1973"}), TownEmissionError),
        (Codes(), line({"nom": "DUPONT"}), NoCodeError),
        (Codes(), line(file=""), FileNameError),
        (Codes(), line(file="absent.pdf"), FileMissingError),
    ],
)
def test_a_line_that_cannot_be_sealed_is_told_before_anything_is(source, codes, asked, error):
    found = planner(source, codes).letter(asked)
    assert isinstance(found, LineError)
    assert (found.number, type(found.error)) == (2, error)


def test_an_empty_cell_is_a_value_only_where_the_type_wants_one():
    order = Codes("00").order_of(line({**FIELDS, "09": "", "nom": ""}))
    assert isinstance(order, TwoDDocOrder)
    assert order.values == FIELDS
    town = Codes(town="1").order_of(line({"nom": "DUPONT", "prénoms": ""}))
    assert town == TownCodeOrder("1", {"nom": "DUPONT"})
    assert Codes().order_of(line({"nom": ""})) is None


def test_a_line_may_name_the_type_of_its_own_code():
    order = Codes(town="0").order_of(line(FIELDS, twoddoc="00"))
    assert isinstance(order, TwoDDocOrder)
    assert order.doc_type == "00"


values = st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=4)


@given(st.one_of(st.none(), st.builds(TwoDDocOrder, st.text(), values)))
def test_a_twoddoc_is_kept_and_read_back(order):
    assert order_from(content_of(order)) == order


@given(st.builds(TownCodeOrder, st.text(), values))
def test_a_town_code_is_kept_and_read_back(order):
    assert order_from(content_of(order)) == order


def test_ranges_leave_work_for_every_worker():
    assert [range_size(count, 2) for count in (1, 400, 4_000, 10**6)] == [25, 50, 500, 500]


def test_an_order_checked_is_an_order_that_is_emitted(source):
    """The checks and the emission are one code: what passes one passes the other."""
    assert isinstance(planner(source, Codes("00")).letter(line(FIELDS)), Planned)
    assert pickle.loads(pickle.dumps(source)) == source  # noqa: S301 - our own value


def test_a_file_that_is_too_large_holds_up_no_list(source):
    with (source.root / "big.pdf").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    planner = Planner(source, Codes(), b"", lambda _: None)
    found = planner.letter(ListLine(2, "big.pdf", "", {}))
    assert isinstance(found, Planned)
    assert found.sha256_in == hashlib.sha256(bytes(MAX_BYTES + 1)).digest()


def test_a_trial_tells_which_letters_would_be_refused_and_plans_them(source):
    (source.root / "good.pdf").write_bytes(letter())
    (source.root / "locked.pdf").write_bytes(encrypted(letter()))
    with (source.root / "big.pdf").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    told: list[LineError] = []
    trial = Trial(2, told.append)
    planner = Planner(source, Codes("00"), b"", lambda _: None, trial)
    names = ("good.pdf", "a.pdf", "locked.pdf", "big.pdf")
    for number, name in enumerate(names, start=2):
        assert isinstance(planner.letter(ListLine(number, name, "", FIELDS)), Planned)
    assert [(line.number, type(line.error)) for line in told] == [
        (2, PageOutOfRangeError),
        (3, PdfUnreadableError),
        (4, PdfEncryptedError),
        (5, FileTooLargeError),
    ]
    assert trial.unfit == 4
