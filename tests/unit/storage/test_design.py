"""The page that says what the server sees, compared with what it can hold."""

import re
from pathlib import Path

from sqlmodel import SQLModel

from storage.tables import (
    batches,
    commissions,
    consents,
    documents,
    journal,
    people,
    register,
    seals,
)

PAGE = Path(people.__file__).parents[1] / "DESIGN.md"
TABLES = (batches, commissions, consents, documents, journal, people, register, seals)
OURS = {each.__name__ for each in TABLES}


def test_every_column_that_the_server_can_hold_is_on_the_page():
    rows = re.findall(
        r"^\| ([a-z_, ]+) \| ([a-z0-9_, ]+) \|", PAGE.read_text("utf-8"), re.MULTILINE
    )
    told: dict[str, set[str]] = {}
    for tables, columns in rows:
        for table in tables.split(", "):
            told.setdefault(table, set()).update(columns.split(", "))
    for model in SQLModel.__subclasses__():
        if model.__module__ in OURS:
            table = SQLModel.metadata.tables[str(model.__tablename__)]
            assert {column.name for column in table.columns} <= told[table.name], table.name
