"""Genuine files: sealed in every way, by several programs, read in several ways; all must pass.

And what honest people do to them: saved anew by another program, printed and scanned. Of these a
verifier cannot always tell that they are genuine; it never says that they are false.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from warnings import catch_warnings, simplefilter

import pikepdf
import pymupdf
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from support.archives import THEN, renewed
from support.archives import sealed as sealed_then
from support.archives import trust as trust_then
from support.attacks.attack import NOTHING, PASSED, REWRITTEN, Answer, Reader, unsure
from support.attacks.certified import P1, P2, P3, certified, signed_again, today
from support.attacks.codes import bill, town_letter
from support.attacks.holders import (
    Like,
    like,
    own_seal,
    revoked_at,
    twins,
    with_lists,
)
from support.attacks.hours import at_level, stamped
from support.attacks.material import CATALOG, sealed
from support.attacks.revisions import Tricks, revised
from support.attacks.signing import Cms, row, signed_by
from support.budget import cases
from support.described import appended, letter_with_all
from support.later_changes import HARMLESS
from support.letters import FIELDS, TEXT, letter, rewritten
from support.pages import as_file, scan
from support.pages import sealed as sealed_with_code
from support.sealers import NOW, sealer, sealer_at, town
from support.varied_letters import letters

from cli.bench.degraded import variants
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.levels import Level
from sealing.service.profile import Profile
from verifier.check import SubIndication

DAY = timedelta(days=1)
_SCANNED = 300
_DRAWN = Reader(drawn=True)


@dataclass(frozen=True, slots=True)
class Genuine:
    """A genuine file and what must be said of it; `level` is its seal's, None: not asked."""

    name: str
    data: bytes
    expected: Answer | None = PASSED
    level: str | None = None
    reader: Reader = field(default_factory=Reader)


def of_letters() -> Iterator[Genuine]:
    """Seal letters of all shapes, the levels and the keys by turns; of sixty, as many as asked."""
    levels, found = tuple(Level), sorted(letters().items())
    step = -(-len(found) // cases(fast=4, ci=16, slow=len(found)))
    for number, (name, pdf) in enumerate(found[::step]):
        level = levels[number % len(levels)]
        key = "seal-rsa" if number % 8 > 3 else "seal-p256"
        ready = sealer_at(level, key)
        made = seal_letter(Letter(pdf), ready, Profile(level=level), NOW, bytes(10)).pdf
        yield Genuine(f"{name}, {level}, {key}", made, level=level.value)


def with_codes() -> Iterator[Genuine]:
    """Seal letters that bear a code, and read it from the page as anybody would."""
    order = TwoDDocOrder("00", FIELDS)
    shapes = {
        "one page": letter(),
        "three pages": letter(pages=3),
        "turned": letter(rotation=90),
        "rewritten": rewritten(letter(), linearize=True),
    }
    for number, (name, pdf) in enumerate(shapes.items()):
        key = "seal-rsa" if number % 2 else "seal-p256"
        made = seal_letter(Letter(pdf, order), sealer(key), Profile(), NOW, bytes(10)).pdf
        yield Genuine(f"2D-Doc, {name}, {key}", made, level="B-B", reader=_DRAWN)
    yield Genuine("town code", town_letter().pdf, level="B-B", reader=_DRAWN)
    yield Genuine("town code, a bill", bill().pdf, level="B-B", reader=_DRAWN)


def by_hand() -> Iterator[Genuine]:
    """Have another signer write his CMS, within what the rules leave free."""
    made = town()[0]
    hour = cms.Time({"utc_time": "261121100000Z"})
    for name, pdf in {
        "as we do": signed_by(),
        "RSA": signed_by(made.seals["seal-rsa"]),
        "RSA, PSS": signed_by(made.seals["seal-rsa"], Cms(salt=32)),
        "SHA-384": signed_by(made.seals["seal-rsa"], Cms(digest="sha384")),
        "SHA-512": signed_by(None, Cms(digest="sha512")),
        "no chain carried": signed_by(None, Cms(carried=())),
        "an hour among what is signed": signed_by(
            None, Cms(attributes=lambda rows: [*rows, row("signing_time", hour)])
        ),
        "stamped by nobody known": stamped(twins()["tsa"]),
    }.items():
        yield Genuine(f"another signer, {name}", pdf, level="B-B")
    yield Genuine("another signer, stamped", stamped(made.tsa), level="B-T")
    for name, how in {
        "P-384": Like(key=ec.generate_private_key(ec.SECP384R1())),
        "P-521": Like(key=ec.generate_private_key(ec.SECP521R1())),
        "Brainpool": Like(key=ec.generate_private_key(ec.BrainpoolP256R1())),
        "RSA of 2048 bits": Like(key=rsa.generate_private_key(65537, 2048)),
    }.items():
        leaf = like(own_seal().certificate, made.intermediate, how)
        yield Genuine(f"another key, {name}", signed_by(leaf), level="B-B")
    mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    leaf = like(own_seal().certificate, made.intermediate, Like(added=[(mail, False)]))
    yield Genuine("a certificate for mails too", signed_by(leaf), level="B-B")


def by_others() -> Iterator[Genuine]:
    """Have pyHanko seal, certify, and seal over our seals."""
    own, second, box = own_seal(), town()[0].seals["seal-rsa"], (60, 700, 300, 760)
    ours = seal_letter(Letter(certified(P2)), sealer("seal-rsa"), Profile(), NOW, bytes(10)).pdf
    ready = certified(P2, ready=True)
    for name, pdf in {
        "pyHanko": signed_again(letter(), own, "Cachet", None),
        "pyHanko, drawn": signed_again(letter(), own, "Cachet", box),
        **{f"certified, P{one.value}": certified(one) for one in (P1, P2, P3)},
        "two seals": signed_again(at_level(Level.B_B), second, "Second", None),
        "two seals, the second drawn": signed_again(at_level(Level.B_B), second, "Second", box),
        "certified, and sealed again": signed_again(certified(P2), second, "Second", None),
        "certified, and sealed where it was ready": signed_again(ready, second, "Pret", None),
        "certified, and sealed by us": ours,
    }.items():
        yield Genuine(name, pdf, level="B-B", reader=today())


def after() -> Iterator[Genuine]:
    """Add to sealed letters what changes nothing; read them years later, and with odd lists."""
    told = seal_letter(Letter(letter_with_all()), sealer(), Profile(), NOW, bytes(10)).pdf
    for name, change in HARMLESS.items():
        yield Genuine(f"later, {name}", appended(told, change), level="B-B")
    made = sealed()
    yield Genuine("later, nothing", revised(made.pdf, {}), level="B-B")
    moved = revised(made.pdf, {40: made.body(CATALOG)}, "table", Tricks(root=40))
    yield Genuine("later, the same catalog under another number", moved, level="B-B")
    for days in (1, 300, 1_000):
        reader = Reader(at=NOW + days * DAY)
        yield Genuine(f"read {days} days later", at_level(Level.B_T), level="B-T", reader=reader)
    lists = with_lists(revoked_at(NOW - DAY, own_seal(), issuer=twins()["middle"]))
    accused = Reader(lists)
    yield Genuine("revoked by a homonym alone", made.pdf, level="B-B", reader=accused)
    other = with_lists(revoked_at(NOW - DAY, town()[0].seals["seal-rsa"]))
    yield Genuine("another seal is revoked", made.pdf, level="B-B", reader=Reader(other))
    kept = renewed(sealed_then(Level.B_LTA), THEN + DAY)
    then = Reader(trust_then(THEN + 2 * DAY), THEN + 2 * DAY)
    yield Genuine("archived again", kept, level="B-LTA", reader=then)


def saved_anew() -> Iterator[Genuine]:
    """Have other programs save a sealed letter as a whole: its bytes are no longer those sealed."""
    pdf = sealed_with_code().pdf
    for name, options in {
        "as it is": {},
        "cleaned": {"garbage": 4, "clean": True, "deflate": True},
        "packed": {"garbage": 3, "use_objstms": 1},
    }.items():
        with pymupdf.open(stream=pdf, filetype="pdf") as document:
            yield Genuine(f"saved by MuPDF, {name}", document.tobytes(**options), REWRITTEN)
    mode = pikepdf.ObjectStreamMode
    for name, more in {
        "as it is": {},
        "packed": {"object_stream_mode": mode.generate},
        "linear": {"linearize": True},
        "readable": {"qdf": True},
    }.items():
        yield Genuine(f"saved by QPDF, {name}", rewritten(pdf, **more), REWRITTEN)
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document, catch_warnings():
        simplefilter("ignore")  # it says that the box of the seal belongs to no form
        del document.Root.AcroForm
        document.save(output)
    yield Genuine("saved without its form", output.getvalue(), _OUT_OF_REACH)


_OUT_OF_REACH = unsure("seal-out-of-reach", SubIndication.FORMAT_FAILURE)


def printed() -> Iterator[Genuine]:
    """Print a sealed letter and scan it: its code alone vouches for it, and is told so."""
    page = scan(sealed_with_code().pdf)
    yield Genuine("scanned", as_file(page), reader=_DRAWN)
    for one in [each for each in variants() if each.dpi == _SCANNED][::14]:
        picture = as_file(one.picture(page))
        yield Genuine(f"scanned, {one.name}", picture, reader=_DRAWN)
    with pymupdf.open() as document:
        sheet = document.new_page()
        sheet.insert_image(sheet.rect, stream=as_file(page))
        yield Genuine("scanned into a PDF", bytes(document.tobytes()), reader=_DRAWN)
    yield Genuine("scanned without its code", as_file(scan(letter(TEXT))), NOTHING, reader=_DRAWN)
