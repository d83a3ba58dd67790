"""`coffre bench vault`: bytes encrypted and decrypted per second, 64 MiB at a time.

Ours: an age file, from memory to memory, post-quantum recipient. The limit: the cipher alone
(ChaCha20-Poly1305 of OpenSSL) over the same buffer in pieces of 64 KiB. Peers, where installed: the
`age` command (its process included, which is its documented use) and pyrage.
"""

import io
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from cli.bench.runner import Bench, Contestant, measure
from vault.crypto.age import file as age_file
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.age.x25519 import X25519Identity

MIB = 1024 * 1024
_PIECE = 64 * 1024


def benches(*, quick: bool = False) -> list[Bench]:
    """Measure encrypting, then decrypting."""
    size = (1 if quick else 64) * MIB
    data = bytes(range(256)) * (size // 256)
    with TemporaryDirectory(prefix="coffre-bench-") as name:
        folder = Path(name)
        (folder / "plain").write_bytes(data)
        ours = HybridIdentity.generate()
        sealed = _encrypt(ours, data)
        peers = _peers(folder, data)
        units = size / MIB
        encrypting = [
            Contestant("ours", lambda: _count(units, _encrypt(ours, data))),
            Contestant("limit", lambda: _raw(data, units)),
            *(Contestant(peer, run) for peer, run, _ in peers),
        ]
        decrypting = [
            Contestant("ours", lambda: _decrypt(ours, sealed, units)),
            Contestant("limit", lambda: _raw(data, units)),
            *(Contestant(peer, run) for peer, _, run in peers),
        ]
        return [
            measure("vault encrypt", "MiB/s", encrypting, quick=quick),
            measure("vault decrypt", "MiB/s", decrypting, quick=quick),
        ]


def _count(units: float, _: object) -> float:
    return units


def _encrypt(identity: HybridIdentity, data: bytes) -> bytes:
    sink = io.BytesIO()
    age_file.encrypt([identity.recipient()], io.BytesIO(data), sink)
    return sink.getvalue()


def _decrypt(identity: HybridIdentity, sealed: bytes, units: float) -> float:
    age_file.decrypt([identity], io.BytesIO(sealed), io.BytesIO())
    return units


def _raw(data: bytes, units: float) -> float:
    """Run the cipher over the buffer, in pieces, into one buffer: nothing else."""
    cipher = ChaCha20Poly1305(bytes(32))
    view, out = memoryview(data), bytearray(_PIECE + 16)
    for start in range(0, len(data), _PIECE):
        cipher.encrypt_into(bytes(12), view[start : start + _PIECE], None, out)
    return units


def _peers(folder: Path, data: bytes) -> list[tuple[str, Any, Any]]:
    found: list[tuple[str, Any, Any]] = []
    identity = X25519Identity.generate()
    units = len(data) / MIB
    if command := shutil.which("age"):
        found.append(_command(command, folder, identity, units))
    try:
        pyrage = import_module("pyrage")
    except ImportError:
        return found
    own = pyrage.x25519.Identity.from_str(identity.encode())
    sealed = pyrage.encrypt(data, [own.to_public()])
    found.append(
        (
            "pyrage (X25519)",
            lambda: _count(units, pyrage.encrypt(data, [own.to_public()])),
            lambda: _count(units, pyrage.decrypt(sealed, [own])),
        )
    )
    return found


def _command(
    age: str, folder: Path, identity: X25519Identity, units: float
) -> tuple[str, Any, Any]:
    key, plain, sealed = folder / "key", folder / "plain", folder / "sealed.age"
    key.write_text(identity.encode() + "\n", "ascii")
    recipient = identity.recipient().encode()

    def run(*arguments: str) -> float:
        subprocess.run([age, *arguments], check=True, capture_output=True)  # noqa: S603 - our words
        return units

    run("-r", recipient, "-o", str(sealed), str(plain))
    return (
        "age command (X25519)",
        lambda: run("-r", recipient, "-o", str(sealed), str(plain)),
        lambda: run("-d", "-i", str(key), "-o", str(folder / "opened"), str(sealed)),
    )
