"""Keys on a token (SoftHSM2): the contract of every signer, and what is refused at the start."""

import hashlib
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from pydantic import SecretStr
from support.letters import FIELDS, letter
from support.sealers import NOW, town
from support.tokens import LABEL, PIN, board, soft_token, turnstile
from support.tools import need, run

from cli.bench.sealing import certificate
from sealing.service.codes import TownCodeOrder, TwoDDocOrder
from sealing.service.letter import Letter, Sealer, seal_letter
from sealing.service.profile import Profile
from sealing.signers.port import (
    SEAL,
    CertificateDatesError,
    KeyMismatchError,
    hashed,
)
from sealing.signers.registry import signer, town_signer, waiting_for_pin
from sealing.signers.token_errors import (
    PinFileError,
    PinLastTryError,
    PinLockedError,
    PinMissingError,
    PinSharedError,
    PinWrongError,
    TokenAbsentError,
    TokenAmbiguousError,
    TokenBusyError,
    TokenKeyAbsentError,
    TokenKeyRefusedError,
    TokenModuleError,
)
from sealing.signers.token_libraries import rest
from storage.errors import MissingExtraError, ProductionRefusesError
from storage.settings import Mode, Settings, SignerSettings
from verifier.check import Indication
from verifier.reading.document import read_document
from verifier.trust import trust_list
from verifier.trust.local_list import read_trust
from verifier.verify import verify as judge

LOCKED, FINAL_TRY = 0x40000, 0x20000


@pytest.fixture(autouse=True)
def rested():
    """Begin each test with no session open."""
    rest()


def with_key(settings: Settings, name: str, **changes) -> Settings:
    """Give settings of one signer, which is another than the town's."""
    row = settings.signers[name].model_dump() | changes
    return settings.model_copy(update={"signers": {name: SignerSettings(**row)}})


def verified(leaf: x509.Certificate, digest: bytes, signature: bytes) -> None:
    """Verify by `cryptography` alone; raise InvalidSignature."""
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        return
    assert isinstance(key, ec.EllipticCurvePublicKey)
    half = (key.key_size + 7) // 8
    assert len(signature) == 2 * half
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    algorithm = {32: hashes.SHA256(), 48: hashes.SHA384(), 66: hashes.SHA512()}[len(digest)]
    key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(algorithm)))


@pytest.fixture(params=["file", "token"])
def held_by(request, token):
    """Give the same town's settings, its keys in files or on a token."""
    return (
        token.settings() if request.param == "token" else Settings.load(town()[1] / "coffre.toml")
    )


@pytest.mark.parametrize("name", ["seal-rsa", "seal-p256"])
def test_whoever_holds_the_key_signs_digests_that_the_certificate_verifies(held_by, name):
    made = signer(held_by, SEAL, NOW, name)
    assert (made.name, made.use) == (name, SEAL)
    assert len(made.chain) == 2
    for data in (b"", b"a letter"):
        digest = hashed(data, made.chain[0])
        signature = made.sign(digest)
        verified(made.chain[0], digest, signature)
        with pytest.raises(InvalidSignature):
            verified(made.chain[0], hashlib.sha256(b"another").digest(), signature)
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match=r"."):
            made.sign(wrong)


@pytest.mark.parametrize(
    ("curve", "size"), [(ec.SECP384R1(), 48), (ec.SECP521R1(), 66)], ids=["P-384", "P-521"]
)
def test_the_larger_curves_sign_their_own_digest(token, tmp_path, curve, size):
    key = ec.generate_private_key(curve)
    (tmp_path / "k").write_bytes(
        key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    )
    now = datetime.now(UTC)
    leaf = certificate("large", key, now)
    (tmp_path / "c").write_bytes(leaf.public_bytes(pem.Encoding.PEM))
    token.bring(tmp_path / "k", f"large-{size}", f"{size:02}")
    row = {"certificate": tmp_path / "c", "chain": (), "key": token.uri(f"large-{size}")}
    made = signer(with_key(token.settings(), "seal-p256", **row), SEAL, now, "seal-p256")
    digest = hashed(b"x", leaf)
    assert len(digest) == {48: 48, 66: 64}[size]
    signature = made.sign(digest)
    assert len(signature) == 2 * size
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    known = Prehashed({48: hashes.SHA384(), 64: hashes.SHA512()}[len(digest)])
    key.public_key().verify(encode_dss_signature(r, s), digest, ec.ECDSA(known))


def sealer_of(settings: Settings, name: str) -> Sealer:
    """Open a seal and the 2D-Doc signer."""
    return Sealer.ready(
        signer(settings, SEAL, NOW, name), {"00": signer(settings, "twoddoc:00", NOW)}
    )


def require_authentic(pdf: bytes) -> None:
    """Require that our verifier (whose seals pyHanko judges) believes seal and code."""
    trust = read_trust([town()[1] / "trust"], trust_list.Mode.TEST)
    verdict = judge(read_document(pdf, "s.pdf"), trust, NOW)
    assert verdict.conclusion is not None
    assert verdict.conclusion.indication is Indication.TOTAL_PASSED
    [seal] = verdict.seals
    assert seal.conclusion.indication is Indication.TOTAL_PASSED
    assert [code.conclusion.indication for code in verdict.codes] == [Indication.TOTAL_PASSED]


@pytest.mark.parametrize("name", ["seal-rsa", "seal-p256"])
def test_a_letter_sealed_by_a_token_is_authentic_for_pdfsig_and_the_verifier(token, tmp_path, name):
    sealer = sealer_of(token.settings(), name)
    sealed = seal_letter(
        Letter(letter(), TwoDDocOrder("00", FIELDS)), sealer, Profile(), NOW, bytes(10)
    )
    (tmp_path / "sealed.pdf").write_bytes(sealed.pdf)
    said = run(need("pdfsig", "poppler-utils"), str(tmp_path / "sealed.pdf")).stdout.decode()
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    require_authentic(sealed.pdf)


def test_a_town_code_is_signed_by_the_first_seal_of_the_token_on_p_256(token):
    text = "ATTESTATION D'ACCUEIL\nDUPONT CLAIRE"
    sealer = Sealer.ready(town_signer(token.settings(), NOW))
    assert sealer.seal.name == "seal-p256"
    order = TownCodeOrder("attestation d'accueil", {"nom": "DUPONT", "prénoms": "CLAIRE"})
    sealed = seal_letter(Letter(letter(text), order), sealer, Profile(), NOW, bytes(10))
    require_authentic(sealed.pdf)


def test_production_takes_tokens_and_refuses_files_and_the_demonstration_s_own(token, tmp_path):
    demonstration = token.settings(mode=Mode.PRODUCTION)
    with pytest.raises(ProductionRefusesError):
        signer(demonstration, SEAL, NOW)
    leaf = certificate("Mairie", town()[0].seals["seal-rsa"].key, NOW)
    (tmp_path / "c").write_bytes(leaf.public_bytes(pem.Encoding.PEM))
    own = {"certificate": tmp_path / "c", "chain": ()}
    production = with_key(demonstration, "seal-rsa", **own)
    assert signer(production, SEAL, NOW).name == "seal-rsa"
    key = str(town()[1] / "signers" / "seal-rsa.key.pem")
    with pytest.raises(ProductionRefusesError):
        signer(with_key(production, "seal-rsa", key=key), SEAL, NOW)


def certified(key: rsa.RSAPublicKey, path: Path) -> x509.Certificate:
    """Give a seal's certificate for a key that was made on the token, written to a file."""
    model = town()[0].seals["seal-rsa"].certificate
    usage = model.extensions.get_extension_for_class(x509.KeyUsage).value
    first, last = model.not_valid_before_utc, model.not_valid_after_utc
    made = x509.CertificateBuilder(model.issuer, model.subject, key, 7, first, last)
    authority = ec.generate_private_key(ec.SECP256R1())
    leaf = made.add_extension(usage, critical=True).sign(authority, hashes.SHA256())
    path.write_bytes(leaf.public_bytes(pem.Encoding.PEM))
    return leaf


@pytest.mark.parametrize(
    ("name", "number", "template"),
    [("made", 0x77, ""), ("each time", 0x78, "ALWAYS_AUTHENTICATE")],
    ids=["plain", "the PIN for each signature"],
)
def test_a_key_that_the_token_made_seals(token, tmp_path, name, number, template):
    leaf = certified(token.make(name, number, template), tmp_path / "c")
    key = f"pkcs11:token={LABEL};id=%{number:x}?module-path={token.module}"
    row = {"certificate": tmp_path / "c", "chain": (), "key": key}
    found = signer(with_key(token.settings(), "seal-rsa", **row), SEAL, NOW)
    for data in (b"x", b"y"):
        digest = hashed(data, leaf)
        verified(leaf, digest, found.sign(digest))
    assert PIN not in repr(found)


def test_a_key_that_may_not_sign_is_refused_with_the_reason(token, tmp_path):
    certified(token.make("mute", 0x79, "SIGN"), tmp_path / "c")
    row = {"certificate": tmp_path / "c", "chain": (), "key": token.uri("mute")}
    with pytest.raises(TokenKeyRefusedError) as caught:
        signer(with_key(token.settings(), "seal-rsa", **row), SEAL, NOW)
    assert caught.value.details["why"] == "CKA_SIGN"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("token=Nobody", TokenAbsentError),
        (f"token={LABEL};serial=00", TokenAbsentError),
        (f"token={LABEL};model=Other", TokenAbsentError),
        (f"token={LABEL};manufacturer=Other", TokenAbsentError),
        (f"token={LABEL};slot-id=0", TokenAbsentError),
        (f"token={LABEL};slot-description=Other", TokenAbsentError),
        (f"token={LABEL};slot-manufacturer=Other", TokenAbsentError),
        (f"token={LABEL};library-manufacturer=Other", TokenAbsentError),
        (f"token={LABEL};library-description=Other", TokenAbsentError),
        (f"token={LABEL};library-version=9.9", TokenAbsentError),
        (f"token={LABEL};object=nobody", TokenKeyAbsentError),
        (f"token={LABEL};object=seal-rsa;id=%02", TokenKeyAbsentError),
        (f"token={LABEL}", TokenAmbiguousError),
        (f"token={LABEL};object=seal-p256", KeyMismatchError),
    ],
)
def test_an_address_that_fits_nothing_two_things_or_another_key_is_refused(token, path, error):
    uri = f"pkcs11:{path}?module-path={token.module}"
    with pytest.raises(error) as caught:
        signer(with_key(token.settings(), "seal-rsa", key=uri), SEAL, NOW)
    assert caught.value.details["name"] == "seal-rsa"


def test_every_attribute_that_the_token_says_of_itself_finds_it(token):
    said = run("softhsm2-util", "--show-slots").stdout.decode()
    [serial] = [
        part.split(":")[1].split()[0]
        for part in said.split("Slot ")
        if LABEL in part
        for part in part.splitlines()
        if "Serial number" in part
    ]
    path = (
        f"token={LABEL};serial={serial};manufacturer=SoftHSM%20project;model=SoftHSM%20v2;"
        f"slot-manufacturer=SoftHSM%20project;library-manufacturer=SoftHSM;"
        "library-description=Implementation%20of%20PKCS11;library-version=2.6;"
        f"slot-id={int(serial[-8:], 16) & 0x7FFFFFFF};object=seal-rsa;id=%01;type=private"
    )
    uri = f"pkcs11:{path}?module-path={token.module}"
    assert signer(with_key(token.settings(), "seal-rsa", key=uri), SEAL, NOW).name == "seal-rsa"


def test_two_tokens_of_one_label_are_told_apart_by_their_serial_alone(tmp_path, monkeypatch):
    with soft_token(tmp_path, monkeypatch) as token:
        token.begin()
        with pytest.raises(TokenAmbiguousError) as caught:
            signer(token.settings(), SEAL, NOW)
        assert caught.value.details["count"] == 2


def test_the_key_of_another_certificate_is_refused_by_its_first_signature(token):
    certificate = town()[1] / "signers" / "seal-p256.pem"
    changed = with_key(token.settings(), "seal-p256", key=token.uri("twoddoc-00"))
    assert changed.signers["seal-p256"].certificate == certificate
    with pytest.raises(KeyMismatchError):
        signer(changed, SEAL, NOW, "seal-p256")


def test_a_certificate_that_may_not_sign_is_refused_before_the_token_is_asked(token):
    wrong = token.settings(pin=SecretStr("0000"))
    with pytest.raises(CertificateDatesError):
        signer(wrong, SEAL, NOW + timedelta(days=1200))


def test_a_library_that_is_none_is_named(token, tmp_path):
    (tmp_path / "none.so").write_bytes(b"no library")
    for path in (tmp_path / "none.so", tmp_path / "absent.so"):
        settings = token.settings(module=path)
        with pytest.raises(TokenModuleError) as caught:
            signer(settings, SEAL, NOW)
        assert caught.value.details["path"] == str(path)


def test_without_the_extra_a_token_is_a_matter_of_configuration(token, monkeypatch):
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(MissingExtraError) as caught:
        signer(token.settings(), SEAL, NOW)
    assert caught.value.details == {"extra": "hsm"}


def pin_file(folder, text: str, mode: int = 0o600) -> str:
    """Write a PIN's file; give its part of an address."""
    path = folder / "pin"
    path.write_text(text)
    path.chmod(mode)
    return f"&pin-source=file:{path}"


def test_a_pin_comes_from_the_file_of_its_address(token, tmp_path):
    uri = token.uri("seal-rsa", pin_file(tmp_path, f"{PIN}\nnot this\n"))
    settings = with_key(token.settings(pin=SecretStr("0000")), "seal-rsa", key=uri)
    assert signer(settings, SEAL, NOW).name == "seal-rsa"


@pytest.mark.parametrize(
    ("text", "mode"), [(PIN, 0o604), (PIN, 0o640), (PIN, 0o602), ("", 0o600), ("\n", 0o600)]
)
def test_a_file_of_a_pin_that_others_may_read_or_that_is_empty_is_refused(
    token, tmp_path, text, mode
):
    uri = token.uri("seal-rsa", pin_file(tmp_path, text, mode))
    with pytest.raises(PinFileError):
        signer(with_key(token.settings(), "seal-rsa", key=uri), SEAL, NOW)


def test_a_file_of_a_pin_that_is_absent_a_folder_or_a_pipe_is_refused(token, tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(0o700)
    for name in ("absent", "folder", "pipe"):
        uri = token.uri("seal-rsa", f"&pin-source={tmp_path / name}")
        with pytest.raises(PinFileError):
            signer(with_key(token.settings(), "seal-rsa", key=uri), SEAL, NOW)


def test_no_pin_is_said_with_the_token_that_wants_it(token):
    with pytest.raises(PinMissingError) as caught:
        signer(token.settings(pin=None), SEAL, NOW)
    assert caught.value.details == {"name": "seal-rsa", "token": LABEL}


def test_one_pin_is_not_tried_on_two_tokens(token):
    settings = token.settings()
    other = token.uri("seal-p256").replace(f"token={LABEL}", "token=Another")
    both = settings.signers | with_key(settings, "seal-p256", key=other).signers
    for pin in (settings.pin, None):
        changed = settings.model_copy(update={"signers": both, "pin": pin})
        with pytest.raises(PinSharedError):
            signer(changed, SEAL, NOW, "seal-rsa") if pin else waiting_for_pin(changed, both)


def test_a_wrong_pin_is_tried_once_and_leaves_no_session(token, monkeypatch):
    with board(monkeypatch) as counted:
        wrong = token.settings(pin=SecretStr("0000"), module=turnstile())
        with pytest.raises(PinWrongError) as caught:
            signer(wrong, SEAL, NOW)
        assert "0000" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.details}"
        assert (counted.read()["logins"], counted.read()["open"]) == (1, 0)
        right = signer(token.settings(module=turnstile()), SEAL, NOW)
        right.sign(hashed(b"x", right.chain[0]))
        assert counted.read()["logins"] == 2


@pytest.mark.parametrize(
    ("flag", "error"), [(LOCKED, PinLockedError), (FINAL_TRY, PinLastTryError)]
)
def test_a_locked_token_and_the_last_try_of_another_cost_no_try(token, monkeypatch, flag, error):
    with board(monkeypatch) as counted:
        counted.tell(flags=flag)
        with pytest.raises(error):
            signer(token.settings(module=turnstile()), SEAL, NOW)
        assert (counted.read()["logins"], counted.read()["open"]) == (0, 0)


def test_a_token_that_has_no_session_left_is_busy(token, monkeypatch):
    with board(monkeypatch) as counted:
        counted.tell(limit=1, open=1)
        with pytest.raises(TokenBusyError):
            signer(token.settings(module=turnstile()), SEAL, NOW)
        assert counted.read()["refused"] == 1


def test_a_mechanism_that_the_token_does_not_know_is_a_refusal(token, monkeypatch):
    with board(monkeypatch) as counted:
        counted.fail(0x70)  # CKR_MECHANISM_INVALID
        with pytest.raises(TokenKeyRefusedError) as caught:
            signer(token.settings(module=turnstile()), SEAL, NOW)
        assert caught.value.details["why"] == "MechanismInvalid"


def test_a_signer_shows_no_pin(token):
    assert PIN not in repr(signer(token.settings(), SEAL, NOW))
