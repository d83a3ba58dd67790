"""Certificates that an authority signed and that no library takes apart."""

from collections.abc import Callable

from asn1crypto import x509 as asn1_x509
from asn1crypto.core import ParsableOctetString
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from support.twoddoc_pki import Authority, Leaf

Damage = Callable[[bytes], bytes]
"""Changes the part of a certificate that its authority signs."""


def key_usage_twice(tbs: bytes) -> bytes:
    """Say the key usage a second time."""
    item = asn1_x509.TbsCertificate.load(tbs)
    item["extensions"].append(item["extensions"][0].copy())
    return bytes(item.dump(force=True))


def key_usage_garbled(tbs: bytes) -> bytes:
    """Make no bit string of the key usage."""
    return _replaced(tbs, "0404030207", "0404050207")


def strange_name(tbs: bytes) -> bytes:
    """Add another name of a kind that is not read (x400Address)."""
    item = asn1_x509.TbsCertificate.load(tbs)
    value = ParsableOctetString(bytes.fromhex("3004a3023000"))
    item["extensions"].append({"extn_id": "2.5.29.17", "extn_value": value})
    return bytes(item.dump(force=True))


def name_garbled(tbs: bytes) -> bytes:
    """Put a byte of no character in the holder's name."""
    return tbs.replace(b"Ville TOWN", b"Vill\xff TOWN")


def strange_curve(tbs: bytes) -> bytes:
    """Name a curve that does not exist, in the place of P-256."""
    return _replaced(tbs, "06082a8648ce3d030107", "06082a8648ce3d030163")


def off_the_curve(tbs: bytes) -> bytes:
    """Give a key that is no point of its curve."""
    point = tbs.index(bytes.fromhex("06082a8648ce3d03010703420004")) + 14
    return tbs[:point] + bytes(64) + tbs[point + 64 :]


def damaged(leaf: Leaf, authority: Authority, damage: Damage) -> Leaf:
    """Give the leaf with a certificate that was damaged before its authority signed it."""
    content = damage(leaf.certificate.tbs_certificate_bytes)
    whole = asn1_x509.Certificate.load(leaf.certificate.public_bytes(Encoding.DER)).copy()
    signature = authority.key.sign(content, ec.ECDSA(hashes.SHA256()))
    rest = whole["signature_algorithm"].dump(), bytes([3, len(signature) + 1, 0]) + signature
    body = content + b"".join(rest)
    certificate = x509.load_der_x509_certificate(b"\x30\x82" + len(body).to_bytes(2, "big") + body)
    return Leaf(leaf.ca_id, leaf.name, leaf.key, certificate)


def _replaced(tbs: bytes, old: str, new: str) -> bytes:
    assert tbs.count(bytes.fromhex(old)) == 1
    return tbs.replace(bytes.fromhex(old), bytes.fromhex(new))
