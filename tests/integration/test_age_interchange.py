"""Age files go both ways between ours and other people's programs.

Debian's `age` and pyrage know X25519 and passphrases; typage (npm) knows the post-quantum hybrid
too.
"""

import io
import random
import subprocess
from pathlib import Path

import pyrage
import pytest
from support.tools import need, run

from vault.crypto.age import file
from vault.crypto.age.detached import Identity, Recipient
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.age.scrypt import Passphrase
from vault.crypto.age.x25519 import X25519Identity

ROOT = Path(__file__).parents[2]
SCRIPT = str(Path(__file__).with_name("typage.mjs"))
PLAINS = [
    pytest.param(random.Random(length).randbytes(length), id=f"{length} bytes")  # noqa: S311
    for length in (0, 1, 65_536, 65_537, 300_000)
]
KEYS: list[HybridIdentity | X25519Identity] = [
    HybridIdentity(bytes(range(32))),
    X25519Identity(bytes(range(32))),
]


def sealed(plain: bytes, *recipients: Recipient) -> bytes:
    """Give an age file of ours."""
    out = io.BytesIO()
    file.encrypt(recipients, io.BytesIO(plain), out)
    return out.getvalue()


def opened(data: bytes, *identities: Identity) -> bytes:
    """Open another's file, armored or not."""
    out = io.BytesIO()
    file.decrypt(identities, file.binary(io.BytesIO(data)), out)
    return out.getvalue()


def typage(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Ask typage; skip the test aloud where Node or the package is absent."""
    node = need("node", "nodejs")
    if not (ROOT / "node_modules" / "age-encryption").exists():
        pytest.skip("npm age-encryption is absent (npm ci --ignore-scripts)")
    return run(node, SCRIPT, *words, stdin=stdin)


@pytest.mark.parametrize("plain", PLAINS)
@pytest.mark.parametrize("identity", KEYS, ids=["hybrid", "classic"])
def test_typage_opens_our_file_and_we_open_its_own(identity, plain):
    done = typage("decrypt", identity.encode(), stdin=sealed(plain, identity.recipient()))
    assert (done.returncode, done.stdout, done.stderr) == (0, plain, b"")
    done = typage("encrypt", identity.recipient().encode(), stdin=plain)
    assert done.returncode == 0
    assert opened(done.stdout, identity) == plain


@pytest.mark.parametrize("kind", ["hybrid", "classic"])
def test_typage_s_keys_are_read_and_derive_the_same_recipient(kind):
    identity, recipient = typage("keygen", kind).stdout.decode().split()
    ours = file.parse_identity(identity)
    assert ours.recipient().encode() == recipient
    assert ours.recipient() == file.parse_recipient(recipient)
    assert ours.encode() == identity


def test_typage_refuses_a_file_of_ours_that_was_cut_or_changed():
    data = sealed(bytes(70_000), KEYS[0].recipient())
    for wrong in (data[:-1], data[:-5000], data[:2000] + b"\0" + data[2001:]):
        assert typage("decrypt", KEYS[0].encode(), stdin=wrong).returncode != 0


@pytest.fixture
def key_file(tmp_path):
    """Give an identity file as `age` reads it."""
    path = tmp_path / "key.txt"
    path.write_text(f"# of this test\n{KEYS[1].encode()}\n", "utf-8")
    return str(path)


@pytest.mark.parametrize("plain", PLAINS)
@pytest.mark.parametrize("form", [[], ["--armor"]], ids=["binary", "armored"])
def test_debian_s_age_opens_our_file_and_we_open_its_own(plain, form, key_file):
    age, recipient = need("age"), KEYS[1].recipient()
    done = run(age, "--decrypt", "-i", key_file, stdin=sealed(plain, recipient))
    assert (done.returncode, done.stdout) == (0, plain)
    done = run(age, *form, "-r", recipient.encode(), stdin=plain)
    assert opened(done.stdout, KEYS[1]) == plain


def test_debian_s_age_opens_our_armor(key_file):
    out = io.BytesIO()
    sink = file.ArmorSink(out)
    file.encrypt([KEYS[1].recipient()], io.BytesIO(bytes(1000)), sink)
    sink.finish()
    done = run(need("age"), "--decrypt", "-i", key_file, stdin=out.getvalue())
    assert (done.returncode, done.stdout) == (0, bytes(1000))


def test_debian_s_keys_are_read_and_derive_the_same_recipient(tmp_path):
    path = tmp_path / "key.txt"
    assert run(need("age-keygen", "age"), "-o", str(path)).returncode == 0
    text = path.read_text("utf-8").split()[-1]
    public = run(need("age-keygen", "age"), "-y", str(path)).stdout.decode().strip()
    assert file.parse_identity(text).recipient().encode() == public


@pytest.mark.parametrize("plain", PLAINS)
def test_pyrage_opens_our_file_and_we_open_its_own(plain):
    theirs = pyrage.x25519.Identity.generate()
    ours = file.parse_identity(str(theirs))
    assert ours.recipient().encode() == str(theirs.to_public())
    assert pyrage.decrypt(sealed(plain, ours.recipient()), [theirs]) == plain
    assert opened(pyrage.encrypt(plain, [theirs.to_public()]), ours) == plain


def test_passphrases_go_both_ways_with_pyrage():
    data = sealed(b"x", Passphrase("trois mots français", log_n=10))
    assert pyrage.passphrase.decrypt(data, "trois mots français") == b"x"
    data = pyrage.passphrase.encrypt(b"y", "trois mots français")
    assert opened(data, Passphrase("trois mots français")) == b"y"
