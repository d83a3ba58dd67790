"""The `verdict` object: complete, described, and the same shape whatever the verdict."""

import json
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from jsonschema import ValidationError
from support.papers import (
    CODE,
    DIFFERENT,
    FRENCH,
    GREEN,
    NOW,
    SEAL,
    STATES,
    TAKEN_BACK,
    failing,
    verdict,
)
from support.spoken import SCHEMAS, validator

from cli.output import SCHEMA_VERSION
from storage.language import translator
from verifier.check import Check, Indication, SubIndication
from verifier.reports.as_json import as_json
from verifier.reports.sentences import REASONS
from verifier.trust.trust_list import ListName
from verifier.verdict import (
    AnnexField,
    CodeKind,
    EvidenceVerdict,
    Issuer,
    ListUsed,
    Named,
    SealState,
    Status,
    TrustUsed,
    Verdict,
)

SCHEMA = json.loads((SCHEMAS / "verdict.schema.json").read_text("utf-8"))
NAMED = Named(UUID("01a2046b-434c-7b31-b227-2881ee5f763a"), Issuer("Ville", "1", None))


def told(judged: Verdict, lang: str = "fr"):
    """Give the object as the command line gives it."""
    members = as_json(judged, translator(lang))
    return {"schema_version": SCHEMA_VERSION, "kind": "verdict", **members}


def full() -> Verdict:
    """Give a verdict in which every member has a value."""
    code = replace(
        CODE,
        kind=CodeKind.TOWNCODE,
        named=NAMED,
        version=4,
        cert="0001",
        page=0,
        issue_date=date(2026, 11, 1),
        annex=(AnnexField("", "x"),),
        findings=("duplicate-di:24",),
        printed_text=DIFFERENT.codes[0].printed_text,
    )
    seal = replace(SEAL, named=NAMED, qualified=True, modifications=("form",))
    lists = tuple(ListUsed(str(name), NOW - timedelta(days=3), 3) for name in ListName)
    record = Check.unsure("evidence.file", "evidence-broken", SubIndication.REVOKED_NO_POE, at=1)
    return replace(
        verdict([seal, failing(SEAL, Check.passed("x", "y", code="1"))], [code, CODE], TAKEN_BACK),
        trust=TrustUsed(lists, test=True),
        status=Status(SealState.REVOKED, NOW),
        evidence=EvidenceVerdict((record,), NOW, "TSA", asked=True),
    )


VERDICTS = {**STATES, "full": full()}


def objects(schema, path=""):
    """Give every object of a schema, with its path."""
    if "properties" in schema:
        yield path, schema
    for name, one in schema.get("properties", {}).items():
        yield from objects(one, f"{path}/{name}")
    if isinstance(schema.get("items"), dict):
        yield from objects(schema["items"], f"{path}[]")


@pytest.mark.parametrize("name", VERDICTS)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_kind_of_verdict_has_the_shape_that_is_promised(name, lang):
    given = json.loads(json.dumps(told(VERDICTS[name], lang)))
    validator("verdict").validate(given)
    # The same members at the top whatever the answer: nobody has to ask whether one is there.
    assert list(given) == list(SCHEMA["properties"])


def test_every_member_is_described_and_no_other_is_allowed():
    seen = dict(objects(SCHEMA))
    assert {"", "/checks[]", "/pades[]", "/codes[]", "/codes[]/printed_text"} < set(seen)
    for path, one in seen.items():
        assert one["additionalProperties"] is False, path
        undescribed = [name for name, row in one["properties"].items() if "description" not in row]
        assert undescribed == ([] if path else ["kind"]), path
    optional = {
        f"{path}/{name}"
        for path, one in seen.items()
        for name in set(one["properties"]) - set(one["required"])
    }
    assert optional == {"/checks[]/seal", "/checks[]/code"}


def paths(value, path=()):
    """Give the place of every member of an object."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield (*path, name)
            yield from paths(one, (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from paths(one, (*path, number))


def test_a_member_that_lacks_or_is_unknown_is_noticed():
    given = told(full())
    for *road, name in [path for path in paths(given) if "details" not in path[:-1]]:
        if name in {"seal", "code"}:
            continue
        changed = deepcopy(given)
        place = changed
        for step in road:
            place = place[step]
        place["other"] = place.pop(name)
        with pytest.raises(ValidationError):
            validator("verdict").validate(changed)


def test_every_reason_and_sub_indication_of_the_house_may_be_told():
    for sub in SubIndication:
        for check in (Check.unsure("x", "y", sub), Check.failed("x", "y", sub)):
            validator("verdict").validate(told(verdict([failing(SEAL, check)], [CODE], check)))
    reasons = [Check("x", Indication.TOTAL_PASSED, reason) for reason in REASONS]
    details: dict[str, str | int] = {"code": "1", "seal": "2", "day": "3", "parts": "4", "count": 5}
    checks = [replace(check, details=details) for check in reasons]
    given = told(verdict([failing(SEAL, *checks)]))
    validator("verdict").validate(given)
    assert [row["sentence"] for row in given["checks"] if not row["sentence"]] == []


def test_moments_are_in_utc_and_days_are_days():
    given = told(replace(GREEN, at=NOW.replace(microsecond=123)))
    assert given["at"] == "2026-11-21T10:00:00.000123Z"
    assert given["codes"][0]["signature_date"] == "2026-11-18"
    assert given["summary"] == FRENCH.tr("Authentique")
