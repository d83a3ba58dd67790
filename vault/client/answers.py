"""What a server answered, read member by member: each is of the type it must have, or AnswerError.

Rules kept here:

- an answer is JSON of the restricted kind of signed messages: no member twice, no float, integers
  of 53 bits, 12 levels at most;
- bytes are canonical base64url, of the length that is told;
- members that nobody reads are left alone: a newer server may say more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from vault.errors import VaultError
from vault.format.canonical import CanonicalError, from_base64url
from vault.format.signed_message import MessageError, load_object


class AnswerError(VaultError):
    """The server's answer has not the form that was agreed."""

    code: ClassVar[str] = "server.answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object of a server: each member is read as what it must be; raises AnswerError."""

    members: Mapping[str, object]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a body; raise AnswerError."""
        try:
            return cls(load_object(data))
        except MessageError as error:
            raise AnswerError("got an answer that is not JSON of our kind") from error

    def has(self, name: str) -> bool:
        """Tell whether a member is there and not null."""
        return self.members.get(name) is not None

    def text(self, name: str, limit: int = 16_384) -> str:
        """Give a text of at most `limit` characters."""
        value = self.members.get(name)
        if not isinstance(value, str) or len(value) > limit:
            raise AnswerError(f"got no text for {name}")
        return value

    def integer(self, name: str) -> int:
        """Give an integer, 0 or more."""
        value = self.members.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise AnswerError(f"got no number for {name}")
        return value

    def bytes(self, name: str, length: int | None = None) -> bytes:
        """Give bytes, of this many if told."""
        try:
            return from_base64url(self.members.get(name), length)
        except CanonicalError as error:
            raise AnswerError(f"got no bytes for {name}") from error

    def object(self, name: str) -> "Answer":
        """Give an object."""
        value = self.members.get(name)
        if not isinstance(value, Mapping):
            raise AnswerError(f"got no object for {name}")
        return Answer(value)

    def objects(self, name: str) -> Sequence["Answer"]:
        """Give a list of objects."""
        value = self.members.get(name)
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            raise AnswerError(f"got no list for {name}")
        return [Answer(each) for each in value]
