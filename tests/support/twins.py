"""What Python answers on codes, written down: the browser's twins must answer the same.

Every vector, ours and shared, then copies of ours altered at random.
"""

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

from support import shared
from support.shared_trust import shared_trust
from support.twoddoc import OUR_CODES, OUR_KEY, SETS, shared_codes
from support.twoddoc_pki import NOW, Authority

from sealing.twoddoc.catalogue import Kind, identifiers
from sealing.twoddoc.header import NotTwoDDocError
from sealing.twoddoc.values import ValueInvalidError, decode
from verifier.checks.codes.twoddoc import check_symbols
from verifier.trust.trust_list import ListName, Mode, TrustList, TrustListInfo
from verifier.verdict import CodeVerdict
from verifier.web.api import as_json

Row = list[Any]


def our_trust() -> TrustList:
    """Give lists that believe our throw-away key, under both its names."""
    authority = Authority("FR00")
    leaves = [authority.leaf(name, key=OUR_KEY) for name in ("TEST", "0AB01")]
    return TrustList(
        mode=Mode.TEST,
        lists=(TrustListInfo(ListName.TWODDOC, NOW),),
        twoddoc_authorities={"FR00": (authority.certificate,)},
        twoddoc_leaves={("FR00", leaf.name): (leaf.certificate,) for leaf in leaves},
        crls=(authority.crl(),),
    )


def answer(symbols: list[bytes], trust: TrustList, *, repair: bool) -> dict[str, Any]:
    """Give all that Python says of a code, as JSON values."""
    try:
        told = check_symbols(symbols, trust, NOW, repair=repair).verdict
    except NotTwoDDocError as problem:
        return {"looks_like": problem.looks_like}
    return {
        "checks": [[one.id, one.indication, one.sub_indication, one.reason] for one in told.checks],
        "findings": list(told.findings),
        "fields": [
            [one.di, one.raw, one.truncated, written(one.di, one.raw)] for one in told.fields
        ],
        "annex": [[one.di, one.raw] for one in told.annex],
        "header": header_of(told) if told.signature_date else None,
    }


def written(di: str, raw: str) -> str | None:
    """Give the typed value of a field as text, None where it has none."""
    entry = identifiers().get(di)
    try:
        value = decode(entry.kind if entry else Kind.TEXT, raw) if raw else None
    except ValueInvalidError:
        return None
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if value is None else str(value)


def header_of(told: CodeVerdict) -> list[str | None]:
    """Give what the header says, as JSON values."""
    days = [None if day is None else str(day) for day in (told.issue_date, told.signature_date)]
    return [told.ca, told.cert, told.doc_type, *days]


def altered(codes: list[list[bytes]], chance: random.Random) -> list[bytes]:
    """Give the symbols of a code, one of them cut, ended otherwise, or changed in a byte."""
    symbols = list(chance.choice(codes))
    place = chance.randrange(len(symbols))
    raw, other = symbols[place], chance.choice(chance.choice(codes))
    at = chance.randrange(len(raw) + 1)
    change = chance.choice("\x1d\x1e\x1f\n0AZ\xdc\xee\xff").encode("latin-1")
    more, less = raw[:at] + change + raw[at:], raw[:at] + raw[at + 1 :]
    symbols[place] = chance.choice([raw, raw[:at], raw[:at] + other[at:], more, less])
    return symbols


def row(symbols: list[bytes], lists: str, trust: TrustList, *, repair: bool = False) -> Row:
    """Write a question and its answer."""
    told = answer(symbols, trust, repair=repair)
    return [[symbol.decode("latin-1") for symbol in symbols], repair, lists, told]


def write_twins(path: Path, count: int) -> None:
    """Write lists as the server gives them, the answers on every vector and on altered codes."""
    codes = [[code["raw"].encode("latin-1")] for code in OUR_CODES]
    codes += [[symbol.encode("latin-1") for symbol in row["symbols"]] for row in SETS]
    lists, chance = {"ours": our_trust()}, random.Random(7)  # noqa: S311 - a fixed choice
    rows = [row(symbols, "ours", lists["ours"]) for symbols in codes]
    if (shared.ROOT / "data" / "twoddoc").exists():
        lists |= {str(mode): shared_trust(mode) for mode in Mode}
        for mode in Mode:
            whole = [code["raw"].encode("latin-1") for code in shared_codes()]
            rows += [row([raw], str(mode), lists[mode]) for raw in whole]
    for number in range(count):
        symbols = altered(codes, chance)
        rows.append(row(symbols, "ours", lists["ours"], repair=number % 2 == 1))
    told = {"lists": {name: as_json(trust, NOW) for name, trust in lists.items()}, "rows": rows}
    path.write_text(json.dumps(told), "utf-8")
