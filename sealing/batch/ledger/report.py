"""The report of a mailing: one page to print and to file, and the list of what was not sealed.

Rules kept here:

- whatever comes from the list is escaped; in the list of failures, which spreadsheets open, a text
  that they would take for a formula gets an apostrophe in front;
- sentences come in the reader's language from the caller, who knows the reasons in words.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import chain
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sealing.report_page import framed, number, tiles
from sealing.service.levels import Level
from sealing.signers.port import common_name
from storage.language import N_, Translator

SHOWN: Final = 12
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_GROUP: Final = 4
_LONGEST: Final = 160
_MANY: Final = 10


@dataclass(frozen=True, slots=True)
class Trouble:
    """A letter that was not sealed, with its reason as a sentence."""

    line: int
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the page tells. `troubles` are the first ones; times are aware.

    `records` counts the evidence records beside the letters; None where they were never asked for.
    """

    folder: str
    letters: int
    sealed: int
    failed: int
    refused: int
    new: int
    seconds: float
    began: datetime
    ended: datetime
    certificate: x509.Certificate
    journal_sha256: str
    troubles: Sequence[Trouble]
    lang: str
    test: bool
    level: Level
    records: int | None = None

    @property
    def unproved(self) -> int:
        """Give how many sealed letters lack the evidence record that was asked for."""
        return 0 if self.records is None else max(0, self.sealed - self.records)

    @property
    def waiting(self) -> int:
        """Give how many letters are still to be sealed."""
        return self.letters - self.sealed - self.failed - self.refused


def cell(text: str) -> str:
    """Keep a text from being taken for a formula by a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def failures_csv(troubles: Iterable[Trouble]) -> Iterable[bytes]:
    """Write letters that were not sealed as a list that office programs open, line by line."""
    yield b"\xef\xbb\xbf"
    rows = ((str(each.line), each.file, each.reason) for each in troubles)
    for row in chain([("line", "file", "reason")], rows):
        written = io.StringIO()
        csv.writer(written, delimiter=";", lineterminator="\r\n").writerow(map(cell, row))
        yield written.getvalue().encode()


def page(report: Report, tr: Translator) -> str:
    """Write the page."""
    title = tr(N_("Rapport d'envoi scellé"))
    parts = [
        _heading(report, title, tr),
        _counts(report, tr),
        _troubles(report, tr),
        _proof(report, tr),
    ]
    body = "\n".join(part for part in parts if part)
    return framed(title, body, report.lang)


def _heading(report: Report, title: str, tr: Translator) -> str:
    when = tr(N_("Du {began} au {ended} (heure UTC)")).format(
        began=f"{report.began:%d/%m/%Y %H:%M:%S}", ended=f"{report.ended:%d/%m/%Y %H:%M:%S}"
    )
    test = tr(N_("ESSAI : ces cachets n'engagent personne"))
    banner = f'<p class="test">{escape(test)}</p>' if report.test else ""
    return (
        f"<header>{banner}<h1>{escape(title)}</h1>"
        f'<p class="folder">{escape(report.folder)}</p><p>{escape(when)}</p></header>'
    )


def _counts(report: Report, tr: Translator) -> str:
    told = [
        (report.letters, tr(N_("dans la liste")), ""),
        (report.sealed, tr(N_("scellées")), "good"),
        (report.refused, tr(N_("refusées")), "bad" if report.refused else ""),
        (report.failed, tr(N_("en échec")), "bad" if report.failed else ""),
        (report.waiting, tr(N_("en attente")), "bad" if report.waiting else ""),
    ]
    return f'{tiles(told)}<p class="verdict">{escape(verdict(report, tr))}</p>'


def verdict(report: Report, tr: Translator) -> str:
    """Say in one sentence how the mailing ended."""
    if report.waiting:
        return tr(N_("L'envoi n'est pas terminé : la même commande le reprend où il s'est arrêté."))
    if report.failed or report.refused:
        return tr(
            N_(
                "L'envoi est terminé, mais des lettres n'ont pas été scellées : corrigez-les, puis "
                "relancez la même commande."
            )
        )
    if report.unproved:
        return tr(
            N_(
                "Les lettres sont scellées, mais il manque des preuves d'existence : la même "
                "commande les ajoute."
            )
        )
    return tr(N_("L'envoi est complet : chaque lettre a été scellée une fois."))


def _troubles(report: Report, tr: Translator) -> str:
    if not report.troubles:
        return ""
    rows = "".join(
        f"<tr><td>{each.line}</td><td>{escape(_short(each.file))}</td>"
        f"<td>{escape(_short(each.reason))}</td></tr>"
        for each in report.troubles[:SHOWN]
    )
    heads = (tr(N_("Ligne")), tr(N_("Lettre")), tr(N_("Pourquoi")))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    rest = report.failed + report.refused - min(len(report.troubles), SHOWN)
    more = tr(N_("… et {rest} autres : voyez failures.csv.")).format(rest=number(rest))
    tail = f"<p>{escape(more)}</p>" if rest > 0 else ""
    caption = escape(tr(N_("Lettres à corriger")))
    return (
        f"<h2>{caption}</h2><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{tail}"
    )


def _proof(report: Report, tr: Translator) -> str:
    leaf = report.certificate
    issued = tr(N_("délivré par {issuer}, valable du {first} au {last}")).format(
        issuer=common_name(leaf.issuer),
        first=f"{leaf.not_valid_before_utc:%d/%m/%Y}",
        last=f"{leaf.not_valid_after_utc:%d/%m/%Y}",
    )
    seal = tr(N_("PAdES {level}, par {name}")).format(
        level=report.level, name=common_name(leaf.subject)
    )
    prints = [
        (N_("Empreinte du certificat (SHA-256)"), leaf.fingerprint(hashes.SHA256()).hex()),
        (N_("Empreinte du journal (SHA-256)"), report.journal_sha256),
    ]
    rows = [
        _row(tr(N_("Dernier passage")), escape(_pace(report, tr))),
        _row(tr(N_("Cachet")), escape(seal)),
        _row(tr(N_("Certificat")), escape(issued)),
        *(_row(tr(name), grouped(digest), "print") for name, digest in prints),
    ]
    if report.records is not None:
        rows.append(_row(tr(N_("Preuves d'existence")), escape(_records(report, tr))))
    note = tr(
        N_(
            "Le journal (journal.jsonl) dit, lettre par lettre, ce qui a été scellé, quand et avec "
            "quelle empreinte. Tant que son empreinte est celle-ci, il n'a pas changé."
        )
    )
    title = escape(tr(N_("Preuves")))
    return f'<h2>{title}</h2><dl class="proof">{"".join(rows)}</dl><p>{escape(note)}</p>'


def _records(report: Report, tr: Translator) -> str:
    told = tr(N_("{count} fichiers .ers à côté des lettres, sous un même horodatage par passage"))
    missing = tr(N_("manquantes : {count}")).format(count=number(report.unproved))
    found = told.format(count=number(report.records or 0))
    return f"{found} ; {missing}" if report.unproved else found


def _row(name: str, content: str, kind: str = "") -> str:
    return f'<div><dt>{escape(name)}</dt><dd class="{kind}">{content}</dd></div>'


def _pace(report: Report, tr: Translator) -> str:
    if not report.new:
        return tr(N_("rien de nouveau"))
    rate = report.new / report.seconds if report.seconds else 0.0
    told = tr(N_("{new} lettres en {seconds} s, soit {rate} par seconde"))
    few = _decimal(rate, report.lang)
    return told.format(
        new=number(report.new),
        seconds=_decimal(report.seconds, report.lang),
        rate=number(round(rate)) if rate >= _MANY else few,
    )


def _decimal(value: float, lang: str) -> str:
    told = f"{value:.1f}"
    return told.replace(".", ",") if lang == "fr" else told


def _short(text: str) -> str:
    """Cut a long text, so that the page stays one page."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def grouped(digest: str) -> str:
    """Write a digest in two lines of groups that an eye can compare."""
    groups = [digest[i : i + _GROUP] for i in range(0, len(digest), _GROUP)]
    half = len(groups) // 2
    return " ".join(groups[:half]) + "<br>" + " ".join(groups[half:])
