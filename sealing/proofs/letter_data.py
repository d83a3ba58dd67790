"""The letter's data, attached to its PDF as a JSON file: what software reads instead of the page.

Rules kept here:

- one JSON object in UTF-8 (RFC 8259): 64 KiB, 8 levels, 1,000 values; no name twice, no number
  without an end;
- `document_id`, the letter's identifier, is written by the seal, first of all members; a file that
  brings one is refused;
- the order and the values of all others stay.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NoReturn

from sealing.errors import SealingError
from sealing.proofs.document_id import DocumentId

DOCUMENT_ID: Final = "document_id"
MAX_BYTES: Final = 64 * 1024
_LEVELS: Final = 8
_VALUES: Final = 1_000

Json = Any


class LetterDataError(SealingError):
    """The attached data are not what they must be; the message says why."""

    code: ClassVar[str] = "sealing.letter-data"


class LetterDataNamedError(LetterDataError):
    """The data bring an identifier of their own. Details: `name`, that of the member."""

    code: ClassVar[str] = "sealing.letter-data-named"


@dataclass(frozen=True, slots=True)
class LetterData:
    """The members of the object, in their order."""

    members: Mapping[str, Json]

    @classmethod
    def parse(cls, data: bytes) -> "LetterData":
        """Read an attached file; raise LetterDataError."""
        if len(data) > MAX_BYTES:
            raise LetterDataError(f"got {len(data)} bytes, expected at most {MAX_BYTES}")
        try:
            read = json.loads(
                data.decode("utf-8-sig"), object_pairs_hook=_members, parse_constant=_constant
            )
        except (ValueError, RecursionError) as error:
            raise LetterDataError(f"got {type(error).__name__}") from error
        if not isinstance(read, dict):
            raise LetterDataError(f"got {type(read).__name__}, expected an object")
        if sum(1 for _ in _values(read, 1)) > _VALUES:
            raise LetterDataError(f"got more than {_VALUES} values")
        return cls(read)

    @property
    def document_id(self) -> str | None:
        """Give the identifier that the data bear; None without a text of that name."""
        found = self.members.get(DOCUMENT_ID)
        return found if isinstance(found, str) else None

    def sealed(self, identifier: DocumentId) -> bytes:
        """Write the data of a letter, with its identifier; raise LetterDataNamedError."""
        if DOCUMENT_ID in self.members:
            raise LetterDataNamedError(f"got a member {DOCUMENT_ID}", name=DOCUMENT_ID)
        whole = {DOCUMENT_ID: str(identifier), **self.members}
        return json.dumps(whole, ensure_ascii=False, indent=2).encode() + b"\n"

    def texts(self) -> Iterator[tuple[str, str]]:
        """Give every member that holds one value, at any level, as name and text."""
        for name, value in _values(self.members, 1):
            if name and isinstance(value, str | int | float) and not isinstance(value, bool):
                yield name, str(value)


def _values(value: Json, level: int, name: str = "") -> Iterator[tuple[str, Json]]:
    if level > _LEVELS:
        raise LetterDataError(f"got more than {_LEVELS} levels")
    if isinstance(value, Mapping):
        for own, below in value.items():
            yield from _values(below, level + 1, own)
    elif isinstance(value, list):
        for below in value:
            yield from _values(below, level + 1)
    else:
        yield name, value


def _members(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("got a name twice")
    return read


def _constant(text: str) -> NoReturn:
    raise ValueError(f"got {text}")
