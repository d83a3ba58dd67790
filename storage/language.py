"""The language that a person reads: French is the source, other languages are catalogues.

Rules kept here:

- the French sentence in the code is the message's key (msgid); `locales/LANG.po` translates it;
- a catalogue is read at first use, there is no build step; a sentence that it lacks stays French;
- `N_` marks a sentence that is translated later, where the language is known.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

from storage.errors import CoffreError

Translator = Callable[[str], str]

DEFAULT = "fr"
LOCALES = Path(__file__).parent / "locales"


class CatalogueError(CoffreError):
    """A catalogue of our own cannot be read: a fault of the installation."""

    code: ClassVar[str] = "language.catalogue"


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for a deferred message
    """Mark a sentence for translation and give it back unchanged."""
    return sentence


def languages() -> list[str]:
    """List the languages that can be asked for, French first."""
    return [DEFAULT, *sorted(path.stem for path in LOCALES.glob("*.po"))]


def preferred(environ: Mapping[str, str]) -> str:
    """Choose a language by `COFFRE_LANG`, else by the locale (POSIX order), else French."""
    for name in ("COFFRE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            lang = value.replace("-", "_").split("_")[0].split(".")[0].lower()
            return lang if lang in languages() else DEFAULT
    return DEFAULT


@cache
def translator(lang: str) -> Translator:
    """Give the function that turns a French sentence into the same sentence in `lang`."""
    if lang == DEFAULT or lang not in languages():
        return str
    sentences = _catalogue(lang)
    return lambda sentence: sentences.get(sentence, sentence)


def _catalogue(lang: str) -> dict[str, str]:
    """Read a catalogue; raise CatalogueError when it is not one."""
    # Babel is slow to import and French needs none of it.
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415

    path = LOCALES / f"{lang}.po"
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
    except (OSError, PoFileError) as error:
        raise CatalogueError(f"got {error} in {path.name}") from error
    return {str(message.id): str(message.string) for message in catalogue if message.string}
