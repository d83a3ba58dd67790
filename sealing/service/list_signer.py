"""Who may sign lists of letters taken back, and for which seals such lists speak.

Rules kept here (`verifier/DESIGN.md`, "Letters taken back"):

- its key is on P-256, made for these lists and for nothing else: whoever publishes cannot seal;
- lists speak for seals of the same organisation (name and number) and authority (name and key).
"""

from collections.abc import Sequence
from contextlib import suppress

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sealing.proofs.status_list import PURPOSE
from sealing.signers.keyfile import identity_from
from sealing.signers.port import SEAL, CertificateUseError, KeyNotAllowedError, Signer, SignerError
from sealing.signers.registry import serving
from storage.settings import Settings


def require_list_signer(signer: Signer) -> None:
    """Raise KeyNotAllowedError or CertificateUseError for one that must sign no list."""
    leaf = signer.chain[0]
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise KeyNotAllowedError("got a key that is not on P-256", name=signer.name)
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise CertificateUseError("got no purpose", name=signer.name) from error
    if usage.content_commitment or purposes != [PURPOSE]:
        raise CertificateUseError("got a certificate for something else", name=signer.name)


def unspoken(settings: Settings, chain: Sequence[x509.Certificate]) -> list[str]:
    """Name the seals of the settings for which lists signed under this chain do not speak.

    A seal whose certificate cannot be read here (a PKCS#12 file) is not named.
    """
    found = []
    for name in serving(settings, SEAL, every=True):
        with suppress(SignerError, OSError):
            if not _speaks(chain, identity_from(name, settings.signers[name]).chain):
                found.append(name)
    return found


def _speaks(chain: Sequence[x509.Certificate], seal: Sequence[x509.Certificate]) -> bool:
    if _named(chain[0]) != _named(seal[0]):
        return False
    # Each chain says the authority's key, where it is complete.
    keys = [above.public_key() for above in (*chain[1:2], *seal[1:2])]
    return all(key == keys[0] for key in keys)


def _named(leaf: x509.Certificate) -> tuple[object, ...]:
    kinds = NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATION_IDENTIFIER
    told = ([one.value for one in leaf.subject.get_attributes_for_oid(kind)] for kind in kinds)
    return leaf.issuer.public_bytes(), *told
