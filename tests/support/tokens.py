"""Tokens of the tests: SoftHSM2 in a folder, with the town's keys; and a turnstile in front of it.

SoftHSM2 is real, and so are its ways of failing: a token is taken away by moving its folder. What
it cannot do (locked PINs, lost sessions, few sessions) the turnstile does, a PKCS#11 library in C
that stands before it, counts over all processes, and goes wrong when told to.
"""

import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import SecretStr
from support.folders import lasting
from support.sealers import town
from support.tools import need, run

from sealing.signers.token_libraries import rest
from storage.settings import Settings, SignerSettings, TokenSettings

PIN = "7392"
LABEL = "Mairie"
NAMES = ("seal-rsa", "seal-p256", "twoddoc-00")
_MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
_SOURCE = Path(__file__).parent / "turnstile.c"
# In a process of its own: two users of a library in one process would start it twice.
_MAKE = """
import sys, pkcs11
from pkcs11 import Attribute, KeyType
from pkcs11.util.rsa import encode_rsa_public_key
module, label, pin, name, number, template = sys.argv[1:]
session = pkcs11.lib(module).get_token(token_label=label).open(rw=True, user_pin=pin)
public, private = session.generate_keypair(
    KeyType.RSA, 2048, store=True, label=name, id=bytes([int(number)]),
    private_template={Attribute[item]: item != "SIGN" for item in template.split()},
)
from asn1crypto.keys import PublicKeyInfo, RSAPublicKey
key = RSAPublicKey.load(encode_rsa_public_key(public))
sys.stdout.buffer.write(PublicKeyInfo.wrap(key, "rsa").dump())
"""
_BOARD = struct.Struct("11i")
_MANY = 1 << 30


def need_softhsm() -> str:
    """Give the path of SoftHSM2's library; skip the test aloud where it is absent."""
    need("softhsm2-util", "softhsm2")
    if not _MODULE.exists():
        pytest.skip(f"{_MODULE} is absent (Debian: softhsm2)", allow_module_level=True)
    pytest.importorskip("pkcs11", reason="python-pkcs11 is absent (coffre[hsm])")
    return str(_MODULE)


@cache
def turnstile() -> Path:
    """Build the turnstile once; skip the test aloud without a compiler."""
    folder = lasting("turnstile")
    built = folder / "turnstile.so"
    done = run(need("gcc"), "-shared", "-fPIC", "-O1", "-o", str(built), str(_SOURCE))
    if done.returncode:
        pytest.skip(f"gcc builds no library here: {done.stderr.decode()[:200]}")
    (folder / "board").write_bytes(bytes(_BOARD.size))
    return built


@dataclass(frozen=True, slots=True)
class SoftToken:
    """A folder of SoftHSM2's, with one token, and the settings of a town whose keys it holds."""

    folder: Path
    module: str

    @property
    def store(self) -> Path:
        """Give the folder whose absence is the token's."""
        return self.folder / "tokens"

    @property
    def away(self) -> Path:
        """Give where it is taken to."""
        return self.folder / "away"

    @contextmanager
    def removed(self) -> Iterator[None]:
        """Take the token away for a while."""
        self.store.rename(self.away)
        try:
            yield
        finally:
            self.away.rename(self.store)

    def begin(self, label: str = LABEL) -> None:
        """Make a token."""
        command = "softhsm2-util", "--init-token", "--free", "--label", label
        done = run(*command, "--pin", PIN, "--so-pin", "93847261")
        assert done.returncode == 0, done.stderr

    def bring(self, key: Path, name: str, number: str, label: str = LABEL) -> None:
        """Put a private key on the token."""
        command = "softhsm2-util", "--import", str(key), "--token", label, "--label", name
        done = run(*command, "--id", number, "--pin", PIN, "--force")
        assert done.returncode == 0, done.stderr

    def make(self, name: str, number: int, template: str = "") -> rsa.RSAPublicKey:
        """Have the token make a key, as a maker's tool does; `template` adds to the private one."""
        done = run(
            sys.executable, "-c", _MAKE, self.module, LABEL, PIN, name, str(number), template
        )
        assert done.returncode == 0, done.stderr.decode()
        key = load_der_public_key(done.stdout)
        assert isinstance(key, rsa.RSAPublicKey)
        return key

    def uri(self, name: str, rest_of_it: str = "", module: str | None = None) -> str:
        """Give the address of a key."""
        return f"pkcs11:token={LABEL};object={name}?module-path={module or self.module}{rest_of_it}"

    def settings(self, **changes: Any) -> Settings:
        """Give the town's settings, its keys on the token."""
        plain = Settings.load(town()[1] / "coffre.toml")
        module = changes.pop("module", None)
        sessions = changes.pop("sessions", 4)
        signers = {
            name: SignerSettings(
                **plain.signers[name].model_dump() | {"key": self.uri(name, module=module)}
            )
            for name in NAMES
        }
        update = {
            "signers": signers,
            "pin": SecretStr(PIN),
            "token": TokenSettings(sessions=sessions),
            "data": self.folder / "data",
        }
        assert set(changes) <= set(Settings.model_fields)
        return plain.model_copy(update=update | changes)


@contextmanager
def soft_token(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    """Make a token that holds the town's keys, and close what was opened of it in the end."""
    token = SoftToken(folder, need_softhsm())
    token.store.mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(
        f"directories.tokendir = {token.store}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    patch.setenv("SOFTHSM2_CONF", str(conf))
    token.begin()
    for number, name in enumerate(NAMES, 1):
        token.bring(town()[1] / "signers" / f"{name}.key.pem", name, f"{number:02}")
    rest()
    try:
        yield token
    finally:
        rest()


@dataclass(slots=True)
class Board:
    """The turnstile's counters, and what it is told to do."""

    path: Path

    def read(self) -> dict[str, int]:
        """Read the counters."""
        names = "open most limit refused overlaps logins signatures good faults fault flags"
        return dict(zip(names.split(), _BOARD.unpack(self.path.read_bytes()), strict=True))

    def tell(self, **values: int) -> None:
        """Set counters; the others stay."""
        new = self.read() | values
        with self.path.open("r+b") as file:
            file.write(_BOARD.pack(*new.values()))

    def fail(self, code: int, *, after: int = 0, times: int = _MANY) -> None:
        """Have signatures fail, after some that are good."""
        signed = code if code < 1 << 31 else code - (1 << 32)
        self.tell(good=after, faults=times, fault=signed)


@contextmanager
def board(patch: pytest.MonkeyPatch) -> Iterator[Board]:
    """Give the turnstile's board, wiped; its module is `turnstile()`."""
    path = turnstile().parent / "board"
    patch.setenv("TURNSTILE", str(path))
    patch.setenv("TURNSTILE_MODULE", need_softhsm())
    rest()
    wiped = Board(path)
    wiped.tell(**dict.fromkeys(wiped.read(), 0) | {"good": _MANY})
    yield wiped
    rest()
