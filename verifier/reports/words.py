"""How papers speak: their language and typography, sizes, moments, and who makes them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from storage.language import N_, Translator
from verifier.reports.typeset import typography

# A longer value would not be read on paper.
_LONGEST: Final = 300
_KIBI: Final = 1024


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes papers: the version of Coffre, and the town where the settings name one."""

    version: str
    town: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The language of a paper; sentences of ours get their typography, values stay as they are."""

    lang: str
    tr: Translator

    def say(self, sentence: str, **details: str | int) -> str:
        """Say a sentence of ours; one without details may be filled by a template."""
        told = typography(self.tr(sentence))
        return told.format(**details) if details else told

    def own(self, told: str) -> str:
        """Give a sentence that was made already."""
        return typography(told)


def size_of(size: int, words: Words) -> str:
    """Say how long a file is."""
    if size < _KIBI:
        return words.say(N_("{count} octets"), count=size)
    if size < _KIBI * _KIBI:
        return words.say(N_("{count} Kio"), count=round(size / _KIBI))
    told = words.say(N_("{count} Mio"), count=f"{size / _KIBI / _KIBI:.1f}")
    return told if words.lang == "en" else told.replace(".", ",")


def moment_of(moment: datetime, words: Words) -> str:
    """Say a moment in UTC."""
    at = moment.astimezone(UTC)
    return words.say(N_("{day} à {hour} UTC"), day=f"{at:%d/%m/%Y}", hour=f"{at:%H:%M:%S}")


def capital(told: str) -> str:
    """Begin a sentence."""
    return told[:1].upper() + told[1:]


def cut(text: str) -> str:
    """Cut what is too long for a line, and show that it is cut."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
