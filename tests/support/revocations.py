"""A list of revocations of the town's seals."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from support.sealers import town


def revocations(revoked, issued, due):
    """Sign a list of the seals' authority."""
    issuer = town()[0].intermediate
    builder = x509.CertificateRevocationListBuilder(issuer.certificate.subject, issued, due)
    for certificate in revoked:
        row = x509.RevokedCertificateBuilder(certificate.serial_number, issued)
        builder = builder.add_revoked_certificate(row.build())
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    builder = builder.add_extension(x509.CRLNumber(2), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())
