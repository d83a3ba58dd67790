"""The browser's sources, tested by Node on the same vectors and the same images."""

import json
import random
from typing import Any

import pytest
from PIL import Image
from support import shared
from support.budget import cases
from support.house import ROOT
from support.tools import need, run
from support.twoddoc import OUR_CODES, OUR_KEY, SETS
from support.twoddoc_pki import NOW, Authority

from sealing.twoddoc.header import NotTwoDDocError
from verifier.checks.twoddoc import check_symbols
from verifier.trust.trust_list import ListName, Mode, TrustList, TrustListInfo
from verifier.verdict import CodeVerdict

SAMPLES = shared.ROOT / "data" / "twoddoc" / "samples"


@pytest.fixture
def greys(tmp_path):
    """Give the published images as grey pixels; an empty list where they are absent."""
    rows = []
    told = SAMPLES / "expected.json"
    for row in json.loads(told.read_text("utf-8")) if told.exists() else []:
        image = Image.open(SAMPLES / row["file"]).convert("RGBA")
        page = Image.new("RGBA", image.size, "white")
        grey = Image.alpha_composite(page, image).convert("L")
        (tmp_path / f"{row['file']}.grey").write_bytes(grey.tobytes())
        size = {"width": grey.width, "height": grey.height}
        rows.append({"file": row["file"], "expected": row["expected_raw"], **size})
    (tmp_path / "index.json").write_text(json.dumps(rows), "utf-8")
    return tmp_path


def our_trust() -> TrustList:
    """Give lists that believe our throw-away key, under both its names."""
    authority = Authority("FR00")
    leaves = [authority.leaf(name, key=OUR_KEY) for name in ("TEST", "0AB01")]
    return TrustList(
        mode=Mode.TEST,
        lists=(TrustListInfo(ListName.TWODDOC, NOW),),
        twoddoc_authorities={"FR00": (authority.certificate,)},
        twoddoc_leaves={("FR00", leaf.name): (leaf.certificate,) for leaf in leaves},
        crls=(authority.crl(),),
    )


def answer(symbols: list[bytes], trust: TrustList, *, repair: bool) -> dict[str, Any]:
    """Give all that Python says of a code, as JSON values."""
    try:
        told = check_symbols(symbols, trust, NOW, repair=repair).verdict
    except NotTwoDDocError as problem:
        return {"looks_like": problem.looks_like}
    return {
        "checks": [[one.id, one.indication, one.sub_indication, one.reason] for one in told.checks],
        "findings": list(told.findings),
        "fields": [[one.di, one.raw, one.truncated] for one in told.fields],
        "annex": [[one.di, one.raw] for one in told.annex],
        "header": header_of(told) if told.signature_date else None,
    }


def header_of(told: CodeVerdict) -> list[str | None]:
    """Give what the header says, as JSON values."""
    days = [None if day is None else str(day) for day in (told.issue_date, told.signature_date)]
    return [told.ca, told.cert, told.doc_type, *days]


def altered(codes: list[list[bytes]], chance: random.Random) -> list[bytes]:
    """Give the symbols of a code, one of them cut, ended otherwise, or changed in a byte."""
    symbols = list(chance.choice(codes))
    place = chance.randrange(len(symbols))
    raw, other = symbols[place], chance.choice(chance.choice(codes))
    at = chance.randrange(len(raw) + 1)
    change = chance.choice("\x1d\x1e\x1f\n0AZ\xdc\xee\xff").encode("latin-1")
    more, less = raw[:at] + change + raw[at:], raw[:at] + raw[at + 1 :]
    symbols[place] = chance.choice([raw, raw[:at], raw[:at] + other[at:], more, less])
    return symbols


@pytest.fixture
def twins(tmp_path):
    """Give altered codes and what Python answers: the browser must answer the same."""
    codes = [[code["raw"].encode("latin-1")] for code in OUR_CODES]
    codes += [[symbol.encode("latin-1") for symbol in row["symbols"]] for row in SETS]
    trust, chance = our_trust(), random.Random(7)  # noqa: S311 - a fixed choice
    rows = []
    for number in range(cases(ci=5_000, slow=50_000, fast=1_000)):
        symbols, repair = altered(codes, chance), number % 2 == 1
        told = answer(symbols, trust, repair=repair)
        rows.append([[symbol.decode("latin-1") for symbol in symbols], repair, told])
    path = tmp_path / "twins.json"
    path.write_text(json.dumps(rows), "utf-8")
    return path


def test_the_browser_twins_pass_their_own_tests(monkeypatch, greys, twins):
    node = need("node", "nodejs")
    if not (ROOT / "node_modules" / "esbuild").is_dir():
        pytest.skip("npm packages are absent (make dev)")
    monkeypatch.setenv("COFFRE_SHARED", str(shared.ROOT))
    monkeypatch.setenv("COFFRE_GREYS", str(greys))
    monkeypatch.setenv("COFFRE_TWINS", str(twins))
    done = run(node, str(ROOT / "vault/web/client/build.mjs"), "--test", timeout=110)
    assert done.returncode == 0, done.stdout.decode()[-6000:] + done.stderr.decode()[-2000:]
    shared.shared("data/twoddoc/vectors.json")  # without it, say that part of it was not run
