"""What applications send and get below `/api/v1/seals` and `/api/v1/mailings`.

Unknown members are refused. The same orders are what the sealing process reads
(`Commission.work_order`): what is not here cannot be asked for by the API.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_ORDER = 32 << 10
_Name = Annotated[str, Field(min_length=1, max_length=64)]
_Type = Annotated[str, Field(min_length=1, max_length=64)]
_Field = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
_Millimetres = Annotated[float, Field(ge=0, le=5_000)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$")]
LevelName = Literal["B-B", "B-T", "B-LT", "B-LTA"]
CodeKind = Literal["twoddoc", "towncode"]


class Body(BaseModel):
    """What comes: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What goes."""

    model_config = ConfigDict(frozen=True)


class Code(Body):
    """The code of letters: a 2D-Doc of a type, or the town's own code."""

    kind: CodeKind
    type: _Type = "0"


class FilledCode(Code):
    """The code of one letter: `fields` by data identifier (2D-Doc) or by name (town code)."""

    fields: Annotated[dict[_Field, Annotated[str, Field(max_length=1_024)]], Field(max_length=64)]


class Place(Body):
    """Where the code goes: a page, and its corner in millimetres from the top left, or found."""

    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    x: _Millimetres | None = None
    y: _Millimetres | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> "Place":
        if (self.x is None) != (self.y is None):
            raise ValueError("one of x and y alone")
        return self

    @property
    def corner(self) -> tuple[float, float] | None:
        """Give the corner that was asked for."""
        return None if self.x is None or self.y is None else (self.x, self.y)


class Order(Body):
    """How letters are sealed. `fold`: values of a 2D-Doc into capitals without accents."""

    level: LevelName = "B-B"
    signer: _Name | None = None
    place: Place = Place()
    fold: bool = False


class SealOrder(Order):
    """How one letter is sealed, and what its code says."""

    code: FilledCode | None = None


class MailingOrder(Order):
    """How a mailing is sealed: `code` is for lines that name no type (column `twoddoc`)."""

    code: Code | None = None
    same_layout: bool = False
    evidence: bool = False


class SealWork(SealOrder):
    """An order as the office reads it: with the signers that its key allows, all where empty."""

    signers: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        """Tell whether the application, or its key, says who signs."""
        return bool(self.signer or self.signers)


class MailingWork(MailingOrder):
    """An order as the office reads it: with the signers that its key allows, all where empty."""

    signers: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        """Tell whether the application, or its key, says who signs."""
        return bool(self.signer or self.signers)


class Trouble(Answer):
    """Why a letter is not sealed: `code` is that of the problem that its POST answered."""

    code: str
    title: str
    parts: list[dict[str, str]] = []


class SealAnswer(Answer):
    """One letter. `state`: waiting, sealed, refused, failed (ask again), erased.

    `seal` is the identifier that letter and code carry; `pdf` where the sealed letter is, until
    `expires_at`, or some hours after it was fetched.
    """

    id: Id
    state: str
    level: str
    created_at: datetime
    seal: str | None = None
    sha256: str | None = None
    pdf: str | None = None
    sealed_at: datetime | None = None
    expires_at: datetime | None = None
    problem: Trouble | None = None


class WrongLine(Answer):
    """A line of the list that cannot be sealed."""

    line: int
    file: str
    code: str
    title: str
    parts: list[dict[str, str]] = []


class MailingAnswer(Answer):
    """One mailing. `state`: waiting, sealing, sealed (done), refused, failed, cancelled, erased.

    `sealed`, `failed` and `refused` count letters; `rate` is letters a second, `eta` seconds.
    """

    id: Id
    state: str
    level: str
    created_at: datetime
    letters: int
    sealed: int = 0
    failed: int = 0
    refused: int = 0
    waiting: int = 0
    rate: float | None = None
    eta: int | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    journal: str | None = None
    report: str | None = None
    archive: str | None = None
    problem: Trouble | None = None
    wrong_lines: int | None = None
    lines: list[WrongLine] | None = None


def members(model: BaseModel) -> dict[str, Any]:
    """Write an answer without what it has not."""
    return model.model_dump(mode="json", exclude_none=True)
