"""A 2D-Doc taken apart, and a type of the tables, in members and in lines: nothing is verified.

Whoever shows these says so: what a code proves is a verdict's to tell (`coffre verify`).
"""

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from cli.output import Output, plain
from sealing.twoddoc.catalogue import DocType, Kind, doc_type, identifiers
from sealing.twoddoc.fields import Field
from sealing.twoddoc.message import ParsedMessage, parse
from sealing.twoddoc.values import LocalDateTime, Period, Value, ValueInvalidError, decode
from storage.language import N_

_CURVES: Final = {64: "P-256", 96: "P-384", 132: "P-521"}


def members(raw: bytes, parsed: ParsedMessage) -> dict[str, Any]:
    """Give the members of a decoded code's JSON object."""
    header = parsed.header
    entry = doc_type(header.doc_type, header.perimeter)
    return {
        "verified": False,
        "raw_b64": base64.b64encode(raw).decode(),
        "form": str(header.form),
        "version": header.version,
        "doc_type": header.doc_type,
        "doc_type_name": entry.french if entry else None,
        "ca": header.ca_id,
        "cert": header.certificate_id,
        "issue_date": header.issue_date.isoformat() if header.issue_date else None,
        "signature_date": header.signature_date.isoformat(),
        "perimeter": header.perimeter,
        "country": header.country,
        "fields": [_field_members(field) for field in parsed.fields],
        "annex": [_field_members(field) for field in parsed.annex.fields] if parsed.annex else [],
        "signature_bytes": len(parsed.signature),
        "findings": [str(finding) for finding in parsed.findings],
    }


def _field_members(field: Field) -> dict[str, Any]:
    entry = identifiers().get(field.di)
    return {
        "di": field.di,
        "name": entry.french if entry and entry.french else field.di,
        "value": _value(field),
        "raw": field.raw,
        "truncated": field.truncated,
    }


def _value(field: Field) -> str:
    """Give a value as people write it, or its raw text where that is all there is."""
    entry = identifiers().get(field.di)
    try:
        value = decode(entry.kind, field.raw) if entry and field.raw else field.raw
    except ValueInvalidError:
        return field.raw
    match value:
        case LocalDateTime() | Period():
            return str(value)
        case date():
            return value.isoformat()
        case str():
            return value
    return field.raw


def say(output: Output, parsed: ParsedMessage) -> None:
    """Say a code in lines: header, fields, annex, findings."""
    told = members(b"", parsed)
    name = told["doc_type_name"] or output.tr(N_("type inconnu"))
    output.show(f"2D-Doc {told['doc_type']} : {name}")
    rows = [
        (N_("version"), f"{told['version']:02}"),
        (N_("autorité"), told["ca"]),
        (N_("certificat"), told["cert"]),
        (N_("émis le"), told["issue_date"] or "-"),
        (N_("signé le"), told["signature_date"]),
        (N_("signature"), _CURVES[told["signature_bytes"]]),
    ]
    for label, value in rows:
        output.show(f"  {output.tr(label)} : {value}")
    for row in told["fields"]:
        mark = "…" if row["truncated"] else ""
        output.show(f"  {row['di']} {row['name']} : {plain(row['value'])}{mark}")
    for row in told["annex"]:
        label = output.tr(N_("annexe, non signée"))
        output.show(f"  ({label}) {row['di']} {row['name']} : {plain(row['value'])}")
    for finding in told["findings"]:
        output.show(f"  ! {finding}")


def say_folded(output: Output, values: Mapping[str, Value], code: bytes) -> None:
    """Say which texts the code holds otherwise than given: the page must print them so."""
    for field in parse(code).fields:
        given, entry = values.get(field.di), identifiers()[field.di]
        if entry.kind is Kind.TEXT and isinstance(given, str) and given != field.raw:
            sentence = output.tr(N_("{di} : « {given} » s'écrit « {written} » dans le code"))
            told = {"given": plain(given), "written": plain(field.raw)}
            output.remark(sentence.format(di=field.di, **told))


def type_members(entry: DocType) -> dict[str, Any]:
    """Give the members of a type's JSON object."""
    return {
        "code": entry.code,
        "name": entry.french,
        "category": entry.category,
        "town": None if entry.town is None else entry.town.french,
        "issue_date": str(entry.issue_date),
        "mandatory": list(entry.mandatory),
        "one_of": [list(one) for one in entry.one_of],
        "optional": list(entry.optional),
        "optional_groups": list(entry.optional_groups),
        "table_known": entry.table_known,
        "reading_strict": entry.reading_strict,
        "source": entry.source,
    }


def say_type(output: Output, entry: DocType) -> None:
    """Say a type in lines; a star marks those that a town may issue."""
    mark = "*" if entry.town else " "
    output.show(f"{mark} {entry.code}  {entry.french}")
    groups = [" + ".join(one) for one in entry.one_of]
    asked = [*([f"({' | '.join(groups)})"] if groups else []), *entry.mandatory]
    may = [*entry.optional, *(f"{group}x" for group in entry.optional_groups)]
    if asked:
        output.show(output.tr(N_("      obligatoires : {list}")).format(list=" ".join(asked)))
    if may:
        output.show(output.tr(N_("      facultatives : {list}")).format(list=" ".join(may)))
