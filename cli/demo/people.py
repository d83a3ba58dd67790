"""The demo's people and papers: invented, all of them.

The letters are drawn on the spot, as a clerk would write them: an attestation of residence, a
certificate of cohabitation; room for the code at the top right. Their words are those of the code.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pymupdf


@dataclass(frozen=True, slots=True)
class Citizen:
    """The demo's citizen."""

    login: str
    title: str
    surname: str
    first_name: str
    street: str
    postcode: str
    town: str

    @property
    def fields(self) -> dict[str, str]:
        """Give the fields of a 2D-Doc of type 00 (justificatif de domicile)."""
        return {
            "10": f"{self.title}/{self.surname}/{self.first_name}",
            "20": "",
            "21": "",
            "22": self.street,
            "23": "",
            "24": self.postcode,
            "25": self.town,
            "26": "FR",
        }


CLAIRE = Citizen("claire", "MME", "DUPONT", "CLAIRE", "12 RUE DES LILAS", "69999", "VALBOURG")

ADAM = Citizen("adam", "M", "BENALI", "ADAM", "12 RUE DES LILAS", "69999", "VALBOURG")

# Who tries to pass another's code for his own.
MARTIN = Citizen("martin", "M", "MARTIN", "LOUIS", "3 PLACE NEUVE", "69999", "VALBOURG")


def lifted(sealed: bytes, onto: bytes) -> bytes:
    """Copy the picture of a sealed letter's code onto another letter, as a forger would."""
    with (
        pymupdf.open(stream=sealed, filetype="pdf") as source,
        pymupdf.open(stream=onto, filetype="pdf") as target,
    ):
        [widget] = source[0].widgets()
        picture = source[0].get_pixmap(clip=widget.rect, dpi=300)
        target[0].insert_image(widget.rect, pixmap=picture)
        return bytes(target.tobytes())


def letter(citizen: Citizen, day: str) -> bytes:
    """Draw the attestation of residence; `day` is the date as people write it."""
    name = f"{citizen.title} {citizen.surname} {citizen.first_name}"
    lines = [
        "Le maire de Valbourg atteste que",
        "",
        name,
        "",
        "demeure à l'adresse suivante :",
        "",
        citizen.street,
        f"{citizen.postcode} {citizen.town}",
        "FR",
        "",
        f"Fait à Valbourg, le {day}.",
    ]
    return _drawn("Attestation de domicile", lines, {name})


def together(one: Citizen, other: Citizen, day: str) -> bytes:
    """Draw the certificate of cohabitation of two people, at the address of the first."""
    names = [f"{each.first_name} {each.surname}" for each in (one, other)]
    lines = [
        "Le maire de Valbourg certifie que",
        "",
        *names,
        "",
        "ont déclaré ce jour vivre ensemble à l'adresse suivante :",
        "",
        one.street,
        f"{one.postcode} {one.town}",
        "",
        f"Fait à Valbourg, le {day}.",
    ]
    return _drawn("Certificat de vie commune", lines, set(names))


def _drawn(title: str, lines: Sequence[str], strong: Collection[str]) -> bytes:
    with pymupdf.open() as document:
        page = document.new_page()
        font, bold = "helv", "hebo"
        page.insert_text((60, 70), "Ville de Valbourg", fontname=bold, fontsize=17)
        page.insert_text((60, 88), "Service de la population", fontname=font, fontsize=10)
        page.draw_line((60, 98), (400, 98), color=(0.1, 0.25, 0.5), width=1.2)
        page.insert_text((60, 190), title, fontname=bold, fontsize=20)
        for number, line in enumerate(lines):
            chosen = bold if line in strong else font
            page.insert_text((60, 240 + 19 * number), line, fontname=chosen, fontsize=12)
        page.insert_text(
            (60, 800),
            "Document de démonstration : personnes et lieux inventés.",
            fontname=font,
            fontsize=8,
            color=(0.35, 0.35, 0.35),
        )
        document.set_metadata({"title": title, "author": "Ville de Valbourg"})
        return bytes(document.tobytes())
