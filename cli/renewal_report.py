"""The report of a run of archive stamps: one page to file, or one JSON object.

Rules kept here:

- what comes from file names is escaped; the folder that they have in common is said once;
- counts, what was renewed, what was refused and why, and the next day on which something ends.
"""

import json
import os.path
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from cli.output import SCHEMA_VERSION
from sealing.report_page import framed, tiles
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
_FATES: Final = {
    "renewed": N_("renouvelé"),
    "raised": N_("archivé pour la première fois"),
    "due": N_("à renouveler"),
    "not-due": N_("encore bon"),
    "not-sealed": N_("sans cachet"),
}
_DONE: Final = frozenset({"renewed", "raised", "not-due"})
_BAD: Final = frozenset({"refused", "waiting"})


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
    folder = _folder(summary.rows)
    refused = [row for row in summary.rows if row.state in _BAD]
    others = [row for row in summary.rows if row.state not in _BAD]
    parts = [
        f'<p class="test">{escape(banner)}</p>' if summary.test else "",
        f"<h1>{escape(title)}</h1>",
        f'<p class="folder">{escape(folder)}</p>' if folder else "",
        f"<p>{escape(_when(summary, tr))}</p>",
        tiles(_counts(summary, tr)),
        _table(tr(N_("À revoir")), (N_("Fichier"), N_("Pourquoi")), _reasons(refused, folder), tr),
        _table(tr(N_("Fichiers")), (N_("Fichier"), N_("Résultat")), _fates(others, folder, tr), tr),
    ]
    return framed(title, "\n".join(part for part in parts if part), lang)


def _when(summary: Summary, tr: Translator) -> str:
    told = tr(N_("Le {day} (heure UTC)")).format(day=f"{summary.at:%d/%m/%Y %H:%M}")
    if summary.trial:
        told += " ; " + tr(N_("essai à blanc : rien n'a été écrit"))
    if summary.next_due is not None:
        due = datetime.fromisoformat(summary.next_due)
        told += " ; " + tr(N_("prochaine échéance : {day}")).format(day=f"{due:%d/%m/%Y}")
    return told


def _folder(rows: Sequence[Row]) -> str:
    """Give the folder that all files have in common, so that it is said once."""
    folders = {os.path.dirname(str(row.members["file"])) for row in rows}  # noqa: PTH120
    try:
        return os.path.commonpath(folders) if folders else ""
    except ValueError:  # some are absolute, others are not
        return ""


def _counts(summary: Summary, tr: Translator) -> list[tuple[int, str, str]]:
    """Give the counts that say something: what did not happen is left out."""
    told = [(summary.found, tr(N_("en tout")), "")]
    for state, name in STATES.items():
        kind = "bad" if state in _BAD else "good" if state in _DONE else ""
        if count := summary.counts[state]:
            told.append((count, tr(name), kind))
    return told


def _table(
    caption: str, heads: Sequence[str], rows: Sequence[tuple[str, str]], tr: Translator
) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(tr(name))}</th>' for name in heads)
    body = "".join(f"<tr><td>{escape(one)}</td><td>{escape(two)}</td></tr>" for one, two in rows)
    return (
        f'<h2>{escape(caption)}</h2><table class="halves"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _reasons(rows: Sequence[Row], folder: str) -> list[tuple[str, str]]:
    return [(_name(row, folder), str(row.members["sentence"] or "")) for row in rows]


def _fates(rows: Sequence[Row], folder: str, tr: Translator) -> list[tuple[str, str]]:
    return [(_name(row, folder), _fate(row, tr)) for row in rows]


def _fate(row: Row, tr: Translator) -> str:
    """Say what became of one file, and until when it is good."""
    told, until = tr(_FATES[row.state]), row.members["good_until"]
    if until is not None:
        day = f"{datetime.fromisoformat(until):%d/%m/%Y}"
        told = tr(N_("{what}, bon jusqu'au {day}")).format(what=told, day=day)
    sentence = row.members["sentence"]
    return f"{told} ({sentence})" if sentence else told


def _name(row: Row, folder: str) -> str:
    name = str(row.members["file"])
    return os.path.relpath(name, folder) if folder else name
