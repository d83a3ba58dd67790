"""The door of typst: one of our templates and data in, a tagged PDF out.

Rules kept here:

- PDF/UA-1: tagged, with its language and its title, a font in the file for every character;
- what comes from documents is data (JSON, `sys.inputs`), never markup: no template evaluates a
  string, so that a file called `#include "x"` is called so on paper;
- nothing else is read: no font of the system, no package, no network; the moment is the caller's:
  the same data give the same bytes;
- typst works in a limited child (`reading.sandbox`), which can open nothing: its threads would not
  survive where this process forks, as the verification of many files does;
- a character that our fonts do not draw, or that would turn or hide its neighbours, is written by
  its number (U+202E): what cannot be shown is told, never left out.

Sentences are ours and get their French typography here; names and values stay as they are.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import typst

from verifier.errors import VerifierError
from verifier.reading.sandbox import ReadingStoppedError, run

_TEMPLATES: Final = Path(__file__).parent
# Drawn by the fonts that typst carries (a test tries them all): Latin, Greek, Cyrillic, their
# accents, and the signs of French, English and money.
_DRAWN: Final = re.compile(
    r"[\u0020-\u007e\u00a0-\u00ac\u00ae-\u034e\u0350-\u0377\u037a-\u037f\u0384-\u038a\u038c"
    r"\u038e-\u03a1\u03a3-\u04ff\u1e00-\u1eff\u2010-\u2015\u2018-\u2027\u202f-\u203e\u2044"
    r"\u20a0-\u20bf\u2116\u2122\u2190-\u2193\u2212\u2248\u2260\u2264\u2265]"
)
_BEFORE: Final = re.compile(r" (?=[:;!?»])")
_AFTER: Final = re.compile(r"(?<=«) ")
_APOSTROPHE: Final = re.compile(r"(?<=\w)'(?=\w)")
_SPACES: Final = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


class NotTypesetError(VerifierError):
    """A paper could not be made: a fault of ours, for every text has a form on paper."""

    code: ClassVar[str] = "verifier.not-typeset"


def typeset(template: str, data: Mapping[str, Any], moment: datetime) -> bytes:
    """Make the PDF of a template, dated from `moment`; raise NotTypesetError."""
    at = moment.astimezone(UTC).replace(microsecond=0)
    date = [at.year, at.month, at.day, at.hour, at.minute, at.second]
    told = json.dumps({**_shown(data), "date": date})
    source = (_TEMPLATES / f"{template}.typ").read_bytes()
    try:
        return run(compiled, source, told, at.isoformat())
    except ReadingStoppedError as error:
        raise NotTypesetError(f"got {error.code} from the template {template}") from error


def compiled(source: bytes, data: str, at: str) -> bytes:
    """Have typst make a PDF; raise NotTypesetError. Called in the child alone."""
    try:
        return typst.compile(
            source,
            format="pdf",
            sys_inputs={"data": data},
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=datetime.fromisoformat(at),
        )
    except typst.TypstError:
        # Its message may quote the document: it goes no further.
        raise NotTypesetError("got no PDF from a template") from None


def shown(text: str) -> str:
    """Write a text so that a person sees all of it: what cannot be drawn, by its number."""
    return "".join(
        sign if _DRAWN.fullmatch(sign) else f"\u2039U+{ord(sign):04X}\u203a" for sign in text
    )


def seen(text: str) -> str:
    """Write a text for a screen or an editor: what would turn or hide others, by its number."""
    return "".join(
        sign if sign.isprintable() or sign in _SPACES else f"\u2039U+{ord(sign):04X}\u203a"
        for sign in text
    )


def typography(sentence: str) -> str:
    """Put no-break spaces and apostrophes into a sentence of ours."""
    sentence = _AFTER.sub(_NO_BREAK, _BEFORE.sub(_NO_BREAK, sentence))
    return _APOSTROPHE.sub("\N{RIGHT SINGLE QUOTATION MARK}", sentence)


def _shown(value: Any) -> Any:  # noqa: ANN401 - JSON
    match value:
        case str():
            return shown(value)
        case Mapping():
            return {name: _shown(one) for name, one in value.items()}
        case Sequence():
            return [_shown(one) for one in value]
    return value
