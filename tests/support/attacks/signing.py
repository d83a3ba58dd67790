"""A signer who writes his CMS himself: all of it at his choice, right unless told otherwise."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from support.attacks.material import OBJECTS
from support.attacks.revisions import revised, whole
from support.sealers import town

from cli.demo.pki import Holder

_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha3_256": hashes.SHA3_256,
}
ROOM = 6_000
_FORM, _FIELD, _SEAL = 20, 21, 22
Rows = list[cms.CMSAttribute]


def row(kind: str, *values: object) -> cms.CMSAttribute:
    """Write one attribute."""
    return cms.CMSAttribute({"type": kind, "values": list(values)})


@dataclass(frozen=True, slots=True)
class Cms:
    """How a CMS departs from an honest one.

    `attributes` changes the signed attributes before they are signed, None: there are none;
    `changed` changes the whole before it is written. `salt` asks for RSA-PSS. `carried` are the
    certificates beside the signer's.
    """

    digest: str = "sha256"
    carried: Sequence[x509.Certificate] | None = None
    own: bool = True
    attributes: Callable[[Rows], Rows] | None = lambda rows: rows
    changed: Callable[[cms.SignedData], None] = lambda _: None
    salt: int | None = None
    stamp: Callable[[bytes], bytes] | None = None
    signed_by: Holder | None = None


HONEST = Cms()


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """Give a certificate in the other library's form."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def reference(certificate: asn1_x509.Certificate) -> cms.CMSAttribute:
    """Name the signing certificate by its digest."""
    name = asn1_x509.GeneralName("directory_name", certificate.issuer)
    told = {
        "cert_hash": hashlib.sha256(certificate.dump()).digest(),
        "issuer_serial": {"issuer": [name], "serial_number": certificate.serial_number},
    }
    return row(
        "signing_certificate_v2", tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2(told)]})
    )


def cms_of(data: bytes, holder: Holder, how: Cms = HONEST) -> bytes:
    """Sign bytes: the whole CMS."""
    leaf = asn1(holder.certificate)
    found = hashlib.new(how.digest, data).digest()
    rows: Rows | None = None
    if how.attributes is not None:
        first = [row("content_type", "data"), row("message_digest", found), reference(leaf)]
        rows = how.attributes(first)
    told = cms.CMSAttributes(rows) if rows is not None else None
    signed = data if told is None else told.dump()
    algorithm, signature = _signature((how.signed_by or holder), signed, how)
    info: dict[str, object] = {
        "version": "v1",
        "sid": cms.IssuerAndSerialNumber(
            {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
        ),
        "digest_algorithm": {"algorithm": how.digest},
        "signature_algorithm": algorithm,
        "signature": signature,
    }
    if told is not None:
        info["signed_attrs"] = told
    if how.stamp is not None:
        token = cms.ContentInfo.load(how.stamp(signature))
        info["unsigned_attrs"] = cms.CMSAttributes([row("signature_time_stamp_token", token)])
    beside = (town()[0].intermediate.certificate,) if how.carried is None else how.carried
    certificates = sorted(
        one.public_bytes(Encoding.DER) for one in (*beside, *([holder.certificate] * how.own))
    )
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": how.digest}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [asn1_x509.Certificate.load(one) for one in certificates],
            "signer_infos": [info],
        }
    )
    how.changed(content)
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())


def _signature(holder: Holder, data: bytes, how: Cms) -> tuple[algos.SignedDigestAlgorithm, bytes]:
    digest = _HASHES[how.digest]()
    if isinstance(holder.key, ec.EllipticCurvePrivateKey):
        algorithm = algos.SignedDigestAlgorithm({"algorithm": f"{how.digest}_ecdsa"})
        return algorithm, holder.key.sign(data, ec.ECDSA(digest))
    assert isinstance(holder.key, rsa.RSAPrivateKey)
    if how.salt is None:
        algorithm = algos.SignedDigestAlgorithm({"algorithm": f"{how.digest}_rsa"})
        return algorithm, holder.key.sign(data, padding.PKCS1v15(), digest)
    hashed = algos.DigestAlgorithm({"algorithm": how.digest})
    told = {
        "hash_algorithm": hashed,
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": hashed},
        "salt_length": how.salt,
    }
    named = {"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(told)}
    pss = padding.PSS(padding.MGF1(digest), how.salt)
    return algos.SignedDigestAlgorithm(named), holder.key.sign(data, pss, digest)


def signed_file(
    make: Callable[[bytes], bytes],
    objects: Mapping[int, bytes] | None = None,
    entries: bytes = b"/Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached",
) -> bytes:
    """Sign the letter by hand: `make` gives the CMS of the bytes that are covered."""
    plain = whole({**OBJECTS, **(objects or {})})
    page = OBJECTS[3].replace(b"<<", b"<</Annots[%d 0 R]" % _FIELD, 1)
    field = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Cachet)/F 132/P 3 0 R/Rect[0 0 0 0]/V %d 0 R>>"
    holes = b"/Contents <%b>/ByteRange[%b]" % (b"0" * 2 * ROOM, b" " * 40)
    pdf = revised(
        plain,
        {
            1: b"<</Type/Catalog/Pages 2 0 R/AcroForm %d 0 R>>" % _FORM,
            3: page,
            _FORM: b"<</Fields[%d 0 R]/SigFlags 3>>" % _FIELD,
            _FIELD: field % _SEAL,
            _SEAL: b"<<%b/M(D:20261121100000Z)%b>>" % (entries, holes),
        },
    )
    start = pdf.rindex(b"/Contents <") + len(b"/Contents ")
    end = pdf.index(b">", start) + 1
    told = b"0 %d %d %d" % (start, end, len(pdf) - end)
    pdf = re.sub(rb"/ByteRange\[ {40}\]", b"/ByteRange[%b]" % told.ljust(40), pdf)
    content = make(pdf[:start] + pdf[end:]).hex().upper().encode()
    assert len(content) <= 2 * ROOM
    return pdf[:start] + b"<" + content.ljust(2 * ROOM, b"0") + b">" + pdf[end:]


def signed_by(holder: Holder | None = None, how: Cms = HONEST, **more: bytes) -> bytes:
    """Sign the letter with somebody's key; the town's own unless told otherwise."""
    own = holder or town()[0].seals["seal-p256"]
    return signed_file(lambda data: cms_of(data, own, how), **more)  # type: ignore[arg-type]


def integer(value: int) -> core.Integer:
    """Give a number in the other library's form."""
    return core.Integer(value)
