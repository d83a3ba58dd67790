"""Key files: PEM with a passphrase, PKCS#12 made by ourselves and by openssl."""

import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from support.sealers import NOW, town
from support.tools import need

from sealing.signers.keyfile import KeyPassphraseError
from sealing.signers.port import SEAL, SignerError
from sealing.signers.registry import signer
from storage.errors import ProductionRefusesError
from storage.settings import Mode, Settings, SignerSettings

SECRET = "une phrase de passe"  # noqa: S105 - of keys of the tests
OPENED = serialization.BestAvailableEncryption(SECRET.encode())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\nautre ligne\n")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path


def open_signer(key, passphrase=None, certificate=None, chain=None, mode=Mode.TEST):
    made = Settings.load(town()[1] / "coffre.toml")
    own = made.signers["seal-p256"]
    row = SignerSettings(
        certificate=certificate or own.certificate,
        chain=own.chain if chain is None else chain,
        key=str(key),
        passphrase_file=passphrase,
        use=SEAL,
    )
    return signer(made.model_copy(update={"signers": {"s": row}, "mode": mode}), SEAL, NOW)


def pem(folder, encryption=OPENED):
    key = town()[0].seals["seal-p256"].key
    path = folder / "key.pem"
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))
    return path


def bundle(folder, encryption=OPENED, *, certificate=True):
    made = town()[0]
    holder, above = made.seals["seal-p256"], [made.root.certificate, made.intermediate.certificate]
    path = folder / "key.p12"
    leaf = holder.certificate if certificate else None
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"cachet", holder.key, leaf, above if certificate else None, encryption
        )
    )
    return path


def require_signs(found):
    made = town()[0]
    assert found.chain[0] == made.seals["seal-p256"].certificate
    assert list(found.chain[1:]) == [made.intermediate.certificate]
    assert len(found.sign(bytes(32))) == 64


def test_a_key_file_opens_with_the_first_line_of_its_passphrase_file(folder):
    require_signs(open_signer(pem(folder), folder / "secret"))
    require_signs(open_signer(bundle(folder), folder / "secret"))


def test_a_pkcs12_file_brings_its_certificates_but_no_root(folder):
    path = bundle(folder)
    require_signs(open_signer(path, folder / "secret", certificate=path, chain=()))


def test_a_pkcs12_file_may_have_no_passphrase(folder):
    path = bundle(folder, serialization.NoEncryption())
    require_signs(open_signer(path, certificate=path, chain=()))


@pytest.mark.parametrize("legacy", [[], ["-legacy"]])
def test_a_pkcs12_file_of_openssl_opens(folder, legacy):
    made = town()[1]
    rows = Settings.load(made / "coffre.toml").signers["seal-p256"]
    command = [need("openssl", "openssl"), "pkcs12", "-export", *legacy, "-inkey", rows.key]
    command += ["-in", rows.certificate, "-certfile", rows.chain[0], "-passout", f"pass:{SECRET}"]
    subprocess.run([*command, "-out", folder / "o.p12"], check=True, capture_output=True)
    path = folder / "o.p12"
    require_signs(open_signer(path, folder / "secret", certificate=path, chain=()))


@pytest.mark.parametrize("made", [pem, bundle])
def test_a_passphrase_that_is_wrong_missing_or_open_to_others_is_told(folder, made):
    path = made(folder)
    (folder / "wrong").write_text("autre chose")
    (folder / "wrong").chmod(0o600)
    (folder / "empty").touch(0o600)
    (folder / "open").write_text(SECRET)
    (folder / "open").chmod(0o640)
    for name in ("wrong", "empty", "open", "absent", None):
        with pytest.raises(KeyPassphraseError) as caught:
            open_signer(path, name and folder / name)
        assert SECRET not in str(caught.value)


def test_a_passphrase_for_a_key_that_has_none_is_told(folder):
    with pytest.raises(KeyPassphraseError):
        open_signer(pem(folder, serialization.NoEncryption()), folder / "secret")


def test_a_pkcs12_file_without_certificate_says_so(folder):
    path = bundle(folder, certificate=False)
    with pytest.raises(SignerError):
        open_signer(path, folder / "secret", certificate=path, chain=())
    require_signs(open_signer(path, folder / "secret"))


@pytest.mark.parametrize("data", [b"", b"0", b"0\x80\0\0", b"neither", b"0" * 5000])
def test_what_is_no_key_file_is_refused(folder, data):
    (folder / "k").write_bytes(data)
    with pytest.raises(SignerError):
        open_signer(folder / "k", folder / "secret")


def test_production_refuses_key_files_of_every_kind(folder):
    for path in (pem(folder), bundle(folder)):
        with pytest.raises(ProductionRefusesError):
            open_signer(path, folder / "secret", mode=Mode.PRODUCTION)


def test_paths_of_the_settings_are_relative_to_their_file(folder):
    bundle(folder)
    text = 'certificate="key.p12"\nkey="key.p12"\npassphrase_file="secret"\nuse="seal"\n'
    (folder / "coffre.toml").write_text(f"[signers.cachet]\n{text}")
    require_signs(signer(Settings.load(folder / "coffre.toml"), SEAL, NOW))
