"""The command line's transcripts: shell stories that expect words, exit codes and absences.

A `.txt` file of this folder is one story, played in an empty folder:

    # a remark
    $ coffre …         run it; `$ NAME=VALUE coffre …` sets variables
    out TEXT           standard output holds this text (once per line)
    err TEXT           standard error holds this text
    json KEY VALUE     the first JSON line of the output has this member (`a.0.b` goes inside)
    exit N             its exit code; 0 when nothing is said
    present PATH       this file or folder is there now
    absent PATH        it is not
    silent             nothing was written on standard error
    file PATH TEXT     write a small input file
    more PATH TEXT     write another line of it
    folder PATH        make a folder
    letter PATH        write a letter that can be sealed (`letter PATH encrypted`: one that cannot)
    spool PATH          write one PDF with the letters of three persons
    change PATH AT     flip one bit of a byte (negative: from the end)
    needs MODULE       skip the story, aloud, where an optional module or its library is absent

Every command that a transcript runs must also have been checked for its exit code: a failure that
is not expected fails the story.
"""

import contextlib
import io
import json
import os
import shlex
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

import pytest
from support.letters import encrypted, letter
from support.spoken import check_lines
from support.spools import plain

from cli.main import run

HERE = Path(__file__).parent
STORIES = sorted(HERE.glob("*.txt"))


@dataclass(frozen=True)
class Done:
    """A command that was run."""

    code: int
    stdout: str
    stderr: str


def played(words: list[str], environ: dict[str, str], folder: Path) -> Done:
    """Run a command in this process (imports are paid once), as a shell would in its folder."""
    output, words_said = io.BytesIO(), io.StringIO()
    stdout = io.TextIOWrapper(output, "utf-8", write_through=True)
    os.umask(0o022)  # as in a shell: the command before may have narrowed its own
    with (
        contextlib.chdir(folder),
        patch.dict(os.environ, environ, clear=True),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO())),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(words_said),
    ):
        code = run(words, environ, stdout, words_said)
    return Done(code, output.getvalue().decode("utf-8", "replace"), words_said.getvalue())


def need_module(name: str) -> None:
    """Skip, aloud, where a module or a library of the system that it loads is absent."""
    try:
        import_module(name)
    except (ImportError, OSError) as error:
        pytest.skip(f"{name} is absent: {error}")


@dataclass
class Player:
    """Plays one story in a folder of its own."""

    folder: Path
    done: Done | None = None
    expected: int = 0

    def environ(self) -> dict[str, str]:
        """Give an environment where nothing of the tester shows."""
        home = self.folder / ".home"
        home.mkdir(exist_ok=True)
        return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}

    def run(self, line: str) -> None:
        """Run `[NAME=VALUE…] coffre ARGUMENTS`."""
        self.settle()
        words = shlex.split(line)
        environ = self.environ()
        while "=" in words[0]:
            name, value = words.pop(0).split("=", 1)
            environ[name] = value
        assert words.pop(0) == "coffre"
        self.done = played(words, environ, self.folder)
        if "--json" in words:
            check_lines(self.done.stdout)
        self.expected = 0

    def settle(self) -> None:
        """Compare the exit code of the command before."""
        if self.done is not None:
            assert self.done.code == self.expected, self.done.stderr

    def check(self, verb: str, rest: str) -> None:
        """Obey one line that is not a command."""
        if verb in {"present", "absent"}:
            assert (self.folder / rest).exists() == (verb == "present"), rest
        elif verb in {"file", "more"}:
            path, text = rest.split(" ", 1)
            with (self.folder / path).open(
                "w" if verb == "file" else "a", encoding="utf-8"
            ) as file:
                file.write(text + "\n")
        elif verb == "folder":
            (self.folder / rest).mkdir()
        elif verb == "needs":
            need_module(rest)
        elif verb == "exit":
            self.expected = int(rest)
        elif verb in {"letter", "spool"}:
            path, _, shape = rest.partition(" ")
            pdf = plain() if verb == "spool" else letter()
            (self.folder / path).write_bytes(encrypted(pdf) if shape else pdf)
        elif verb == "change":
            path, place = rest.split(" ")
            self.change(self.folder / path, int(place))
        else:
            self.look(verb, rest)

    def change(self, path: Path, place: int) -> None:
        """Flip one bit of a file."""
        data = bytearray(path.read_bytes())
        data[place] ^= 1
        path.write_bytes(data)

    def look(self, verb: str, rest: str) -> None:
        """Look at what the last command said."""
        assert self.done is not None
        if verb == "json":
            key, value = rest.split(" ", 1)
            found = json.loads(self.done.stdout.splitlines()[0])
            for part in key.split("."):
                found = found[int(part)] if part.isdigit() else found[part]
            assert found == json.loads(value)
        elif verb == "silent":
            assert self.done.stderr == ""
        else:
            spoken = {"out": self.done.stdout, "err": self.done.stderr}[verb]
            assert rest in spoken, f"{rest!r} is not in:\n{spoken}"


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_the_story_goes_as_told(story, tmp_path):
    player = Player(tmp_path)
    for number, line in enumerate(story.read_text("utf-8").splitlines(), 1):
        try:
            if line.startswith("$ "):
                player.run(line[2:])
            elif line.strip() and not line.startswith("#"):
                verb, _, rest = line.partition(" ")
                player.check(verb, rest)
        except AssertionError as error:
            error.add_note(f"{story.name}:{number}: {line}")
            raise
    player.settle()


def test_there_are_stories():
    assert STORIES
