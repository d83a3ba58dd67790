"""Where the demo's story is played, and what a step is."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cli.files import writing
from storage.errors import CoffreError
from storage.language import Translator

SEALED = "attestation-scellee.pdf"


class StoryError(CoffreError):
    """A step did not prove what it should: our fault. Details: `step`."""

    code: ClassVar[str] = "demo.story"


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was done. `title` and `proved` are sentences in the person's language."""

    name: str
    title: str
    proved: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Stage:
    """The story's folder and language."""

    folder: Path
    tr: Translator

    @property
    def pki(self) -> Path:
        """Give the folder of the demonstration's certificates."""
        return self.folder / "pki"

    @property
    def citizen(self) -> Path:
        """Give the folder of the citizen's own devices."""
        return self.folder / "citizen"

    def paper(self, name: str) -> Path:
        """Give the place of one of the story's papers."""
        return self.folder / "papers" / name

    def write(self, name: str, data: bytes) -> Path:
        """Keep a paper; an earlier run's is replaced."""
        path = self.paper(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path, force=True) as file:
            file.write(data)
        return path


@dataclass(frozen=True, slots=True)
class Chapter:
    """One step to be played: its stable name, its title (French), and what does it."""

    name: str
    title: str
    play: Callable[[Stage], str]


def played(stage: Stage, chapters: Iterable[Chapter]) -> Iterator[Step]:
    """Play chapters in order; an error stops the story where it is."""
    for chapter in chapters:
        start = time.perf_counter()
        proved = chapter.play(stage)
        yield Step(chapter.name, stage.tr(chapter.title), proved, time.perf_counter() - start)
