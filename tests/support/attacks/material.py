"""What forgeries are made of: a letter of two pages written by hand, sealed, its numbers known."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from support.attacks.revisions import last_number, stream, whole
from support.sealers import NOW, sealer

from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile

CATALOG, PAGES, PAGE, CONTENT, RESOURCES, SECOND, FONT, CONTENT2 = range(1, 9)
# Where the prepared objects of a forger begin.
OWN = 10
TRUE, FALSE = "Montant : 84,20 euros", "Montant : 9 999,00 euros"
PAGES_OF = {PAGE: CONTENT, SECOND: CONTENT2}


def text(*lines: str) -> bytes:
    """Write the content of a page: lines, one below the other."""
    shown = b"".join(b"(%b) Tj T* " % line.encode("latin-1") for line in lines)
    return stream(b"BT /F1 14 Tf 18 TL 72 720 Td %bET" % shown)


def page(content: int | str, more: bytes = b"") -> bytes:
    """Write a page; `content` is a number, or an array's text."""
    told = b"%d 0 R" % content if isinstance(content, int) else content.encode()
    return b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources 5 0 R/Contents %b%b>>" % (
        told,
        more,
    )


OBJECTS: Mapping[int, bytes] = {
    CATALOG: b"<</Type/Catalog/Pages 2 0 R>>",
    PAGES: b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>",
    PAGE: page(CONTENT),
    CONTENT: text("Attestation", TRUE),
    RESOURCES: b"<</Font<</F1 7 0 R>>>>",
    SECOND: page(CONTENT2),
    FONT: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    CONTENT2: text("Page 2", TRUE),
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed letter: its bytes, and the numbers that sealing added."""

    pdf: bytes
    style: str
    objects: Mapping[int, bytes]
    form: int

    @property
    def field(self) -> int:
        """Give the number of the field of the seal."""
        return self.form + 1

    @property
    def seal(self) -> int:
        """Give the number of the seal's dictionary."""
        return self.form + 2

    @property
    def gap(self) -> tuple[int, int]:
        """Give the span of the CMS in hexadecimal, its brackets included."""
        start = self.pdf.rindex(b"/Contents <") + len(b"/Contents ")
        return start, self.pdf.index(b">", start) + 1

    @property
    def dictionary(self) -> bytes:
        """Give the body of the seal's dictionary."""
        return self.body(self.seal)

    def body(self, number: int) -> bytes:
        """Give the last body of an object, as it was sealed."""
        start = self.pdf.rindex(b"\n%d 0 obj\n" % number) + len(b"\n%d 0 obj\n" % number)
        return self.pdf[start : self.pdf.index(b"\nendobj", start)]

    def with_entries(self, number: int, entries: bytes) -> bytes:
        """Give the body of a dictionary with other entries in front of its own."""
        body = self.body(number)
        for key in entries.split(b"/")[1:2]:
            name = b"/" + key.split(b" ")[0].split(b"[")[0].split(b"<")[0]
            assert name not in body, name
        return body.replace(b"<<", b"<<" + entries, 1)


def sealed_with(objects: Mapping[int, bytes] | None = None, style: str = "table") -> Sealed:
    """Seal the letter with other or further objects."""
    every = {**OBJECTS, **(objects or {})}
    plain = whole(every, style)
    size = last_number(plain, b"/Size")
    pdf = seal_letter(Letter(plain), sealer(), Profile(), NOW, bytes(10)).pdf
    return Sealed(pdf, style, every, size)


@cache
def sealed(style: str = "table") -> Sealed:
    """Give the letter sealed as it is."""
    return sealed_with(None, style)
