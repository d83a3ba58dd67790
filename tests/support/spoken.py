"""JSON that the command line speaks, against the schemas that ship with it."""

import json
from functools import cache

from jsonschema import Draft202012Validator
from support.house import ROOT

SCHEMAS = ROOT / "cli" / "schemas"


@cache
def validator(kind: str) -> Draft202012Validator:
    """Give the validator of one kind of object."""
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def check_lines(text: str) -> None:
    """Check every line of an output that is a JSON object."""
    for line in text.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            validator(row["kind"]).validate(row)
