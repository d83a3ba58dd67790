"""The list of a mailing, as office programs write it and as it must not be."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.budget import cases

from sealing.batch.files.letters_csv import (
    MAX_LINE,
    UTF8,
    WINDOWS,
    LetterList,
    LineCellsError,
    LineCharactersError,
    LineError,
    LineQuotesError,
    LineTooLongError,
    ListColumnError,
    ListColumnTwiceError,
    ListEmptyError,
    ListEncodingError,
    ListError,
    ListLine,
)


@pytest.fixture
def written(tmp_path):
    def write(content: bytes) -> LetterList:
        path = tmp_path / "letters.csv"
        path.write_bytes(content)
        return LetterList.open(path)

    return write


def rows(listed):
    return [(row.number, row.file, dict(row.values)) for row in listed.lines()]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_same_list_is_read_whatever_wrote_it(written, separator, end, coding):
    lines = [["file", "nom", "rue"], ["a.pdf", "Éloïse", "12, rue; des Lilas"]]
    quoted = [separator.join(f'"{cell}"' for cell in line) for line in lines]
    listed = written((end.join(quoted) + end).encode(coding))
    assert listed.separator == separator
    assert listed.encoding == (WINDOWS if coding == "cp1252" else UTF8)
    assert rows(listed) == [(2, "a.pdf", {"nom": "Éloïse", "rue": "12, rue; des Lilas"})]


def test_columns_are_told_apart_and_lines_without_content_count_for_nothing(written):
    listed = written(b"FILE ; twoddoc;recipient;10;\n a.pdf ;00;claire; X ;\n;;;;\n\nb.pdf;;;Y;\n")
    assert listed.fields == ("10",)
    assert listed.names_types
    found = list(listed.lines())
    assert found == [
        ListLine(2, "a.pdf", "00", {"10": "X"}, "claire"),
        ListLine(5, "b.pdf", "", {"10": "Y"}),
    ]


def test_a_cell_over_several_lines_keeps_the_number_of_its_first(written):
    listed = written(b'file,x\na.pdf,"one\ntwo"\nb.pdf,y\n')
    assert rows(listed) == [(2, "a.pdf", {"x": "one\ntwo"}), (4, "b.pdf", {"x": "y"})]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", ListEmptyError),
        (b"\n\n", ListEmptyError),
        (b"nom;prenom\na;b\n", ListColumnError),
        (b"a.pdf\nb.pdf\n", ListColumnError),
        (b"file;10;10\n", ListColumnTwiceError),
        (b"file;File\n", ListColumnTwiceError),
        ((";".join(["file", *map(str, range(300))])).encode(), ListColumnTwiceError),
        ("file\na.pdf\n".encode("utf-16"), ListEncodingError),
    ],
)
def test_a_list_that_cannot_serve_is_refused_as_a_whole(written, content, error):
    with pytest.raises(error):
        written(content)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"a.pdf", LineCellsError),
        (b"a.pdf;x;y", LineCellsError),
        (b"a.pdf;\x00", LineCharactersError),
        (b"a.pdf;\x81\xe9", LineCharactersError),
        (b'a.pdf;"x', LineQuotesError),
        (b'a.pdf;"x"y', LineQuotesError),
        (b"a.pdf;" + b"x" * MAX_LINE, LineTooLongError),
        (b'a.pdf;"' + b"x" * 200_000 + b'"', LineQuotesError),
    ],
    ids=["few", "many", "zero", "windows", "open", "after", "endless", "cell"],
)
def test_a_wrong_line_is_told_with_its_number(written, line, error):
    found = list(written(b"file;nom\nok.pdf;Z\n" + line + b"\n").lines())
    assert isinstance(found[0], ListLine)
    assert isinstance(found[1], LineError)
    assert (found[1].number, type(found[1].error)) == (3, error)


def test_a_cell_under_no_column_is_told(written):
    found = list(written(b"file;nom;\na.pdf;X;\nb.pdf;X;Y\n").lines())
    assert [type(row) for row in found] == [ListLine, LineError]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\r\0", codec="utf-8")), min_size=2),
        min_size=1,
    )
)
def test_any_text_that_a_program_writes_comes_back(tmp_path_factory, content):
    import csv  # noqa: PLC0415 - the writer is the oracle

    path = tmp_path_factory.mktemp("csv") / "letters.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["file", "x"])
        writer.writerows([f"f{n}", row[0]] for n, row in enumerate(content))
    found = list(LetterList.open(path).lines())
    assert [row.values["x"] for row in found if isinstance(row, ListLine)] == [
        row[0].strip() for row in content
    ]


def test_hostile_bytes_are_lines_or_errors_of_ours_and_nothing_else(tmp_path):
    chance = random.Random(8)  # noqa: S311 - a replayable choice
    path = tmp_path / "letters.csv"
    alphabet = [b"file", b";", b",", b'"', b"\n", b"\r", b"\x00", b"\xff", b"\xe9", b"a.pdf", b"\t"]
    for _ in range(cases(ci=10_000, slow=100_000, fast=1_000)):
        path.write_bytes(b"file;" + b"".join(chance.choices(alphabet, k=chance.randrange(30))))
        try:
            for row in LetterList.open(path).lines():
                assert isinstance(row, ListLine | LineError)
        except ListError:
            continue


def test_a_long_list_tells_how_far_it_is_read(written):
    names = "".join(f"{number}.pdf\n" for number in range(1_200))
    listed, told = written(f"file\n{names}".encode()), []
    assert len(list(listed.lines(lambda *far: told.append(far)))) == 1_200
    assert told == [(500, 1_200), (1_000, 1_200)]


def test_cells_over_several_lines_never_make_it_read_more_than_there_is(written):
    names = "".join(f'{number}.pdf,"a\nb"\n' for number in range(600))
    listed, told = written(f"file,10\n{names}".encode()), []
    list(listed.lines(lambda *far: told.append(far)))
    assert told == [(500, 1_200)]
