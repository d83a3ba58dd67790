"""The report of a run of archive stamps: one page to file, or one JSON object.

Rules kept here:

- the page needs nothing else: no script, no picture, no address of others; what comes from file
  names is escaped;
- counts, what was renewed, what was refused and why, and the next day on which something ends.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from cli.output import SCHEMA_VERSION
from storage.language import N_, Translator

KIND: Final = "renewals"
# In the order in which a person reads them.
STATES: Final = {
    "renewed": N_("renouvelés"),
    "raised": N_("archivés pour la première fois"),
    "due": N_("à renouveler"),
    "not-due": N_("encore bons"),
    "not-sealed": N_("sans cachet"),
    "refused": N_("refusés"),
    "waiting": N_("en attente"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One file: its JSON members."""

    members: dict[str, Any]

    @property
    def state(self) -> str:
        """Give what became of it."""
        return str(self.members["state"])


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run went. `found` counts all files; those without a row were not reached."""

    rows: Sequence[Row]
    found: int
    at: datetime
    trial: bool
    test: bool

    @property
    def counts(self) -> dict[str, int]:
        """Count the files by what became of them."""
        counted = Counter(row.state for row in self.rows)
        counted["waiting"] = self.found - len(self.rows)
        return {state: counted[state] for state in STATES}

    @property
    def next_due(self) -> str | None:
        """Give the first end of what the files rest on now (RFC 3339)."""
        ends = [row.members["good_until"] for row in self.rows if row.members["good_until"]]
        return min(ends, default=None)

    def members(self) -> dict[str, Any]:
        """Give the members of the JSON object."""
        return {
            "at": self.at.isoformat(),
            "files": self.found,
            "counts": self.counts,
            "next_due": self.next_due,
            "dry_run": self.trial,
        }


def as_json(summary: Summary) -> str:
    """Write the report as one JSON object, each file in it."""
    whole = {"schema_version": SCHEMA_VERSION, "kind": KIND, **summary.members()}
    each = {"schema_version": SCHEMA_VERSION, "kind": "renewal"}
    rows = [{**each, **row.members} for row in summary.rows]
    return json.dumps({**whole, "renewals": rows}, ensure_ascii=False, indent=2) + "\n"


def as_page(summary: Summary, tr: Translator, lang: str) -> str:
    """Write the report as a page."""
    title = tr(N_("Rapport d'archivage"))
    banner = tr(N_("ESSAI : ces horodatages n'engagent personne"))
    parts = [
        f'<p class="test">{escape(banner)}</p>' if summary.test else "",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_when(summary, tr))}</p>",
        _counts(summary, tr),
        _rows(summary, tr),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="{escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _when(summary: Summary, tr: Translator) -> str:
    told = tr(N_("Le {day} (heure UTC)")).format(day=f"{summary.at:%d/%m/%Y %H:%M}")
    if summary.trial:
        told += " ; " + tr(N_("essai à blanc : rien n'a été écrit"))
    if summary.next_due is not None:
        due = datetime.fromisoformat(summary.next_due)
        told += " ; " + tr(N_("prochaine échéance : {day}")).format(day=f"{due:%d/%m/%Y}")
    return told


def _counts(summary: Summary, tr: Translator) -> str:
    rows = "".join(
        f"<div><dt>{escape(tr(name))}</dt><dd>{summary.counts[state]}</dd></div>"
        for state, name in STATES.items()
    )
    return f"<dl>{rows}</dl>"


def _rows(summary: Summary, tr: Translator) -> str:
    heads = (tr(N_("Fichier")), tr(N_("Résultat")), tr(N_("Bon jusqu'au")), tr(N_("Pourquoi")))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(_row(row, tr) for row in summary.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: Row, tr: Translator) -> str:
    until = row.members["good_until"]
    day = "" if until is None else f"{datetime.fromisoformat(until):%d/%m/%Y}"
    cells = (
        str(row.members["file"]),
        tr(STATES[row.state]),
        day,
        str(row.members["sentence"] or ""),
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


_STYLE: Final = (
    "body{margin:0;background:#eef1f5;color:#1b2430;font:16px/1.5 system-ui,sans-serif}"
    "main{max-width:60rem;margin:2rem auto;padding:2rem 3rem;background:#fff;"
    "border-top:6px solid #1f3f77}"
    "h1{margin:0;color:#1f3f77}"
    ".test{padding:.45rem .8rem;border:1px solid #8a5a00;background:#fff6e0;color:#6b4500;"
    "font-weight:600}"
    "dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.6rem}"
    "dl div{display:flex;flex-direction:column-reverse;justify-content:flex-end;padding:.6rem;"
    "border:1px solid #ccd4df;border-radius:6px}"
    "dt{font-size:.85rem;color:#475264}dd{margin:0;font-size:1.5rem;font-weight:700}"
    "table{width:100%;border-collapse:collapse;font-size:.9rem}"
    "th,td{padding:.35rem .6rem .35rem 0;border-bottom:1px solid #dde3ea;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}"
    "@media print{body{background:#fff}main{margin:0;padding:0;border-top:0}}"
)
