"""Many verdicts for a person: one line a file, and what they come to.

Rules kept here:

- a line says the file, the answer in words, who sealed, and why not if not;
- what they come to begins with the forged files, by their names: among ten thousand, nobody would
  look for them.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from cli.output import plain
from cli.problems.problem import Exit
from storage.language import N_, Translator

NAMED: Final = 20
_WIDEST: Final = 60
_ANSWER: Final = 22
_SIGNS: Final = {
    Exit.DONE: "✓",
    Exit.INDETERMINATE: "?",
    Exit.TOTAL_FAILED: "✗",
    Exit.NOT_FOUND: "-",
}
_ORDER: Final = (
    N_("authentiques : {count}"),
    N_("code à comparer avec le document : {count}"),
    N_("sans conclusion possible : {count}"),
    N_("falsifiés ou altérés : {count}"),
    N_("sans cachet ni code : {count}"),
    N_("pas lus : {count}"),
)
_COMPARE, _FAILED = 1, 5
_KINDS: Final = {
    Exit.DONE: 0,
    Exit.INDETERMINATE: 2,
    Exit.TOTAL_FAILED: 3,
    Exit.NOT_FOUND: 4,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One file's answer in words: what stands on the two streams, and the parts of its line.

    `unread`: there is no verdict, and `code` says why; `to_compare`: a code alone, not the page;
    `paper_failed`: the verdict stands, its report or its letter could not be written.
    """

    name: str
    code: int
    answer: str = ""
    who: str = ""
    why: str = ""
    out: str = ""
    err: str = ""
    unread: bool = False
    to_compare: bool = False
    paper_failed: bool = False


def row(told: Told, width: int) -> str:
    """Write one file's line."""
    sign = "!" if told.unread else _SIGNS.get(Exit(told.code), "!")
    rest = "   ".join(plain(part) for part in (told.who, told.why) if part)
    return f"{sign} {plain(told.name):<{width}} : {told.answer:<{_ANSWER}}   {rest}".rstrip()


def width_of(names: list[str]) -> int:
    """Give the width of the column of names."""
    return min(_WIDEST, max((len(plain(name)) for name in names), default=0))


@dataclass(slots=True)
class Tally:
    """What the answers come to so far."""

    counts: Counter[int] = field(default_factory=Counter)
    codes: set[int] = field(default_factory=set)
    forged: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Count the files that were answered for."""
        return self.counts.total()

    def add(self, told: Told) -> None:
        """Count one answer."""
        kind = _KINDS.get(Exit(told.code), _FAILED)
        if told.to_compare:
            kind = _COMPARE
        self.counts[_FAILED if told.unread else kind] += 1
        self.codes.add(told.code)
        if told.paper_failed:
            self.codes.add(Exit.FAILED)
        if told.code == Exit.TOTAL_FAILED and len(self.forged) < NAMED:
            self.forged.append(told.name)

    def lines(self, others: int, tr: Translator) -> list[str]:
        """Say what the answers come to, the forged files first."""
        count = self.counts[_KINDS[Exit.TOTAL_FAILED]]
        lines = []
        if count:
            names = ", ".join(plain(name) for name in self.forged)
            more = ", …" if count > len(self.forged) else ""
            forged = tr(N_("FALSIFIÉS OU ALTÉRÉS : {count}")).format(count=count)
            lines.append(f"✗ {forged} ({names}{more})")
        told = [
            tr(words).format(count=self.counts[kind])
            for kind, words in enumerate(_ORDER)
            if self.counts[kind]
        ]
        files = tr(N_("fichiers vérifiés : {count}")).format(count=self.done)
        lines.append(f"{files} ({' ; '.join(told)})" if told else files)
        if others:
            left_out = tr(N_("ni PDF ni image, laissés de côté : {count}"))
            lines.append(left_out.format(count=others))
        return lines
