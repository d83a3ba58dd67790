"""What a code is to say and where it goes, from the options of a command."""

from collections.abc import Mapping
from typing import ClassVar, Final

from sealing.service.codes import Order, TownCodeOrder, TwoDDocOrder
from storage.errors import CoffreError

_OTHER: Final = "0"


class FieldSyntaxError(CoffreError):
    """A `--field` is not NAME=VALUE, comes twice, or without a code. Details: `field`."""

    code: ClassVar[str] = "usage.field"


class PlaceSyntaxError(CoffreError):
    """An `--at` is neither `auto` nor `x,y`. Details: `at`."""

    code: ClassVar[str] = "usage.place"


class OptionWithoutCodeError(CoffreError):
    """An option of a code was given, and no code was asked for."""

    code: ClassVar[str] = "usage.option-without-code"


class TwoCodesError(CoffreError):
    """Both codes were asked for."""

    code: ClassVar[str] = "usage.two-codes"


class TypeWithoutTownCodeError(CoffreError):
    """A `--type` was given without `--towncode`."""

    code: ClassVar[str] = "usage.type-without-towncode"


def corner(at: str) -> tuple[float, float] | None:
    """Read `--at`; raise PlaceSyntaxError."""
    if at == "auto":
        return None
    try:
        x, y = (float(part) for part in at.split(","))
    except ValueError:
        raise PlaceSyntaxError(f"got {at}", at=at) from None
    return x, y


def order_of(
    pairs: list[str], twoddoc: str | None, *, towncode: bool, town_type: str | None
) -> Order | None:
    """Read what the code is to say; None for no code.

    Raises FieldSyntaxError, TwoCodesError, TypeWithoutTownCodeError.
    """
    kind = town_type_of(twoddoc, town_type, towncode=towncode)
    if kind is not None:
        return TownCodeOrder(kind, fields(pairs, kind))
    found = fields(pairs, twoddoc)
    return None if twoddoc is None else TwoDDocOrder(twoddoc, found)


def town_type_of(twoddoc: str | None, town_type: str | None, *, towncode: bool) -> str | None:
    """Give the type of the town code that was asked for, or None for another code or none.

    Raises TwoCodesError, TypeWithoutTownCodeError.
    """
    if twoddoc is not None and towncode:
        raise TwoCodesError("got --twoddoc and --towncode")
    if town_type is not None and not towncode:
        raise TypeWithoutTownCodeError("got --type without --towncode")
    return (town_type or _OTHER) if towncode else None


def fields(pairs: list[str], kind: str | None) -> Mapping[str, str]:
    """Read `--field` options, for a code of some kind; raise FieldSyntaxError."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or name in found or kind is None:
            raise FieldSyntaxError(f"got the field {name}", field=name)
        found[name] = value
    return found
