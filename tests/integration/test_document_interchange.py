"""A document of a safe needs nothing of ours: an age program and `tar` open it."""

import base64
import io
import json
import random
import sys
from pathlib import Path

import pytest
from support.shared import shared
from support.tools import need, run

from vault.crypto import document
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.document import ExpectedDocument
from vault.crypto.index import StoredObject
from vault.format.canonical import from_base64url

ROOT = Path(__file__).parents[2]
SCRIPT = str(Path(__file__).with_name("typage.mjs"))
OWNER, SERVICE = HybridIdentity(bytes(32)), HybridIdentity(b"\1" * 32)
CONTENT = random.Random(2).randbytes(200_000)  # noqa: S311


@pytest.mark.parametrize("name", ["avis.pdf", "été à la plage.pdf", "x" * 200])
def test_typage_and_tar_open_what_the_owner_and_a_grantee_were_given(tmp_path, name):
    node, untar = need("node", "nodejs"), need("tar")
    if not (ROOT / "node_modules" / "age-encryption").exists():
        pytest.skip("npm age-encryption is absent (npm ci --ignore-scripts)")
    payload = io.BytesIO()
    made = document.encrypt_document(
        name, len(CONTENT), io.BytesIO(CONTENT), payload, OWNER.recipient()
    )
    shared_header = document.share_document(made.stored, made.header, [OWNER], SERVICE.recipient())
    for identity, header in ((OWNER, made.header), (SERVICE, shared_header)):
        file = header + payload.getvalue()
        plain = run(node, SCRIPT, "decrypt", identity.encode(), stdin=file)
        assert (plain.returncode, plain.stderr) == (0, b"")
        folder = tmp_path / identity.encode()[-8:]
        folder.mkdir()
        done = run(untar, "-x", "-C", str(folder), "-f", "-", stdin=plain.stdout)
        assert (done.returncode, done.stderr) == (0, b"")
        [found] = folder.iterdir()
        assert (found.name, found.read_bytes()) == (name, CONTENT)


def test_the_published_delivery_opens_as_a_document():
    """Made by another implementation: header, commitment, payload, tar, name, content."""
    vectors = json.loads(shared("design/schemas/vectors/delivery.json").read_text("utf-8"))
    grant = json.loads(from_base64url(vectors["grant"].split(".")[1]))
    [stored] = grant["stored"]
    manifest = json.loads(base64.b64decode(vectors["expect"]["manifest"]))
    [item] = [each for each in manifest["items"] if each.get("stored") == stored["blob_id"]]
    expected = ExpectedDocument(
        StoredObject(
            from_base64url(stored["blob_id"]),
            stored["size"],
            from_base64url(stored["sha256"]),
            from_base64url(stored["fkc"]),
        ),
        from_base64url(stored["header"]),
        vectors["expect"]["content_name"],
        from_base64url(item["sha256"]),
    )
    service = HybridIdentity(base64.b64decode(vectors["service_identity_seed"]))
    header, payload = (base64.b64decode(vectors[name]) for name in ("header", "payload"))
    out = io.BytesIO()
    document.decrypt_document(expected, header, [service], io.BytesIO(payload), out)
    assert out.getvalue() == base64.b64decode(vectors["expect"]["content"])


def test_memory_does_not_grow_with_the_document(tmp_path):
    """A quarter of a GiB goes through with less than 64 MiB more than at the start."""
    code = """
import hashlib, resource, sys
from vault.crypto import document
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.document import ExpectedDocument
path, owner, length = sys.argv[1], HybridIdentity(bytes(32)), 1 << 28
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open("/dev/zero", "rb") as zeros, open(path, "wb") as sink:
    class Some:
        left = length
        def readinto(self, buffer):
            got = zeros.readinto(buffer[: self.left]); self.left -= got; return got
    made = document.encrypt_document("x", length, Some(), sink, owner.recipient())
digest = hashlib.sha256(made.header).digest()
expected = ExpectedDocument(made.stored, digest, "x", made.content_sha256)
with open(path, "rb") as source, open("/dev/null", "wb") as sink:
    document.decrypt_document(expected, made.header, [owner], source, sink)
end = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(end - start)
"""
    done = run(sys.executable, "-c", code, str(tmp_path / "payload"))
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) < 64 * 1024
