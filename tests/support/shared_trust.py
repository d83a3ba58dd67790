"""Trust lists of the shared certificates: published authorities and those of the specification."""

from cryptography import x509
from support.shared import shared
from support.twoddoc_pki import NOW

from verifier.trust.trust_list import ListName, Mode, NotRevoked, TrustList, TrustListInfo


class NothingRevoked:
    """Revocation answers beside the lists: the tests' statement that nothing is revoked.

    The shared certificates are real and their lists are not ours to have; this is the product's
    own port for answers kept from elsewhere, not a way round the rule.
    """

    def state(self, certificate, issuer, now):
        """Answer as an authority would that never revoked anything."""
        del certificate, issuer
        return NotRevoked(now)


def shared_trust(mode: Mode) -> TrustList:
    """Give lists of all shared certificates."""
    authorities: dict[str, tuple[x509.Certificate, ...]] = {}
    leaves: dict[tuple[str, str], tuple[x509.Certificate, ...]] = {}
    for path in sorted(shared("data/twoddoc/certs").glob("*.pem")):
        parts = path.stem.split("_")
        if path.name.endswith(".key.pem"):
            continue
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        if len(parts) == 1:
            authorities[parts[0]] = (certificate,)
        else:
            leaves[parts[0], parts[1]] = (certificate,)
    return TrustList(
        mode=mode,
        lists=(TrustListInfo(ListName.TWODDOC, NOW),),
        twoddoc_authorities=authorities,
        twoddoc_leaves=leaves,
        revocations=NothingRevoked(),
    )
