"""The exact text that the person saw before agreeing: `screen.json`, a member of the package.

Rules kept here:

- who, why, under which text, until when, what if one refuses: from the request, in French, which
  binds; then each item with the SHA-256 of what was previewed; two buttons;
- a text of the request is never cut nor reworded: a long one goes on over lines of one name;
- what is displayed is made from this object and nothing else, and the service finds its own texts
  in it, unchanged: another text between display and signature is seen.

Its digest stands in the salted manifest, never in clear: three possible texts would tell which.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from consent.errors import ConsentError
from consent.messages import chain
from consent.messages.request import Request
from vault.format.signed_message import MessageError

NAME: Final = "screen.json"
SCHEMA: Final = "screen"
TEMPLATE: Final = "release/1"
LANG: Final = "fr"
_LINE: Final = 300
_BUTTONS: Final = (
    {"id": "agree", "label": "Remettre"},
    {"id": "refuse", "label": "Ne pas remettre"},
)
_FROM: Final = {
    "receipt": "la remise",
    "decision": "la décision",
    "end-of-right": "la fin du droit",
}
_UNITS: Final = {"Y": ("an", "ans"), "M": ("mois", "mois"), "W": ("semaine", "semaines")}


class ScreenError(ConsentError):
    """What the person saw is not what the request says, or not what was handed over."""

    code: ClassVar[str] = "screen"


@dataclass(frozen=True, slots=True)
class ScreenItem:
    """One thing handed over: the requirement, its text, and the digest of what was previewed."""

    req: str
    text: str
    preview: str


@dataclass(frozen=True, slots=True)
class Screen:
    """The lines by name, in order, and the items."""

    lines: tuple[tuple[str, str], ...]
    items: tuple[ScreenItem, ...]

    @classmethod
    def of(cls, request: Request, items: Iterable[ScreenItem]) -> Self:
        """Give the screen of a request and of what would be handed over."""
        claims = request.claims
        who = ", ".join((claims["controller"]["name"], *claims["disclosed_to"]))
        texts = (
            ("who", who),
            ("what", claims["procedure"]["label"][LANG]),
            ("why", claims["purpose"]["text"][LANG]),
            ("law", claims["legal_basis"]["text"]),
            ("until", _until(claims["retention"])),
            ("refuse", claims["other_way"]["text"][LANG]),
        )
        return cls(tuple(line for name, text in texts for line in _lines(name, text)), tuple(items))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read `screen.json`; raise ScreenError."""
        try:
            members = chain.load(data, SCHEMA)
        except (ConsentError, MessageError) as error:
            raise ScreenError(f"{error}") from error
        return cls(
            tuple((each["id"], each["text"]) for each in members["lines"]),
            tuple(
                ScreenItem(each["req"], each["text"], each["preview"]) for each in members["items"]
            ),
        )

    def encode(self) -> bytes:
        """Give the bytes of `screen.json`."""
        members = {
            "v": 1,
            "template": TEMPLATE,
            "lang": LANG,
            "lines": [{"id": name, "text": text} for name, text in self.lines],
            "items": [
                {"req": each.req, "text": each.text, "preview": each.preview} for each in self.items
            ],
            "buttons": list(_BUTTONS),
        }
        chain.check(SCHEMA, members)
        return chain.encode(members)

    def check(self, request: Request, contents: Sequence[tuple[str, str]]) -> None:
        """Raise ScreenError unless it shows this request and exactly these (req, SHA-256)."""
        claims = request.claims
        if self._text("why") != claims["purpose"]["text"][LANG]:
            raise ScreenError("got another purpose on the screen than in the request")
        if self._text("law") != claims["legal_basis"]["text"]:
            raise ScreenError("got another legal text on the screen than in the request")
        if not self._text("who").startswith(claims["controller"]["name"]):
            raise ScreenError("got another controller on the screen than in the request")
        if sorted((each.req, each.preview) for each in self.items) != sorted(contents):
            raise ScreenError("got other things on the screen than were handed over")

    def _text(self, name: str) -> str:
        return "".join(text for line, text in self.lines if line == name)


def _lines(name: str, text: str) -> list[tuple[str, str]]:
    return [(name, text[at : at + _LINE]) for at in range(0, len(text), _LINE)]


def _until(retention: Mapping[str, Any]) -> str:
    counts = re.findall(r"(\d+)([YMWD])", retention["duration"])
    words = [f"{int(n)} {_UNITS.get(unit, ('jour', 'jours'))[int(n) > 1]}" for n, unit in counts]
    return f"Effacé au plus tard {' et '.join(words)} après {_FROM[retention['from']]}"
