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
    letter PATH        write a letter that can be sealed (`letter PATH encrypted`: one that cannot)
    change PATH AT     flip one bit of a byte (negative: from the end)

Every command that a transcript runs must also have been checked for its exit code: a failure that
is not expected fails the story.
"""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.house import ROOT
from support.letters import encrypted, letter

HERE = Path(__file__).parent
STORIES = sorted(HERE.glob("*.txt"))


@dataclass
class Player:
    """Plays one story in a folder of its own."""

    folder: Path
    done: subprocess.CompletedProcess[str] | None = None
    asked: int = 0
    expected: int = 0
    names: list[str] = field(default_factory=list)

    def environ(self) -> dict[str, str]:
        """Give an environment where nothing of the tester shows."""
        home = self.folder / ".home"
        home.mkdir(exist_ok=True)
        base = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)}
        return base | {"LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}

    def run(self, line: str) -> None:
        """Run `[NAME=VALUE…] coffre ARGUMENTS`."""
        self.settle()
        words = shlex.split(line)
        environ = self.environ()
        while "=" in words[0]:
            name, value = words.pop(0).split("=", 1)
            environ[name] = value
        assert words.pop(0) == "coffre"
        self.done = subprocess.run(
            [sys.executable, "-c", "from cli.main import app; app()", *words],
            cwd=self.folder, env=environ, capture_output=True, text=True, timeout=60, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.expected = 0

    def settle(self) -> None:
        """Compare the exit code of the command before."""
        if self.done is not None:
            assert self.done.returncode == self.expected, self.done.stderr

    def check(self, verb: str, rest: str) -> None:
        """Obey one line that is not a command."""
        if verb in {"present", "absent"}:
            assert (self.folder / rest).exists() == (verb == "present"), rest
        elif verb == "file":
            path, text = rest.split(" ", 1)
            (self.folder / path).write_text(text + "\n", "utf-8")
        elif verb == "exit":
            self.expected = int(rest)
        elif verb == "letter":
            path, _, shape = rest.partition(" ")
            (self.folder / path).write_bytes(encrypted(letter()) if shape else letter())
        elif verb == "change":
            path, place = rest.split(" ")
            data = bytearray((self.folder / path).read_bytes())
            data[int(place)] ^= 1
            (self.folder / path).write_bytes(data)
        else:
            self.look(verb, rest)

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
