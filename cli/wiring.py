"""From settings to parts: database, store, the installation's keys.

Rules kept here:

- one data folder, private to its owner, holds database, objects and keys unless settings say
  otherwise;
- the installation's secret (tickets, counters, answers about unknown logins) and the key that
  signs receipts are made once, written whole or not at all, and never replaced;
- production serves under an https address alone.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from cli.files import FileExistsAlreadyError, writing
from consent.web.public import Broker
from storage.blobs.folder import FolderStore
from storage.blobs.port import TicketSigner
from storage.database import open_engine
from storage.errors import ConfigurationError, ProductionRefusesError
from storage.settings import Mode, Settings
from vault.format.signed_message import MessageSigner, PublicKey
from vault.service import accounts
from vault.service.uploads import Limits
from vault.web.security import OBJECTS
from vault.web.session import Site
from vault.web.shell import Town
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Limits as TrustLimits
from verifier.trust.trust_list import Mode as TrustMode
from verifier.trust.trust_list import TrustList

_PRIVATE: Final = 0o600
_COORDINATE: Final = 32
_SECRET: Final = 32


class InstallationKeyError(ConfigurationError):
    """A key of the installation cannot be read. Details: `path`."""

    code: ClassVar[str] = "configuration.installation-key"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process of the server works with; `config` is the file that it was told to read."""

    settings: Settings
    site: Site
    broker: Broker
    trust: TrustList
    town: Town
    config: Path | None = None


def assemble(settings: Settings, address: str) -> Parts:
    """Open what the settings name; `address` is the site's own, used when they name none.

    Raises ConfigurationError's children, BlobUnavailableError.
    """
    address = settings.site or address
    if settings.mode is Mode.PRODUCTION and not address.startswith("https://"):
        raise ProductionRefusesError(f"got {address}, expected https", what=address)
    data = settings.data
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = installation_secret(data / "keys")
    tickets = TicketSigner(secret, OBJECTS.rstrip("/"))
    site = Site(
        engine=open_engine(settings.database_url),
        store=FolderStore(data / "blobs", tickets),
        tickets=tickets,
        secret=secret,
        signer=receipt_signer(data / "keys"),
        address=address,
        limits=Limits(),
        clock=lambda: datetime.now(UTC),
    )
    broker = Broker(register_signer(data / "keys").key, https_name(address), accounts.find)
    return Parts(settings, site, broker, trust_lists(settings), town(settings))


def trust_lists(settings: Settings) -> TrustList:
    """Read whom the settings believe; without any folder nobody is.

    Raises TrustFolderError, UnsafeTrustInProductionError.
    """
    mode = TrustMode(settings.mode.value)
    limits = TrustLimits.of_days(settings.directory_days, settings.crl_grace_days)
    folders = settings.trust_folders
    return read_trust(folders, mode, limits) if folders else TrustList(mode, ())


def town(settings: Settings) -> Town:
    """Give the town's name and colours; raise TownColourError."""
    given = settings.town.model_dump(exclude_none=True)
    return Town(**given)


def https_name(address: str) -> str:
    """Give the name that signed messages have for a site: `https`, on whatever it is served."""
    return f"https://{address.partition('://')[2]}"


def installation_secret(folder: Path) -> bytes:
    """Read the installation's secret, made at the first start; raise InstallationKeyError."""
    path = folder / "installation.secret"
    secret = _kept(path, secrets.token_bytes(_SECRET))
    if len(secret) != _SECRET:
        raise InstallationKeyError(f"got a secret of {len(secret)} bytes", path=str(path))
    return secret


def receipt_signer(folder: Path) -> MessageSigner:
    """Read the P-256 key of receipts, made at the first start; raise InstallationKeyError."""
    return _signer(folder / "receipts.key.pem")


def register_signer(folder: Path) -> MessageSigner:
    """Read the P-256 key of the register, made at the first start; raise InstallationKeyError."""
    return _signer(folder / "register.key.pem")


def _signer(path: Path) -> MessageSigner:
    new = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        key = serialization.load_pem_private_key(_kept(path, new), None)
    except (ValueError, TypeError) as error:
        raise InstallationKeyError("got no private key in PEM", path=str(path)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise InstallationKeyError("got a key that is not P-256", path=str(path))
    numbers = key.public_key().public_numbers()
    public = PublicKey(*(each.to_bytes(_COORDINATE, "big") for each in (numbers.x, numbers.y)))

    def sign(data: bytes) -> bytes:
        halves = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return b"".join(half.to_bytes(_COORDINATE, "big") for half in halves)

    return MessageSigner(public, sign)


def _kept(path: Path, new: bytes) -> bytes:
    """Give what a file holds; when there is none, write `new` for good."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        try:
            with writing(path, mode=_PRIVATE) as file:
                file.write(new)
        except FileExistsAlreadyError:
            pass  # another process of ours was first: its key is the installation's
    if path.stat().st_mode & 0o077:
        raise InstallationKeyError("got a key that others may read", path=str(path))
    return path.read_bytes()
