"""Long work, told while it goes on."""

import io

import pytest

from cli.output import Output
from cli.progress import Progress
from cli.under_way import altered, gone
from sealing.batch.ledger.intake import Reading
from storage.language import translator


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self):
        """Be one."""
        return True


def test_what_is_done_is_said_where_it_does_not_go_without_saying():
    output = Output("fr", io.StringIO(), io.StringIO())
    progress = Progress(output, 2_000, 0, "vérification de la liste")
    assert progress.line(500) == "vérification de la liste : 500 sur 2000"


def test_what_failed_and_what_is_refused_are_told_apart():
    output = Output("fr", io.StringIO(), io.StringIO())
    told = Progress(output, 2_000, 0).line(500, 3, 1)
    assert told == "500 sur 2000 (refus : 1, échecs : 3)"


def test_a_rate_is_told_once_there_is_one():
    output = Output("fr", io.StringIO(), io.StringIO())
    progress = Progress(output, 2_000, 0)
    progress._seen.extend([(0.0, 0), (10.0, 4)])
    assert progress.line(4).endswith(", 0.4/s, reste 1 h 23")
    progress._seen.append((20.0, 800))
    assert progress.line(800).endswith(", 40/s, reste 30 s")


def test_a_terminal_shows_a_bar_and_takes_it_away():
    terminal = Terminal()
    progress = Progress(Output("fr", io.StringIO(), terminal), 2_000, 0, "vérification")
    progress.show(500, 0)
    assert "500 sur 2000" in terminal.getvalue()
    progress.close()
    assert terminal.getvalue().endswith("\x1b[2K") or terminal.getvalue().endswith("\r")


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "une lettre déjà faite n'est plus dans le dossier (voyez --force) : l1.pdf"),
        (2, "2 lettres déjà faites ne sont plus dans le dossier (voyez --force) : l1.pdf, l2.pdf"),
        (9, "(voyez --force) : l1.pdf, l2.pdf, l3.pdf, l4.pdf, l5.pdf, …"),
    ],
)
def test_the_first_letters_that_are_gone_are_named(count, said):
    found = Reading()
    for number in range(count):
        found.miss(f"l{number + 1}.pdf")
    assert gone(found, translator("fr")).endswith(said)


def test_the_first_letters_that_were_altered_are_named():
    found = Reading()
    for number in range(6):
        found.mar(f"l{number + 1}.pdf")
    told = altered(found, translator("fr"))
    assert told.endswith("6 (voyez --force) : l1.pdf, l2.pdf, l3.pdf, l4.pdf, l5.pdf, …")
