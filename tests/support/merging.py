"""Templates, data and letters of mail merges. Persons are invented."""

import io
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pymupdf
import pytest

from sealing.batch.files.folders import Folder
from sealing.batch.job import Wish
from sealing.batch.local_pool import LocalPool
from sealing.batch.merge.merge import MergeJob, merge

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="
)
VALUES = {"nom": "Dupont", "rue": "12 rue des Lilas", "montant": "12,30"}
BODY = "<p>{{ nom }}<br>{{ rue }}</p><p>Vous devez {{ montant }} €.</p>"


def need_weasyprint():
    """Skip, aloud, where WeasyPrint or a library that it needs is absent."""
    try:
        import weasyprint  # noqa: PLC0415 - what is tried
    except (ImportError, OSError) as error:
        pytest.skip(f"WeasyPrint is absent: {error}")
    return weasyprint


def page(body: str = BODY, head: str = "") -> str:
    """Give a template in HTML that lacks nothing."""
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Lettre</title>'
        f'<style>body{{font-family:"DejaVu Sans"}}</style>{head}</head><body>{body}</body></html>'
    )


@dataclass
class Desk:
    """A folder with a template and data, and a folder for letters."""

    root: Path

    def template(self, text: str = "", name: str = "modele.html") -> Path:
        """Write a template."""
        path = self.root / name
        path.write_text(text or page(), "utf-8")
        return path

    def data(self, *rows: str, head: str = "nom;rue;montant", encoding: str = "utf-8") -> Path:
        """Write the data."""
        path = self.root / "data.csv"
        path.write_text("\n".join([head, *rows]) + "\n", encoding)
        return path

    @property
    def out(self) -> Path:
        """Give the folder of letters."""
        return self.root / "lettres"

    def job(self, *rows: str, text: str = "", **options) -> MergeJob:
        """Ask for a merge of these rows, or of those that are there."""
        data = self.data(*rows) if rows else self.root / "data.csv"
        template = self.root / "modele.html"
        if text or not template.exists():
            template = self.template(text)
        return MergeJob(data, template, Folder(self.out, durable=True), **options)


class Watcher:
    """Watches a merge; asks for its end once enough letters are settled."""

    def __init__(self, until: int | None = None):
        """Begin with nothing seen."""
        self.lines: list[tuple[int, str]] = []
        self.until, self.settled = until, 0

    def wrong(self, line):
        """Keep a wrong line."""
        self.lines.append((line.number, line.error.code))

    def reading(self, lines, of):
        """Hear how far the data were read."""

    def read(self, _found, _counts):
        """Hear that all is well."""

    def progress(self, counts, _standing):
        """Keep how it stands."""
        self.settled = counts.settled

    def wish(self):
        """Ask for the end once enough is done."""
        enough = self.until is not None and self.settled >= self.until
        return Wish.STOP if enough else Wish.GO_ON


def merged(job: MergeJob, watch: Watcher | None = None):
    """Run a merge with one process."""
    return merge(job, lambda _press: LocalPool(1), watch or Watcher())


def texts(pdf: bytes) -> str:
    """Give the words of a PDF."""
    with pymupdf.open(stream=pdf) as document:
        return "\n".join(page.get_text() for page in document)


def opened(pdf: bytes) -> pikepdf.Pdf:
    """Open a PDF by another library than those that made it."""
    return pikepdf.open(io.BytesIO(pdf))


def form() -> bytes:
    """Give a form with fields of every kind."""
    document = pymupdf.open()
    sheet = document.new_page()
    for name, kind, box, more in (
        ("nom", 7, (100, 100, 300, 120), {"field_flags": 2, "text_fontsize": 11}),
        ("adresse", 7, (100, 140, 300, 200), {"field_flags": 1 << 12, "text_fontsize": 0}),
        ("code", 7, (100, 210, 200, 230), {"field_flags": 1 << 24, "text_maxlen": 5}),
        ("accord", 2, (100, 240, 115, 255), {}),
        (
            "civilité",
            3,
            (100, 260, 200, 280),
            {"choice_values": [("M", "Monsieur"), ("Mme", "Madame")]},
        ),
    ):
        widget = pymupdf.Widget()
        widget.field_name, widget.field_type, widget.rect = name, kind, pymupdf.Rect(box)
        for key, value in more.items():
            setattr(widget, key, value)
        sheet.add_widget(widget)
    sheet.insert_text((40, 115), "Nom :")
    return bytes(document.tobytes())


def tagged_form() -> bytes:
    """Give a form that is tagged."""
    fields = (
        '<p><label>Nom <input type="text" name="nom" style="width:90mm;height:8mm"></label></p>'
        '<p><label>Accord <input type="checkbox" name="accord"></label></p>'
        '<p><label>Refus <input type="checkbox" name="refus"></label></p>'
    )
    made = need_weasyprint().HTML(string=page(fields)).write_pdf(pdf_forms=True, pdf_tags=True)
    return bytes(made)
