"""Seals whose signature is true and whose signer is nobody: homonyms, leaves, broken chains."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from support.attacks.attack import SIGNATURE, STRANGER, Answer, Attack, Reader, unsure
from support.attacks.holders import Like, like, own_seal, trusting, twin, twins
from support.attacks.signing import Cms, signed_by
from support.sealers import town

from cli.demo.pki import Holder
from verifier.check import SubIndication

FAMILY = "issuer"
PURPOSE = unsure("certificate-for-something-else", SubIndication.CHAIN_CONSTRAINTS_FAILURE)
USAGE = unsure("key-usage-not-signature", SubIndication.CHAIN_CONSTRAINTS_FAILURE)
NOT_PASSED = unsure("validation-not-passed", SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE)
NO_WAY = unsure("validation-not-passed", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
NO_LIST = unsure("no-list", SubIndication.TRY_LATER)
_EKU = x509.ExtendedKeyUsage


def _carrying(*certificates: x509.Certificate) -> Cms:
    return Cms(carried=certificates)


def _homonyms() -> Iterator[tuple[str, bytes, Answer]]:
    own, made = twins(), town()[0]
    seal, middle, root = own["seal"], own["middle"], own["root"]
    both = (middle.certificate, root.certificate)
    yield "chain of one name", signed_by(seal, _carrying(middle.certificate)), STRANGER
    yield "chain of one name, with its root", signed_by(seal, _carrying(*both)), STRANGER
    true = made.intermediate.certificate
    yield "the true authority carried", signed_by(seal, _carrying(true)), STRANGER
    yield "both authorities carried", signed_by(seal, _carrying(true, middle.certificate)), STRANGER
    yield "nothing carried", signed_by(seal, _carrying()), STRANGER
    alone = twin(own_seal(), None)
    yield "the leaf signs itself", signed_by(alone, _carrying()), STRANGER
    own_name = Like(name=own_seal().certificate.issuer)
    yield (
        "the leaf bears its authority's name",
        signed_by(like(own_seal().certificate, None, own_name), _carrying()),
        STRANGER,
    )
    forged = twin(own_seal(), own["middle"])
    mixed = Cms(carried=(true,), signed_by=forged)
    yield "the true leaf, another key", signed_by(own_seal(), mixed), SIGNATURE
    yield "of a 2D-Doc authority", signed_by(made.twoddocs["twoddoc-00"], _carrying()), STRANGER
    yield "an authority of 2D-Doc itself", signed_by(made.test_authority, _carrying()), STRANGER


def _leaves() -> Iterator[tuple[str, bytes, Answer]]:
    """Have a leaf act as an authority, or an authority as a leaf."""
    made = town()[0]
    true = made.intermediate.certificate
    for name, above in {"seal": own_seal(), "time-stamp": made.tsa, "list": made.status}.items():
        below = like(own_seal().certificate, above)
        signed = signed_by(below, _carrying(above.certificate, true))
        yield f"issued by the {name} certificate", signed, STRANGER
    sealing = signed_by(made.intermediate, _carrying())
    yield "sealed by the authority", sealing, USAGE
    yield "sealed by the root", signed_by(made.root, _carrying()), USAGE


def _purposes() -> Iterator[tuple[str, bytes, Answer]]:
    """Seal with a certificate that the true authority issued for something else."""
    made = town()[0]
    kinds = ExtendedKeyUsageOID
    for name, purposes in {
        "TLS": [kinds.SERVER_AUTH],
        "TLS, both sides": [kinds.SERVER_AUTH, kinds.CLIENT_AUTH],
        "programs": [kinds.CODE_SIGNING],
        "answers": [kinds.OCSP_SIGNING],
        "time-stamps": [kinds.TIME_STAMPING],
    }.items():
        leaf = like(own_seal().certificate, made.intermediate, Like(added=[(_EKU(purposes), True)]))
        yield f"a certificate for {name}", signed_by(leaf), PURPOSE
    yield "the time-stamp authority's", signed_by(made.tsa), PURPOSE
    yield "that of lists of letters taken back", signed_by(made.status), PURPOSE
    usage = own_seal().certificate.extensions.get_extension_for_class(x509.KeyUsage)
    for name, told in {
        "encryption": _usage(key_encipherment=True),
        "certificates": _usage(key_cert_sign=True),
        "key agreement": _usage(key_agreement=True),
    }.items():
        assert told != usage.value
        how = Like(without=(x509.KeyUsage,), added=[(told, True)])
        leaf = like(own_seal().certificate, made.intermediate, how)
        yield f"a key for {name}", signed_by(leaf), USAGE
    strange = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    leaf = like(own_seal().certificate, made.intermediate, Like(added=[(strange, True)]))
    yield "a critical word that nobody knows", signed_by(leaf), NOT_PASSED


def _usage(**wanted: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in names.split()})


def _middles() -> Iterator[tuple[str, list[Holder], Answer, Answer]]:
    """Give careless authorities below the true root, the last one first; two answers.

    The first where the file carries them, the second where the reader's folder holds them.
    """
    made = town()[0]
    true = made.intermediate.certificate
    constraints, usage = x509.BasicConstraints, x509.KeyUsage
    none = constraints(ca=False, path_length=None)
    signs = _usage(digital_signature=True)
    for name, how in {
        "no word of being an authority": Like(without=(constraints,)),
        "said to be none": Like(without=(constraints,), added=[(none, True)]),
        "a key that signs no certificates": Like(without=(usage,), added=[(signs, True)]),
    }.items():
        yield name, [like(true, made.root, how)], STRANGER, STRANGER
    others = like(true, made.root, Like(added=[(_named("Ville voisine"), True)]))
    yield "names of others alone", [others], NO_LIST, NOT_PASSED
    short = constraints(ca=True, path_length=0)
    first = like(true, made.root, Like(without=(constraints,), added=[(short, True)]))
    below = like(true, first, Like(name=_name("Sous-autorité")))
    yield "one authority too many", [below, first], NO_LIST, NO_WAY


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _named(organisation: str) -> x509.NameConstraints:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)])
    return x509.NameConstraints([x509.DirectoryName(name)], None)


def attacks() -> Iterator[Attack]:
    """Make every seal by nobody."""
    for make in (_homonyms, _leaves, _purposes):
        for name, pdf, answer in make():
            yield Attack(name, FAMILY, pdf, answer)
    for name, middles, carried, held in _middles():
        leaf = like(own_seal().certificate, middles[0])
        pdf = signed_by(leaf, _carrying(*(one.certificate for one in middles)))
        yield Attack(f"{name}, carried", FAMILY, pdf, carried)
        yield Attack(f"{name}, in the folder", FAMILY, pdf, held, Reader(trusting(*middles)))
