"""A time-stamp authority in this very process: for demonstrations and tests, never production.

Rules kept here:

- it answers questions of RFC 3161 with real tokens, signed by whoever holds the key (the signer
  whose use is `time-stamp`, under `url = "demo:"`); its word is worth what that key is: nothing;
- what it cannot read it refuses as an authority would, with a status;
- it has one policy, and puts its certificate and the chain above into each token.

Who opens it asks the settings first: production refuses (`sealing.service.levels`).
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from sealing.authorities.signed_data import (
    CONTENT_TYPE,
    DIGESTS,
    ECDSA_WITH,
    MESSAGE_DIGEST,
    RSA_WITH,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
)
from sealing.authorities.token import TST_INFO
from sealing.der import (
    CONTEXT_0,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    der,
    integer,
    oid,
    one,
    values,
)

# Under the arc that RFC 5612 keeps for examples.
POLICY: Final = oid("1.3.6.1.4.1.32473.1.3161")
_GENERALIZED_TIME: Final = 0x18
# PKIFailureInfo: badAlg, badDataFormat, unacceptedPolicy (RFC 3161 section 2.4.2).
_BAD_ALGORITHM, _BAD_FORMAT, _BAD_POLICY = 0, 5, 15


@dataclass(frozen=True, slots=True)
class DemoAuthority:
    """A certificate with the chain above, who signs digests for it, and a clock.

    `sign` gets a digest by `algorithm`, and gives raw r and s for elliptic curves.
    """

    chain: Sequence[x509.Certificate]
    sign: Callable[[bytes], bytes]
    algorithm: str
    clock: Callable[[], datetime]

    @property
    def name(self) -> str:
        """Give its name, which is its address in the settings."""
        return "demo:"

    def answer(self, question: bytes) -> bytes:
        """Give the TimeStampResp (DER) to a TimeStampReq."""
        try:
            _, imprint, *rest = values(one(question).of(SEQUENCE).content)
            kind, digest = values(imprint.of(SEQUENCE).content)
            algorithm = values(kind.of(SEQUENCE).content)[0].encoded
            size = len(digest.of(OCTET_STRING).content)
        except (ValueError, LookupError):
            return _refusal(_BAD_FORMAT)
        sizes = {one.oid: one.algorithm.digest_size for one in DIGESTS.values()}
        if sizes.get(algorithm) != size:
            return _refusal(_BAD_ALGORITHM)
        if any(value.tag == OID and value.encoded != POLICY for value in rest):
            return _refusal(_BAD_POLICY)
        nonce = b"".join(value.encoded for value in rest if value.tag == INTEGER)
        granted = der(SEQUENCE, integer(0))
        return der(SEQUENCE, granted, self._token(self._info(imprint.encoded, nonce)))

    def close(self) -> None:
        """End nothing: nothing is open."""

    def _info(self, imprint: bytes, nonce: bytes) -> bytes:
        hour = self.clock().astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()
        serial = integer(secrets.randbits(63))
        time = der(_GENERALIZED_TIME, hour)
        return der(SEQUENCE, integer(1), POLICY, imprint, serial, time, nonce)

    def _token(self, info: bytes) -> bytes:
        certificates = sorted(one.public_bytes(Encoding.DER) for one in self.chain)
        content = der(SEQUENCE, TST_INFO, der(CONTEXT_0, der(OCTET_STRING, info)))
        signed = der(
            SEQUENCE,
            integer(3),
            der(SET, self._digest_algorithm),
            content,
            der(CONTEXT_0, *certificates),
            der(SET, self._signer(info)),
        )
        return der(SEQUENCE, SIGNED_DATA, der(CONTEXT_0, signed))

    def _signer(self, info: bytes) -> bytes:
        leaf = self.chain[0]
        certificate = hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest()
        digest = hashlib.new(self.algorithm, info).digest()
        named = der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, der(OCTET_STRING, certificate))))
        rows = sorted(
            [
                _attribute(CONTENT_TYPE, TST_INFO),
                _attribute(MESSAGE_DIGEST, der(OCTET_STRING, digest)),
                _attribute(SIGNING_CERTIFICATE_V2, named),
            ]
        )
        schemes = ECDSA_WITH if self._half else RSA_WITH
        return der(
            SEQUENCE,
            integer(1),
            der(SEQUENCE, leaf.issuer.public_bytes(), integer(leaf.serial_number)),
            self._digest_algorithm,
            der(CONTEXT_0, *rows),
            der(SEQUENCE, schemes[self.algorithm], b"" if self._half else NULL),
            der(OCTET_STRING, self._signed(der(SET, *rows))),
        )

    def _signed(self, data: bytes) -> bytes:
        signature = self.sign(hashlib.new(self.algorithm, data).digest())
        if not self._half:
            return signature
        r, s = signature[: self._half], signature[self._half :]
        return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))

    @property
    def _half(self) -> int:
        """Count the bytes of r, or of s; zero for RSA."""
        key = self.chain[0].public_key()
        return (key.key_size + 7) // 8 if isinstance(key, ec.EllipticCurvePublicKey) else 0

    @property
    def _digest_algorithm(self) -> bytes:
        return der(SEQUENCE, DIGESTS[self.algorithm].oid, NULL)


def _attribute(kind: bytes, value: bytes) -> bytes:
    return der(SEQUENCE, kind, der(SET, value))


def _refusal(failure: int) -> bytes:
    """Give an answer that says no: status 2, and one bit that says why."""
    bits = bytearray(failure // 8 + 1)
    bits[-1] = 0x80 >> failure % 8
    unused = bytes((7 - failure % 8,))
    return der(SEQUENCE, der(SEQUENCE, integer(2), der(0x03, unused, bytes(bits))))
