"""From a name in the settings to a signer that may be used now.

Rules kept here:

- without a name, the first signer with the wanted use serves;
- a key file is refused in production mode;
- one 2D-Doc signer signs one document type: a signer named for another use is refused;
- a town code wants a seal on P-256: without a name, the first such seal serves.
"""

from contextlib import suppress
from datetime import datetime
from typing import ClassVar

from sealing.signers.keyfile import KeyFileSigner
from sealing.signers.port import SEAL, CertificateUseError, Signer, SignerError
from sealing.towncode.signature import KeyNotAllowedError, require_allowed
from storage.settings import Settings

_PKCS11 = "pkcs11:"


class UnknownSignerError(SignerError):
    """No signer bears this name, or none has this use. Details: `name`."""

    code: ClassVar[str] = "sealing.signer-unknown"


class TokenNotSupportedError(SignerError):
    """Keys on a token are not supported by this version. Details: `name`."""

    code: ClassVar[str] = "sealing.signer-token"


def signer(settings: Settings, use: str, now: datetime, name: str | None = None) -> Signer:
    """Open the signer for a use; raise a SignerError, ProductionRefusesError or OSError."""
    if name is None:
        name = next((key for key, row in settings.signers.items() if row.use == use), None)
    if name is None or name not in settings.signers:
        raise UnknownSignerError(f"got no signer for {use}", name=name or use)
    row = settings.signers[name]
    if row.use != use:
        raise CertificateUseError(f"got a signer for {row.use}, expected {use}", name=name)
    if row.key.startswith(_PKCS11):
        raise TokenNotSupportedError("got a PKCS#11 URI", name=name)
    settings.refuse_in_production(f"signers.{name}.key")
    return KeyFileSigner.load(name, row, now)


def town_signer(settings: Settings, now: datetime, name: str | None = None) -> Signer:
    """Open the seal that signs town codes; raise as `signer` does, or KeyNotAllowedError.

    Without a name: the first seal whose key is on P-256.
    """
    names = [key for key, row in settings.signers.items() if row.use == SEAL]
    for candidate in [name] if name is not None or not names else names:
        found = signer(settings, SEAL, now, candidate)
        with suppress(KeyNotAllowedError):
            require_allowed(found.chain[0].public_key())
            return found
    raise KeyNotAllowedError("got no seal on P-256")
