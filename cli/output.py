"""Speech: what the command says, and where.

Rules kept here:

- results on stdout, words on stderr; with `--json` stdout holds JSON objects, one a line, each with
  `schema_version` and `kind`, and nothing else;
- an error is `coffre : erreur : …`, then `coffre : conseil : …`, and stop (as age speaks);
- how a help page looks: `cli.help`.
"""

import json
import sys
from dataclasses import dataclass
from typing import TextIO

import typer

from storage.language import N_, Translator, translator

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Output:
    """One command's voice: its language and its two streams."""

    lang: str
    stdout: TextIO
    stderr: TextIO

    @property
    def tr(self) -> Translator:
        """Translate a French sentence into the person's language."""
        return translator(self.lang)

    def say(self, sentence: str = "") -> None:
        """Tell the person something that is not the result."""
        print(sentence, file=self.stderr)

    def show(self, line: str = "") -> None:
        """Give a line of the result."""
        print(line, file=self.stdout)

    def give(self, kind: str, **members: object) -> None:
        """Give one JSON object of the result."""
        row = {"schema_version": SCHEMA_VERSION, "kind": kind, **members}
        print(json.dumps(row, ensure_ascii=False), file=self.stdout, flush=True)

    def error(self, sentence: str, advice: str = "") -> None:
        """Say what went wrong and what to do next."""
        self._address(N_("erreur"), sentence)
        if advice:
            self._address(N_("conseil"), advice)

    def remark(self, sentence: str) -> None:
        """Say what may surprise and stops nothing."""
        self._address(N_("remarque"), sentence)

    def _address(self, kind: str, sentence: str) -> None:
        self.say(f"coffre : {self.tr(kind)} : {sentence}")


def of(ctx: typer.Context) -> Output:
    """Give the voice of the running command."""
    output = ctx.find_root().obj
    if not isinstance(output, Output):
        return Output("fr", sys.stdout, sys.stderr)
    return output


def plain(text: str) -> str:
    """Take from somebody else's text what would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
