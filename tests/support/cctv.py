"""The published test kit of age: npm `cctv-age`, as `npm ci` left it in node_modules."""

import base64
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

KIT = Path(__file__).parents[2] / "node_modules" / "cctv-age" / "index.js"
_VECTOR = re.compile(r'var (\w+)_default = __toBinary\("([^"]*)"\)')


@dataclass(frozen=True)
class Vector:
    """One file, and what must happen to it."""

    name: str
    expect: str
    payload: str | None
    identities: tuple[str, ...]
    passphrases: tuple[str, ...]
    armored: bool
    file: bytes


def vectors() -> list[Vector]:
    """Give the vectors of the kit; skip the module aloud where npm has not brought it."""
    if not KIT.exists():
        pytest.skip("npm cctv-age is absent (npm ci --ignore-scripts)", allow_module_level=True)
    found = _VECTOR.findall(KIT.read_text("utf-8"))
    return [_read(name, base64.b64decode(text)) for name, text in found]


def _read(name: str, data: bytes) -> Vector:
    head, _, file = data.partition(b"\n\n")
    pairs = [line.split(": ", 1) for line in head.decode().split("\n")]
    members: dict[str, list[str]] = {key: [] for key, _ in pairs}
    for key, value in pairs:
        members[key].append(value)
    known = {"expect", "payload", "identity", "passphrase", "armored", "file key", "comment"}
    assert members.keys() <= known | {"compressed"}, f"{name} says what we do not know"
    return Vector(
        name,
        members["expect"][0],
        members.get("payload", [None])[0],
        tuple(members.get("identity", ())),
        tuple(members.get("passphrase", ())),
        members.get("armored") == ["yes"],
        zlib.decompress(file) if "compressed" in members else file,
    )
