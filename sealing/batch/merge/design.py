"""What a template is to the rest of a mail merge, whatever it is written in.

Rules kept here:

- a design takes the columns of the data once, and then makes the PDF of one letter after another
  from values alone: no clock, no network, no file but those beside the template;
- its fingerprint tells one design from another: the template, all that it names in its folder, the
  program that draws;
- what a value may hold: 10,000 characters, none of them a control or one that no text holds;
- a letter has limits: seconds, and pages. A letter that goes beyond ends alone; one that hangs
  where Python is not asked takes its worker with it, which the pool sees.
"""

import faulthandler
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar, Final, Protocol

from sealing.errors import SealingError

MAX_TEMPLATE: Final = 1 << 20
MAX_VALUE: Final = 10_000
MAX_PAGES: Final = 50
SECONDS: Final = 30.0
_HANGING: Final = 2.0
_LAYOUT: Final = frozenset("\n\r\t")


class MergeError(SealingError):
    """A letter, or none, can be made of this template; children say why."""

    code: ClassVar[str] = "merge"


class TemplateTooLargeError(MergeError):
    """The template is larger than the limit. Details: `path`, `limit` (MiB)."""

    code: ClassVar[str] = "merge.template-too-large"


class UnknownColumnError(MergeError):
    """The template names a column that the data have not. Details: `name`, `path`, `line`."""

    code: ClassVar[str] = "merge.unknown-column"


class NoColumnError(MergeError):
    """The template names no column: all letters would be the same. Details: `path`."""

    code: ClassVar[str] = "merge.no-column"


class ValueTooLongError(MergeError):
    """A value is longer than the limit. Details: `name`, `limit`."""

    code: ClassVar[str] = "merge.value-too-long"


class ValueCharactersError(MergeError):
    """A value holds a control character, or one that no text holds. Details: `name`."""

    code: ClassVar[str] = "merge.value-characters"


class TooSlowError(MergeError):
    """A letter took longer than the limit. Details: `seconds`."""

    code: ClassVar[str] = "merge.too-slow"


class TooManyPagesError(MergeError):
    """A letter has too many pages. Details: `pages`, `limit`."""

    code: ClassVar[str] = "merge.too-many-pages"


class Design(Protocol):
    """A template, open: it makes letters."""

    @property
    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Name what a reader of these letters will miss: codes, each with what it is about."""

    @property
    def reads(self) -> bool:
        """Tell whether letters differ by their values."""

    def fingerprint(self) -> Mapping[str, str]:
        """Tell this design from another, once a letter was made."""

    def check(self, values: Mapping[str, str]) -> None:
        """Raise a MergeError for values of which no letter can be made."""

    def make(self, values: Mapping[str, str]) -> bytes:
        """Give the PDF of one letter; raise a MergeError."""


def check_values(values: Mapping[str, str]) -> None:
    """Raise ValueTooLongError or ValueCharactersError."""
    for name, value in values.items():
        if len(value) > MAX_VALUE:
            problem = f"got {len(value)} characters"
            raise ValueTooLongError(problem, name=name, limit=MAX_VALUE)
        if value.isprintable():
            continue
        if any(_is_no_text(sign) for sign in value):
            raise ValueCharactersError("got a character of no text", name=name)


def _is_no_text(sign: str) -> bool:
    code = ord(sign)
    if code < ord(" ") or code == 0x7F:  # noqa: PLR2004 - delete
        return sign not in _LAYOUT
    # Unicode 23.7: 66 code points that stand for no character, which we use as marks.
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE  # noqa: PLR2004 - as above


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """End a letter that takes too long; raise TooSlowError. In the main thread alone.

    The alarm comes again each second: a library may swallow the first. What hangs outside Python
    hears no alarm: it ends with its process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError("got a letter without an end", seconds=int(seconds))

    before = signal.signal(signal.SIGALRM, ring)
    with open(os.devnull, "wb") as silence:  # noqa: PTH123 - a device
        faulthandler.dump_traceback_later(seconds * _HANGING, exit=True, file=silence)
        alarm = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGALRM, before)
            signal.setitimer(signal.ITIMER_REAL, *alarm)
