"""Long work, told while it goes on."""

import io

from cli.output import Output
from cli.progress import Progress


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self):
        """Be one."""
        return True


def test_what_is_done_is_said_where_it_does_not_go_without_saying():
    output = Output("fr", io.StringIO(), io.StringIO())
    progress = Progress(output, 2_000, 0, "vérification de la liste")
    assert progress.line(500, 0) == "vérification de la liste : 500 sur 2000, 0/s, reste ?"
    assert Progress(output, 2_000, 0).line(500, 3) == "500 sur 2000, dont 3 en échec, 0/s, reste ?"


def test_a_terminal_shows_a_bar_and_takes_it_away():
    terminal = Terminal()
    progress = Progress(Output("fr", io.StringIO(), terminal), 2_000, 0, "vérification")
    progress.show(500, 0)
    assert "500 sur 2000" in terminal.getvalue()
    progress.close()
    assert terminal.getvalue().endswith("\x1b[2K") or terminal.getvalue().endswith("\r")
