r"""Values taken out of the text of letters: what the page prints is what the code will say.

Rules kept here:

- a value is sought in the whole text of a letter, its pages one after the other, line by line as
  they are seen; it is found once, or always the same. Not found, or found in two ways, is a fault
  of that letter, told with its page;
- spaces around it are cut off, those within are one space each;
- patterns come from the operator and may run for ever: they run in a process of their own, which is
  ended after a while;
- `after:LABEL` is the plain way: the words that follow a label, on its line or the next; never
  those of a line further down or of another page.
"""

import multiprocessing
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import ClassVar, Final

from sealing.batch.spool.pdf import SpoolError

PATIENCE: Final = 5.0
MAX_VALUE: Final = 1_000
_AFTER: Final = "after:"
# Spaces of one line: no end of a line or a page.
_BLANK: Final = r"[^\S\r\n\v\f\x1c-\x1e\x85\u2028\u2029]"
_WORDS: Final = r"(\S+(?: \S+)*)"
_PAGE: Final = "\f"
_MAX_FOUND: Final = 1_000
_FLAGS: Final = re.MULTILINE

Found = list[tuple[str, int]]


class TakePatternError(SpoolError):
    """A pattern that is none, or without its one group. Details: `name`."""

    code: ClassVar[str] = "spool.take-pattern"


class TakeAbsentError(SpoolError):
    """A letter has no such value. Details: `name`, `page`."""

    code: ClassVar[str] = "spool.take-absent"


class TakeTwiceError(SpoolError):
    """A letter has two different ones. Details: `name`, `page`."""

    code: ClassVar[str] = "spool.take-twice"


class TakeTooLongError(SpoolError):
    """What was found is too long to be a value. Details: `name`, `page`."""

    code: ClassVar[str] = "spool.take-too-long"


class TakeStoppedError(SpoolError):
    """The process that seeks has died, of too much memory perhaps. Details: `name`, `page`."""

    code: ClassVar[str] = "spool.take-stopped"


class TakeTooSlowError(SpoolError):
    """A pattern does not come to its end. Details: `name`, `page`."""

    code: ClassVar[str] = "spool.take-too-slow"


@dataclass(frozen=True, slots=True)
class Take:
    """A value wanted of each letter: the column where it goes, and the pattern that finds it."""

    name: str
    pattern: str

    @classmethod
    def parse(cls, name: str, wanted: str) -> "Take":
        """Read a pattern, or the label behind `after:`; raise TakePatternError."""
        if wanted.startswith(_AFTER):
            words = wanted.removeprefix(_AFTER).split()
            if not words:
                raise TakePatternError("got no label", name=name)
            label = rf"{_BLANK}+".join(map(re.escape, words))
            next_line = rf"(?:{_BLANK}*\r?\n)?+{_BLANK}*+"
            return cls(name, rf"(?i:{label}){_BLANK}*+:?+{next_line}{_WORDS}")
        try:
            groups = re.compile(wanted, _FLAGS).groups
        except (re.error, RecursionError, OverflowError) as error:
            raise TakePatternError(f"got {error}", name=name) from error
        if groups != 1:
            raise TakePatternError(f"got {groups} groups, expected 1", name=name)
        return cls(name, wanted)


@dataclass(slots=True)
class Seeker:
    """The process that seeks. Open it by `opened`."""

    takes: Sequence[Take]
    patience: float
    pipe: Connection

    @classmethod
    @contextmanager
    def opened(cls, takes: Sequence[Take], patience: float = PATIENCE) -> Iterator["Seeker"]:
        """Start it; it is ended with the block, whatever it does."""
        context = multiprocessing.get_context("forkserver")
        ours, theirs = context.Pipe()
        patterns = [take.pattern for take in takes]
        process = context.Process(target=_serve, args=(theirs, ours, patterns), daemon=True)
        process.start()
        theirs.close()
        try:
            yield cls(takes, patience, ours)
        finally:
            ours.close()
            process.kill()
            process.join()
            process.close()

    def values(self, pages: Sequence[str], first: int) -> dict[str, str]:
        """Give the values of a letter, whose first page has this number.

        Raises TakeAbsentError, TakeTwiceError, TakeTooLongError, TakeTooSlowError or
        TakeStoppedError.
        """
        text = _PAGE.join(pages)
        return {
            take.name: self._value(take, index, text, first)
            for index, take in enumerate(self.takes)
        }

    def _value(self, take: Take, index: int, text: str, first: int) -> str:
        try:
            self.pipe.send((index, text))
            if not self.pipe.poll(self.patience):
                raise TakeTooSlowError("got no answer in time", name=take.name, page=first)
            found: Found = self.pipe.recv()
        except (EOFError, OSError) as error:
            raise TakeStoppedError("got no seeker", name=take.name, page=first) from error
        if not found:
            raise TakeAbsentError("got no value", name=take.name, page=first)
        value = found[0][0]
        for other, place in found:
            page = first + text.count(_PAGE, 0, place)
            if other != value:
                raise TakeTwiceError("got two values", name=take.name, page=page)
            if len(other) > MAX_VALUE:
                raise TakeTooLongError("got too long a value", name=take.name, page=page)
        return value


def sought(pattern: str, text: str) -> Found:
    """Give the values that a pattern finds, and where; empty ones count for nothing."""
    found: Found = []
    for match in re.compile(pattern, _FLAGS).finditer(text):
        value = " ".join((match[1] or "").split())
        if value:
            found.append((value, match.start(1)))
        if len(found) == _MAX_FOUND:
            break
    return found


def _serve(pipe: Connection, other: Connection, patterns: Sequence[str]) -> None:
    other.close()
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            index, text = pipe.recv()
            pipe.send(sought(patterns[index], text))
