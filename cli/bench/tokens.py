"""`coffre bench seal`, keys on a token: signatures per second, SoftHSM2 behind our port.

Ours: a digest in, a signature out, as every letter asks it of its signer. The limit: the same
signatures asked of the library itself (C_SignInit and C_Sign, without binding, lock or check), in a
session of the same process. The token is the bench's own, in a folder that goes with it; where
SoftHSM2 or the extra `hsm` is absent there is no figure.
"""

import ctypes
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from ctypes import POINTER, Structure, byref, c_ubyte, c_ulong, c_void_p, cast, sizeof
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr

from cli.bench.runner import Bench, Contestant, measure
from cli.bench.sealing import Key, certificate
from sealing.signers.port import SEAL
from sealing.signers.registry import signer
from sealing.signers.token_libraries import rest
from storage.settings import Settings, SignerSettings

NAME: Final = "SoftHSM2"
_MODULES: Final = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
)
_UTIL: Final = "softhsm2-util"
_LABEL: Final = "coffre bench"
_SERIAL: Final = 0x4  # CKF_SERIAL_SESSION
_RSA, _ECDSA = 0x1, 0x1041  # CKM_RSA_PKCS, CKM_ECDSA
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
_DIGEST: Final = bytes(range(32))


def module() -> Path | None:
    """Give the library of SoftHSM2; None where it, its tool or the binding is absent."""
    found = next((path for path in _MODULES if path.exists()), None)
    there = shutil.which(_UTIL) is not None and find_spec("pkcs11") is not None
    return found if there else None


def benches(path: Path, *, quick: bool = False) -> list[Bench]:
    """Measure RSA-2048 and P-256; raises OSError when the token cannot be made."""
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys: dict[str, Key] = {"RSA-2048": rsa_key, "P-256": ec.generate_private_key(ec.SECP256R1())}
    with TemporaryDirectory(prefix="coffre-bench-") as folder:
        try:
            settings = _token(Path(folder), path, keys)
            return [_bench(settings, path, name, quick=quick) for name in keys]
        finally:
            rest()
            os.unsetenv("SOFTHSM2_CONF")


def _bench(settings: Settings, path: Path, name: str, *, quick: bool) -> Bench:
    made = signer(settings, SEAL, datetime.now(UTC), name)
    raw = Raw(path, name, elliptic=name == "P-256")
    many = 20 if quick else 400
    contestants = [
        Contestant("ours", partial(_often, partial(made.sign, _DIGEST), many)),
        Contestant("limit", partial(_often, raw.sign, many)),
    ]
    return measure(f"seal, key on a token, {name}", "signatures/s", contestants, quick=quick)


def _often(work: Callable[[], object], times: int) -> float:
    for _ in range(times):
        work()
    return times


def _token(folder: Path, path: Path, keys: dict[str, Key]) -> Settings:
    """Make a token with these keys, and the settings that name them."""
    conf, store, pin = folder / "softhsm2.conf", folder / "tokens", secrets.token_hex(4)
    store.mkdir()
    conf.write_text(f"directories.tokendir = {store}\nlog.level = ERROR\n")
    os.putenv("SOFTHSM2_CONF", str(conf))  # the library's own variable, and its tool's
    _run("--init-token", "--free", "--label", _LABEL, "--pin", pin, "--so-pin", pin)
    signers, now = {}, datetime.now(UTC)
    for number, (name, key) in enumerate(keys.items(), 1):
        private, public = folder / f"{name}.p8", folder / f"{name}.pem"
        private.write_bytes(_pem(key))
        public.write_bytes(certificate(name, key, now).public_bytes(serialization.Encoding.PEM))
        names = "--token", _LABEL, "--label", name, "--id", f"{number:02}"
        _run("--import", str(private), *names, "--pin", pin)
        uri = f"pkcs11:token=coffre%20bench;object={name}?module-path={path}"
        signers[name] = SignerSettings(certificate=public, key=uri, use=SEAL)
    return Settings(signers=signers, pin=SecretStr(pin), data=folder / "data")


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _run(*words: str) -> None:
    done = subprocess.run([_UTIL, *words], capture_output=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise OSError(done.returncode, done.stderr.decode("utf-8", "replace").strip(), _UTIL)


class _Words(Structure):
    """CK_MECHANISM and CK_ATTRIBUTE alike: a kind, a pointer, a length."""

    _fields_ = (("kind", c_ulong), ("value", c_void_p), ("length", c_ulong))


class Raw:
    """The library itself, started and logged in by whoever has a signer open on its token."""

    def __init__(self, path: Path, label: str, *, elliptic: bool) -> None:
        """Open a session, and find a private key; raise OSError."""
        self._calls = ctypes.CDLL(str(path))
        self._session, self._key = self._found(label.encode())
        self._mechanism = _Words(_ECDSA if elliptic else _RSA, None, 0)
        data = _DIGEST if elliptic else _SHA256_INFO + _DIGEST
        self._data, self._length = (c_ubyte * len(data))(*data), len(data)
        self._room = (c_ubyte * 512)()

    def sign(self) -> None:
        """Make one signature."""
        size = c_ulong(sizeof(self._room))
        calls, session = self._calls, self._session
        _require(calls.C_SignInit(session, byref(self._mechanism), self._key))
        _require(calls.C_Sign(session, self._data, self._length, self._room, byref(size)))

    def _found(self, label: bytes) -> tuple[c_ulong, c_ulong]:
        """Look for a private key on every token."""
        calls, count = self._calls, c_ulong(16)
        slots = (c_ulong * 16)()
        _require(calls.C_GetSlotList(c_ubyte(1), slots, byref(count)))
        kind = c_ulong(3)  # CKO_PRIVATE_KEY
        template = (_Words * 2)(
            _Words(0, cast(byref(kind), c_void_p), sizeof(kind)),
            _Words(3, cast(ctypes.create_string_buffer(label), c_void_p), len(label)),
        )
        for slot in slots[: count.value]:
            session, key, found = c_ulong(), c_ulong(), c_ulong()
            _require(
                calls.C_OpenSession(c_ulong(slot), c_ulong(_SERIAL), None, None, byref(session))
            )
            _require(calls.C_FindObjectsInit(session, cast(template, POINTER(_Words)), c_ulong(2)))
            _require(calls.C_FindObjects(session, byref(key), c_ulong(1), byref(found)))
            _require(calls.C_FindObjectsFinal(session))
            if found.value:
                return session, key
            _require(calls.C_CloseSession(session))
        raise OSError(0, "no such key", label.decode())


def _require(answer: int) -> None:
    if answer:
        raise OSError(answer, f"CKR 0x{answer:x}", NAME)
