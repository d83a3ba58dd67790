"""Verdicts on seals as data of a closed shape, for the border between two processes.

What is read back is of our own types, or a ValueError, KeyError or TypeError: nothing is executed,
no member is taken that was not asked for.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from verifier.check import Check, Indication, SubIndication
from verifier.verdict import Coverage, Issuer, Named, SealVerdict

_FACTS: Final = (str, int)


def written(seals: Sequence[SealVerdict]) -> bytes:
    """Write verdicts down."""
    return json.dumps([_seal(seal) for seal in seals]).encode()


def read_back(data: bytes) -> tuple[SealVerdict, ...]:
    """Read what `written` wrote; raise ValueError, KeyError or TypeError for anything else."""
    rows = json.loads(data)
    if not isinstance(rows, list):
        raise TypeError("got no list")
    return tuple(_seal_of(row) for row in rows)


def _seal(seal: SealVerdict) -> dict[str, Any]:
    at, named = seal.signing_time, seal.named
    return {
        "field": seal.field,
        "checks": [_check(check) for check in seal.checks],
        "level": seal.level,
        "signer": seal.signer,
        "qualified": seal.qualified,
        "signing_time": None if at is None else at.isoformat(),
        "coverage": str(seal.coverage),
        "modifications": list(seal.modifications),
        "test": seal.test,
        "named": None if named is None else _named(named),
    }


def _seal_of(row: Mapping[str, Any]) -> SealVerdict:
    at, named = row["signing_time"], row["named"]
    return SealVerdict(
        field=_text(row["field"]),
        checks=_checks_of(row["checks"]),
        level=_text_or_none(row["level"]),
        signer=_text_or_none(row["signer"]),
        qualified=_flag_or_none(row["qualified"]),
        signing_time=None if at is None else datetime.fromisoformat(at),
        coverage=Coverage(row["coverage"]),
        modifications=tuple(_text(one) for one in row["modifications"]),
        test=bool(row["test"]),
        named=None if named is None else _named_of(named),
    )


def _check(check: Check) -> list[Any]:
    sub = check.sub_indication
    told = None if sub is None else str(sub)
    return [check.id, str(check.indication), check.reason, told, dict(check.details)]


def _checks_of(rows: Sequence[Any]) -> tuple[Check, ...]:
    if not rows:
        raise ValueError("got a seal without any check")
    return tuple(_check_of(one) for one in rows)


def _check_of(row: Sequence[Any]) -> Check:
    name, indication, reason, sub, details = row
    if not all(isinstance(value, _FACTS) for value in details.values()):
        raise TypeError("got a detail that is neither text nor number")
    told = None if sub is None else SubIndication(sub)
    return Check(_text(name), Indication(indication), _text(reason), told, dict(details))


def _named(named: Named) -> list[Any]:
    issuer = named.issuer
    authority = None if issuer.authority is None else b64encode(issuer.authority).decode()
    return [str(named.identifier), issuer.organisation, issuer.number, authority]


def _named_of(row: Sequence[Any]) -> Named:
    identifier, organisation, number, authority = row
    told = None if authority is None else b64decode(authority, validate=True)
    return Named(UUID(identifier), Issuer(_text(organisation), _text(number), told))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("got something else than text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _flag_or_none(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError("got something else than yes or no")
    return value
