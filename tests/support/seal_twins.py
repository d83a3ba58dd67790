"""What Python answers on sealed files, written down: the browser must never say more than it.

Genuine files of every kind of key and level, files altered at random bits, files with later
revisions, of strangers, revoked, expired.
"""

import json
import random
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from asn1crypto import cms
from support.letters import letter, with_stream_xref
from support.sealers import NOW, sealer, sealer_at, town
from support.spread import in_elements, in_words, one_bit, spread

from cli.demo import pki
from sealing.der import CONTEXT_0, SEQUENCE, der
from sealing.service.letter import Letter, Sealer, seal_letter
from sealing.service.levels import Level
from sealing.service.profile import Profile
from sealing.signers.port import SEAL
from sealing.signers.registry import signer
from storage.settings import Settings
from verifier.checks.seal.pades import check_seals
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode, TrustList
from verifier.web.api import as_json

Case = tuple[str, bytes, datetime]


def of_town() -> TrustList:
    """Give the town's lists."""
    return read_trust([town()[1] / "trust"], Mode.TEST)


def sealed(name: str = "seal-p256", level: Level = Level.B_B, pdf: bytes | None = None) -> bytes:
    """Give a sealed letter without a code."""
    by = sealer(name) if level is Level.B_B else sealer_at(level, name)
    return seal_letter(Letter(pdf or letter(), None), by, Profile(level=level), NOW, bytes(10)).pdf


def altered(pdf: bytes, count: int, dice: random.Random) -> Iterator[bytes]:
    """Give the file with one bit changed: all over it, in its words, in each element of the CMS."""
    hole = hole_of(pdf)
    gap = range(hole.start, hole.stop)
    outside = [place for place in spread(range(len(pdf)), count, dice) if place not in gap]
    words = in_words(pdf, range(len(pdf)), dice)
    outside += dice.sample(words, min(count, len(words)))
    for place in outside:
        yield one_bit(pdf, place, dice)
    inside = in_elements(pdf, gap, 9, dice)
    for place in dice.sample(inside, min(count, len(inside))):
        yield one_bit(pdf, place, dice, digit=True)


def hole_of(pdf: bytes) -> slice:
    """Give the place of the digits of a seal's CMS."""
    end = pdf.index(b">/ByteRange")
    return slice(pdf.rindex(b"<", 0, end) + 1, end)


def last_digit_changed(pdf: bytes) -> bytes:
    """Change the end of the CMS: of the signature, or of the last time-stamp's."""
    hole = hole_of(pdf)
    last = hole.start + len(pdf[hole].rstrip(b"0")) - 1
    return pdf[:last] + (b"2" if pdf[last : last + 1] == b"1" else b"1") + pdf[last + 1 :]


def rewritten(pdf: bytes, keep: Callable[[list[Any]], list[Any]]) -> bytes:
    """Write the CMS with other certificates, in no order: no signature covers them."""
    hole = hole_of(pdf)
    info = cms.ContentInfo.load(bytes.fromhex(pdf[hole].decode()))
    signed = info["content"]
    before = b"".join(sorted(one.dump() for one in signed["certificates"]))
    after = b"".join(one.dump() for one in keep(list(signed["certificates"])))
    whole = info.dump()
    parts = [signed[name].dump() for name in ("version", "digest_algorithms", "encap_content_info")]
    inner = b"".join([*parts, der(CONTEXT_0, after), signed["signer_infos"].dump()])
    again = der(SEQUENCE, info["content_type"].dump(), der(CONTEXT_0, der(SEQUENCE, inner)))
    assert before in whole
    digits = again.hex().upper().encode()
    return pdf[: hole.start] + digits.ljust(len(pdf[hole]), b"0") + pdf[hole.stop :]


def stranger() -> Sealer:
    """Give a sealer of the town's name, under authorities of the same names and other keys."""
    folder = Path(mkdtemp(prefix="coffre-stranger-"))
    pki.write(pki.build(NOW), folder)
    return Sealer.ready(signer(Settings.load(folder / "coffre.toml"), SEAL, NOW, "seal-p256"), {})


def cases(count: int) -> Iterator[Case]:
    """Give every file to be judged, with its name and the moment to judge at."""
    dice = random.Random(11)  # noqa: S311 - a fixed choice
    ways = {"seal-p256": (Level.B_B, Level.B_T, Level.B_LT), "seal-rsa": (Level.B_B, Level.B_LT)}
    for name, level in ((name, level) for name, levels in ways.items() for level in levels):
        whole = sealed(name, level)
        yield f"genuine {name} {level}", whole, NOW
        for number, changed in enumerate(altered(whole, count, dice)):
            yield f"altered {name} {level} {number}", changed, NOW
    streams = sealed(pdf=with_stream_xref(letter()))
    yield "genuine, tables as streams", streams, NOW
    for number, changed in enumerate(altered(streams, max(1, count // 4), dice)):
        yield f"altered, tables as streams {number}", changed, NOW
    plain = sealed()
    yield "another signature", last_digit_changed(plain), NOW
    yield "another stamp", last_digit_changed(sealed(level=Level.B_T)), NOW
    yield "another order", rewritten(plain, lambda held: held[::-1]), NOW
    yield "fewer certificates", rewritten(plain, lambda held: held[:1]), NOW
    strange = seal_letter(Letter(letter(), None), stranger(), Profile(), NOW, bytes(10)).pdf
    yield "a stranger", strange, NOW
    for number in range(2):
        yield f"a stranger alone {number}", rewritten(strange, lambda held: [held[number]]), NOW  # noqa: B023
    page = plain.index(b"/MediaBox[0 0 5") + len(b"/MediaBox[0 0 ")
    yield "another page", plain[:page] + b"4" + plain[page + 1 :], NOW
    yield "bytes behind", plain + b"\n", NOW
    yield "a revision behind", plain + plain[plain.rindex(b"\nxref") :], NOW
    yield "two seals' traces", plain + b"%/ByteRange", NOW
    yield "cut", plain[:-9], NOW
    yield "never sealed", letter(), NOW
    for days in (-30, 400, 4000):
        yield f"judged {days} days later", plain, NOW + timedelta(days=days)


def write_seal_twins(path: Path, count: int) -> None:
    """Write the lists, the files, and what Python concludes of each."""
    trust, rows = of_town(), []
    for name, pdf, now in cases(count):
        verdicts = check_seals(pdf, trust, now)
        told = [str(one.conclusion.indication) for one in verdicts]
        reasons = [one.conclusion.reason for one in verdicts]
        row = {"name": name, "now": now.isoformat(), "told": told, "reasons": reasons}
        rows.append({**row, "pdf": b64encode(pdf).decode()})
    path.write_text(json.dumps({"lists": as_json(trust, NOW), "rows": rows}), "utf-8")
