"""The data of a merge: lines to letters, and to the list that is sealed."""

import pytest

from sealing.batch.files.letters_csv import LetterList, LineError, ListColumnError
from sealing.batch.merge.data import (
    FieldBracesError,
    FieldColumnError,
    FieldPatternError,
    MergeData,
)


@pytest.fixture
def read(tmp_path):
    def reading(text, fields=None, encoding="utf-8"):
        path = tmp_path / "data.csv"
        path.write_bytes(text.encode(encoding))
        return MergeData.read(LetterList.open(path, of_files=False), fields)

    return reading


def lines(data):
    return [data.row(each) for each in data.records()]


def codes(data):
    return [
        (each.number, each.error.code) for each in data.records() if isinstance(each, LineError)
    ]


def test_letters_are_numbered_by_their_place_in_the_data(read):
    data = read("nom\nA\n\nB\nC\n")
    assert [row[0] for row in lines(data)] == [
        "lettre-0001.pdf",
        "lettre-0002.pdf",
        "lettre-0003.pdf",
    ]


def test_a_column_names_the_letters_where_there_is_one(read):
    assert [row[0] for row in lines(read("nom;File\nA;a.pdf\nB;x/b.pdf\n"))] == ["a.pdf", "x/b.pdf"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_without_a_column_of_files(read, separator):
    assert read(f"nom{separator}rue\nA{separator}B\n").columns == ("nom", "rue")


def test_windows_1252_and_marks_are_read(read):
    assert lines(read("prénom\nZoé\n", encoding="cp1252"))[0][1] == "Zoé"
    assert read("prénom\nZoé\n", encoding="utf-8-sig").columns == ("prénom",)


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ("nom;rue;montant", ["nom", "rue", "montant"]),
        ("nom;10;22", ["10", "22"]),
        ("nom;twoddoc;10", ["10"]),
        ("nom;twoddoc", []),
    ],
)
def test_without_a_choice_the_names_of_the_columns_tell_the_fields(read, columns, fields):
    assert [each.name for each in read(f"{columns}\n").fields] == fields


def test_fields_are_made_of_columns_and_text(read):
    data = read(
        "civilité;nom;recipient;twoddoc\nMME; DUPONT ;r;00\n",
        ["10={civilité}/{nom}", "26=FR", "nom", "x={{{nom}}}", "20="],
    )
    assert data.head == ["file", "twoddoc", "recipient", "10", "26", "nom", "x", "20"]
    assert lines(data) == [
        ["lettre-0001.pdf", "00", "r", "MME/DUPONT", "FR", "DUPONT", "{DUPONT}", ""]
    ]


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ("10=nom", FieldBracesError),
        ("10={absent}", FieldColumnError),
        ("absent", FieldColumnError),
        ("10={nom", FieldPatternError),
        ("10=nom}", FieldPatternError),
        ("={nom}", FieldPatternError),
        ("file={nom}", FieldPatternError),
    ],
)
def test_a_field_that_cannot_be_meant_is_refused(read, field, error):
    with pytest.raises(error):
        read("nom\nA\n", [field])


def test_a_field_comes_once(read):
    with pytest.raises(FieldPatternError):
        read("nom\nA\n", ["10={nom}", "10=x"])


def test_values_that_no_letter_can_print_are_told_with_their_lines(read):
    long = "x" * 10_001
    data = read(f"nom;rue\nA;B\n{long};B\nA;\x1b[31m\nA;\ufdd0\nA\nA;B\n")
    assert codes(data) == [
        (3, "merge.value-too-long"),
        (4, "merge.value-characters"),
        (5, "merge.value-characters"),
        (6, "batch.line-cells"),
    ]


def test_the_list_of_letters_is_no_letter(read):
    assert codes(read("nom;file\nA;Letters.CSV\nA;\n")) == [
        (2, "batch.file-name"),
        (3, "batch.file-name"),
    ]


def test_an_empty_first_line_is_refused(read):
    with pytest.raises(ListColumnError):
        read(";;\n")
