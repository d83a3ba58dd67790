"""A certificate as it comes from others: one that a later library would refuse is refused now."""

from functools import lru_cache

from cryptography import x509

from sealing.der import INTEGER, SEQUENCE, DerError, one, values


@lru_cache(maxsize=64)
def load_certificate(encoded: bytes) -> x509.Certificate:
    """Load a certificate (DER); one whose number is not positive (RFC 5280, 4.1.2.2) is none.

    Raises ValueError.
    """
    inside = values(values(one(encoded).of(SEQUENCE).content)[0].of(SEQUENCE).content)
    number = next((part for part in inside if part.tag == INTEGER), None)
    if number is None or int.from_bytes(number.content, "big", signed=True) <= 0:
        raise DerError("got a serial number that is not positive")
    return x509.load_der_x509_certificate(encoded)
