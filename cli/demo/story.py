"""The story that `coffre demo` tells: one letter's journey, each step done for real.

A step that is not built is absent. Each gives what it proved, in the person's language, and how
long it took.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.demo import pki
from storage.language import N_, Translator


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was done. `title` and `proved` are sentences in the person's language."""

    name: str
    title: str
    proved: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story is played: its folder and its language."""

    folder: Path
    tr: Translator

    @property
    def pki(self) -> Path:
        """Give the folder of the demonstration's certificates."""
        return self.folder / "pki"


def play(stage: Stage) -> Iterator[Step]:
    """Play the steps in order; an error stops the story where it is."""
    chapters: tuple[tuple[str, str, Callable[[Stage], str]], ...] = (
        ("pki", N_("La ville reçoit ses certificats de démonstration"), certificates),
    )
    for name, title, chapter in chapters:
        start = time.perf_counter()
        proved = chapter(stage)
        yield Step(name, stage.tr(title), proved, time.perf_counter() - start)


def certificates(stage: Stage) -> str:
    """Make the demonstration's certificates, or use those of an earlier run."""
    if (stage.pki / "coffre.toml").is_file():
        return stage.tr(N_("les certificats de la fois précédente servent encore"))
    made = pki.build(datetime.now(UTC))
    pki.write(made, stage.pki)
    count = len(made.seals) + len(made.twoddocs)
    sentence = N_("{count} signataires, une autorité d'horodatage, des listes de révocation")
    return stage.tr(sentence).format(count=count)
