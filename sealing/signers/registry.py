"""From a name in the settings to a signer that may be used now.

Rules kept here:

- without a name, the first signer with the wanted use serves;
- a key is in a file, which production mode refuses, or on a token (`pkcs11:…`);
- production refuses the demonstration's certificates too, whatever holds their keys, before a token
  is asked;
- one 2D-Doc signer signs one document type: a signer named for another use is refused;
- a town code wants a seal on P-256: without a name, the first such seal serves.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import ClassVar

from sealing.signers.keyfile import KeyFileSigner, identity_from
from sealing.signers.port import SEAL, TWODDOC, CertificateUseError, Signer, SignerError
from sealing.signers.token_access import Access, on_token, refuse_shared
from sealing.signers.token_libraries import pin_wanted
from sealing.signers.token_signer import TokenSigner
from sealing.towncode.signature import KeyNotAllowedError, require_allowed
from storage.settings import Mode, Settings, SignerSettings


class UnknownSignerError(SignerError):
    """No signer bears this name, or none has this use. Details: `name`."""

    code: ClassVar[str] = "sealing.signer-unknown"


def signer(settings: Settings, use: str, now: datetime, name: str | None = None) -> Signer:
    """Open the signer for a use; raise a SignerError, ConfigurationError or OSError."""
    if name is None:
        name = next(iter(serving(settings, use)), None)
    if name is None or name not in settings.signers:
        raise UnknownSignerError(f"got no signer for {use}", name=name or use)
    row = settings.signers[name]
    if row.use != use:
        raise CertificateUseError(f"got a signer for {row.use}, expected {use}", name=name)
    if on_token(row):
        _refuse_demonstration(name, settings)
        return TokenSigner.load(name, settings, now)
    settings.refuse_in_production(f"signers.{name}.key")
    return KeyFileSigner.load(name, row, now)


def limited(settings: Settings, names: Collection[str]) -> Settings:
    """Give settings with no other seals and signers of 2D-Doc than these, in this order.

    So the first of them with a use serves where nobody is named. All where `names` is empty.
    """
    if not names:
        return settings
    rows = settings.signers
    named = {name: rows[name] for name in names if name in rows}
    others = {name: row for name, row in rows.items() if not signs_for_services(row)}
    return settings.model_copy(update={"signers": {**named, **others}})


def signs_for_services(row: SignerSettings) -> bool:
    """Tell whether a signer makes what applications ask for: seals or 2D-Doc."""
    return row.use == SEAL or row.use.startswith(TWODDOC)


def serving(
    settings: Settings, use: str, name: str | None = None, *, every: bool = False
) -> list[str]:
    """Name the signer that `signer` opens for a use, or `every` one that may; opens nothing."""
    rows = settings.signers.items()
    found = [key for key, row in rows if row.use == use and name in {None, key}]
    return found if every else found[:1]


def waiting_for_pin(settings: Settings, names: Iterable[str]) -> str | None:
    """Give what the token is called that waits for a PIN before one of these signers can sign.

    None: nothing is missing. Raises a SignerError (`token_errors`), ProductionRefusesError,
    MissingExtraError or OSError.
    """
    for name in names:
        if on_token(settings.signers[name]):
            _refuse_demonstration(name, settings)
            token = pin_wanted(Access.of(name, settings))
            if token is not None:
                refuse_shared(settings)
                return token
    return None


def _refuse_demonstration(name: str, settings: Settings) -> None:
    row = settings.signers[name]
    if settings.mode is Mode.PRODUCTION and identity_from(name, row).is_demonstration:
        settings.refuse_in_production(f"signers.{name}.certificate")


def most_workers(settings: Settings, seals: Iterable[str]) -> int | None:
    """Give how many processes may seal at once, by these seals; None where no token limits it.

    The lines of a mailing may want any 2D-Doc: one of them on a token is enough.
    """
    codes = [name for name, row in settings.signers.items() if row.use.startswith(TWODDOC)]
    tokens = any(on_token(settings.signers[name]) for name in [*seals, *codes])
    return settings.token.sessions if tokens else None


def town_signer(settings: Settings, now: datetime, name: str | None = None) -> Signer:
    """Open the seal that signs town codes; raise as `signer` does, or KeyNotAllowedError.

    Without a name: the first seal whose key is on P-256.
    """
    names = serving(settings, SEAL, every=True)
    for candidate in [name] if name is not None or not names else names:
        found = signer(settings, SEAL, now, candidate)
        with suppress(KeyNotAllowedError):
            require_allowed(found.chain[0].public_key())
            return found
    raise KeyNotAllowedError("got no seal on P-256")
