"""Of which certificates a list of revocations speaks (RFC 5280 section 5.2).

Rules kept here:

- a difference to another list, a list of some reasons, of another authority's certificates or of
  attribute certificates alone is never whole; nor is one with a critical part that we do not know;
- a list of authorities says nothing of other certificates, nor the other way round;
- a list of one distribution point speaks of the certificates that name this point.

What cannot be read covers nothing.
"""

from cryptography import x509


def covers(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Tell whether the silence of a list means that the certificate is not revoked."""
    try:
        return all(_lets(extension, certificate) for extension in crl.extensions)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def _lets(extension: x509.Extension[x509.ExtensionType], certificate: x509.Certificate) -> bool:
    scope = extension.value
    if isinstance(scope, x509.IssuingDistributionPoint):
        partial = scope.indirect_crl or scope.only_some_reasons or scope.relative_name
        if partial or scope.only_contains_attribute_certs:
            return False
        other = (
            scope.only_contains_user_certs
            if _is_authority(certificate)
            else scope.only_contains_ca_certs
        )
        return not other and _names_point(scope, certificate)
    return not (isinstance(scope, x509.DeltaCRLIndicator) or extension.critical)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _names_point(scope: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    here = set(scope.full_name or ())
    if not here:
        return True
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return False
    return any(here & set(point.full_name or ()) for point in points)
