"""The frame of every page: language, the town's name and colours, addresses of bundles.

Rules kept here:

- a page is French unless `?lang=` or `Accept-Language` asks for a language that has a catalogue;
  links inside the site keep an explicit `?lang=`: nothing is stored for it;
- French typography (no-break spaces, apostrophes) is put here, so that sources stay readable;
- a town's two colours must be readable: text on them, or in them, at 4.5:1 at least, or they are
  refused; the dark theme derives its own from the same two;
- templates escape everything, know no missing variable, and hold no script and no style: both come
  as files, by their hashed address.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from storage.language import DEFAULT, languages, translator
from vault.errors import VaultError
from vault.web.assets import Asset, asset

_BEFORE: Final = re.compile(r" ([:;!?»])")
_AFTER: Final = re.compile(r"« ")
_APOSTROPHE: Final = re.compile(r"(?<=\w)'(?=\w)")
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_TEXT_CONTRAST: Final = 4.5
_WHITE: Final = "#ffffff"
_PAPER: Final = "#faf8f5"
_NIGHT: Final = "#17141c"


class TownColourError(VaultError):
    """A colour of the town is not `#rrggbb` in lower case, or cannot be read. Details: `colour`."""

    code: ClassVar[str] = "vault.town-colour"


@dataclass(frozen=True, slots=True)
class Town:
    """Whose site this is. `band` lies under white text, `accent` is text on a light page."""

    name: str = "Coffre"
    band: str = "#33224a"
    accent: str = "#6b2a78"

    def __post_init__(self) -> None:
        """Refuse colours that people could not read."""
        for colour, ground in ((self.band, _WHITE), (self.accent, _PAPER)):
            if _COLOUR.fullmatch(colour) is None:
                raise TownColourError(f"got {colour!r}, expected #rrggbb", colour=colour)
            if (got := contrast(colour, ground)) < _TEXT_CONTRAST:
                message = f"got {got:.2f}:1 for {colour}, expected {_TEXT_CONTRAST}:1"
                raise TownColourError(message, colour=colour)

    def stylesheet(self) -> str:
        """Give the colours as variables, for both themes."""
        light = f"--band:{self.band};--accent:{self.accent}"
        dark = f"--band:{self.band};--accent:{lightened(self.accent, _NIGHT)}"
        return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """What pages are made with: templates of every area, and the town."""

    environment: Environment
    town: Town

    @classmethod
    def of(cls, areas: Sequence[str], town: Town | None = None) -> "Frame":
        """Make a frame from the templates of some areas (`vault` is always one)."""
        loaders = [PackageLoader(f"{area}.web") for area in dict.fromkeys(("vault", *areas))]
        environment = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals["asset"] = asset
        return cls(environment, town or Town())

    def asset(self, name: str) -> Asset:
        """Give one bundle, as the templates do; raise AssetError."""
        return asset(name)


def render(request: Request, template: str, **context: object) -> HTMLResponse:
    """Make one page, in the language that the request asks for."""
    frame = cast("Frame", request.app.state.frame)
    lang = language_of(request)
    explicit = "lang" in request.query_params

    def link(path: str) -> str:
        return f"{path}?lang={lang}" if explicit else path

    values: dict[str, Any] = {
        "_": sentences(lang),
        "lang": lang,
        "here": request.url.path,
        "link": link,
        "town": frame.town,
    }
    page = frame.environment.get_template(template).render(values | context)
    return HTMLResponse(page, headers={"Vary": "Accept-Language", "Content-Language": lang})


def language_of(request: Request) -> str:
    """Choose the language of a page."""
    wanted = request.query_params.get("lang")
    if wanted in languages():
        return str(wanted)
    for part in request.headers.get("accept-language", "").split(","):
        lang = part.split(";")[0].strip().split("-")[0].lower()
        if lang in languages():
            return lang
    return DEFAULT


def sentences(lang: str) -> Callable[[str], str]:
    """Give the translator of a page; French sentences get their no-break spaces."""
    translate = translator(lang)
    return french if lang == DEFAULT else translate


def french(sentence: str) -> str:
    """Put no-break spaces and apostrophes as French typography asks for them."""
    spaced = _AFTER.sub("«\N{NO-BREAK SPACE}", _BEFORE.sub("\N{NO-BREAK SPACE}\\1", sentence))
    return _APOSTROPHE.sub("\N{RIGHT SINGLE QUOTATION MARK}", spaced)


def contrast(first: str, second: str) -> float:
    """Give the contrast of two colours (WCAG 2.2, 1.4.3): 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lightened(colour: str, ground: str) -> str:
    """Bring a colour towards white until text in it can be read on a dark ground."""
    channels = _channels(colour)
    for share in range(0, 101, 2):
        mixed = "#" + "".join(f"{round(c + (255 - c) * share / 100):02x}" for c in channels)
        if contrast(mixed, ground) >= _TEXT_CONTRAST + 2:
            return mixed
    return _WHITE


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = [channel / 255 for channel in _channels(colour)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]  # noqa: PLR2004
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
