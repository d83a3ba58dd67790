"""The settings, read once at the start of a process.

Rules kept here:

- this is the only reader of `COFFRE_*` variables, of their `*_FILE` twins and of `coffre.toml`;
- order: option > `COFFRE_*` > the file named by `--config`, else `./coffre.toml` > the user's file
  (XDG) > default;
- an unknown key of a file stops the start; an unknown `COFFRE_*` variable is only reported;
- paths in a file are relative to that file; a secret comes from the environment or a file, never
  from an option;
- production refuses what belongs to tests (`Settings.refuse_in_production`).
"""

import os
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from storage.errors import (
    MissingValueError,
    ProductionRefusesError,
    UnknownSettingError,
    UnreadableSettingsError,
    WrongValueError,
)

PREFIX = "COFFRE_"
_FILE = "_FILE"
_TABLES = {"sealing", "signers", "status", "token", "tsa", "town", "verifications"}
_SECRETS = {"passphrase", "pin"}
_PATHS = {"trust", "tsl_roots", "lotl_signers"}
_HOSTS = {"tsl_hosts", "revocation_hosts", "status_lists", "lotl_countries"}
_LISTS = r"^https?://[^\s?#@]*[^\s?#@/]$"
_USES = r"^(seal|attestation|status|time-stamp|twoddoc:[0-9A-Z]{2})$"
_TSA = r"^(demo:|https?://[^\s@]+)$"


class Mode(StrEnum):
    """What the installation is for; the same words as in a trust manifest."""

    TEST = "test"
    PRODUCTION = "production"


class _Table(BaseModel):
    """A table of the settings: frozen, and nothing in it that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SignerSettings(_Table):
    """One named signer: who holds the key, which certificate goes with it, what it may sign.

    `use` is `seal`, `twoddoc:TYPE`, `attestation`, `status` (the lists of letters taken back), or
    `time-stamp` (the authority `demo:`); `key` is the path of a PEM or PKCS#12 file, or a PKCS#11
    URI; `passphrase_file` opens such a file; `certificate` may be the same PKCS#12 file. Paths are
    absolute once read.
    """

    certificate: Path
    chain: tuple[Path, ...] = ()
    key: str
    passphrase_file: Path | None = None
    use: Annotated[str, Field(pattern=_USES)]


class TokenSettings(_Table):
    """Tokens that hold keys: how many sessions with each may be open at once on this machine."""

    sessions: Annotated[int, Field(ge=1, le=1024)] = 4


class TsaSettings(_Table):
    """The time-stamp authority and its spare; `demo:` is one in the same process, for tests.

    `policy` is the only one taken (dotted number); `in_flight`, the questions that each process
    asks at once.
    """

    url: Annotated[str, Field(pattern=_TSA)] | None = None
    spare: Annotated[str, Field(pattern=_TSA)] | None = None
    policy: Annotated[str, Field(pattern=r"^[0-2](\.[0-9]+)+$")] | None = None
    in_flight: Annotated[int, Field(ge=1, le=256)] = 64


class StatusSettings(_Table):
    """Where the lists of letters taken back are published; without it no letter gets a slot."""

    address: Annotated[str, Field(pattern=_LISTS, max_length=200)] | None = None


class TownSettings(_Table):
    """Whose site this is: its name, and two colours `#rrggbb` that must be readable."""

    name: Annotated[str, Field(min_length=1, max_length=60)] = "Coffre"
    band: str | None = None
    accent: str | None = None


class SealingSettings(_Table):
    """Letters sealed by the API: how long they are kept, settled and once collected.

    `mailing_mib`: how much one mailing may weigh.
    """

    keep_days: Annotated[int, Field(ge=1, le=30)] = 7
    collected_hours: Annotated[int, Field(ge=0, le=720)] = 24
    mailing_mib: Annotated[int, Field(ge=1, le=1 << 20)] = 2_048


class VerificationSettings(_Table):
    """The API that verifies files: `at_once` judged together, `per_minute` for one address."""

    open: bool = False
    at_once: Annotated[int, Field(ge=1, le=64)] = 2
    per_minute: Annotated[int, Field(ge=1, le=10_000)] = 30


class Settings(BaseModel):
    """Every setting of an installation or of a client, frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Mode.TEST
    lang: str | None = None
    data: Path = Field(default_factory=lambda: user_data() / "coffre")
    home: Path = Field(default_factory=lambda: user_data() / "coffre" / "client")
    trust: tuple[Path, ...] = ()
    tsl: Annotated[str, Field(pattern=r"^https?://[^\s@]+$")] | None = None
    tsl_roots: tuple[Path, ...] = ()
    tsl_signer: str | None = None
    tsl_hosts: tuple[str, ...] = ()
    lotl: Annotated[str, Field(pattern=r"^https?://[^\s@]+$")] | None = None
    lotl_signers: tuple[Path, ...] = ()
    lotl_countries: tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...] = ("FR",)
    revocation_hosts: tuple[str, ...] = ()
    status_lists: tuple[Annotated[str, Field(pattern=_LISTS)], ...] = ()
    directory_days: Annotated[int, Field(ge=1, le=3650)] = 30
    crl_grace_days: Annotated[int, Field(ge=0, le=365)] = 7
    server: str | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    site: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$")] | None = None
    proxies: str | None = None
    database: str | None = None
    unlock_minutes: Annotated[int, Field(ge=1, le=720)] = 15
    passphrase: SecretStr | None = None
    pin: SecretStr | None = None
    strict_c40: bool = False
    signers: dict[str, SignerSettings] = {}
    status: StatusSettings = StatusSettings()
    token: TokenSettings = TokenSettings()
    tsa: TsaSettings = TsaSettings()
    town: TownSettings = TownSettings()
    sealing: SealingSettings = SealingSettings()
    verifications: VerificationSettings = VerificationSettings()

    @classmethod
    def load(cls, config: Path | None = None, **options: object) -> Self:
        """Read everything; options that are None are left to the other sources.

        Raises UnreadableSettingsError when a file cannot be read, UnknownSettingError when it holds
        a key that nobody reads, WrongValueError when a value has the wrong form, MissingValueError
        when it is needed and absent.
        """
        values: dict[str, Any] = {}
        for path in _files(config):
            values |= _from_file(path, set(cls.model_fields))
        values |= _from_environment(os.environ, set(cls.model_fields) - _TABLES)
        values |= {name: value for name, value in options.items() if value is not None}
        try:
            return cls(**values)
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False)[0]
            key = ".".join(str(part) for part in wrong["loc"])
            kind = MissingValueError if wrong["type"] == "missing" else WrongValueError
            raise kind(f"got a wrong {key}: {wrong['msg']}", key=key) from None

    @property
    def database_url(self) -> str:
        """Give the address of the database: the setting's, else SQLite in the data folder."""
        return self.database or f"sqlite:///{self.data.absolute() / 'coffre.sqlite'}"

    @property
    def kept_trust(self) -> Path:
        """Give the trust folder that `coffre trust` keeps."""
        return self.data / "trust"

    @property
    def published(self) -> Path:
        """Give the folder of the lists of letters taken back, as `coffre serve` gives them."""
        return self.data / "status"

    @property
    def trust_folders(self) -> tuple[Path, ...]:
        """List the trust folders to believe: those named, and the one kept, once it is there."""
        return (*self.trust, *([self.kept_trust] if self.kept_trust.exists() else []))

    def refuse_in_production(self, what: str) -> None:
        """Raise ProductionRefusesError in production mode."""
        if self.mode is Mode.PRODUCTION:
            raise ProductionRefusesError(f"got {what} in production mode", what=what)


def user_data() -> Path:
    """Give the user's data folder (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def user_runtime() -> Path | None:
    """Give the user's runtime folder (the same): memory, emptied when the user's session ends."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    return Path(named) if named else None


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """List the `COFFRE_*` variables that no setting reads, sorted."""
    known = set(Settings.model_fields) - _TABLES
    names = {PREFIX + name.upper() for name in known}
    names |= {PREFIX + name.upper() + _FILE for name in _SECRETS}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in names)


def _files(config: Path | None) -> list[Path]:
    """List the files to read, the weakest first; a file that was asked for must exist."""
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    near = config or Path("coffre.toml")
    found = [path for path in (user / "coffre" / "coffre.toml", near) if path.is_file()]
    if config is not None and config not in found:
        raise UnreadableSettingsError(f"got no file at {config}", path=str(config), key="")
    return found


def _from_file(path: Path, known: set[str]) -> dict[str, Any]:
    """Read one TOML file; its paths become absolute."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableSettingsError(f"got {error}", path=str(path), key="") from error
    if unknown := sorted(set(values) - known):
        raise UnknownSettingError(f"got {unknown} in {path}", path=str(path), key=unknown[0])
    for secret in sorted(_SECRETS & set(values)):
        raise UnknownSettingError(f"got a {secret} in a file", path=str(path), key=secret)
    folder = path.absolute().parent
    for name in {"data", "home"} & set(values):
        values[name] = folder / str(values[name])
    for name in _PATHS & set(values):
        values[name] = [folder / str(item) for item in values[name]]
    signers = values.get("signers", {})
    if isinstance(signers, dict):
        values["signers"] = {name: _rooted(row, folder) for name, row in signers.items()}
    return values


def _rooted(row: object, folder: Path) -> object:
    """Make the paths of a signer absolute; what is not a table is left to the model to refuse."""
    if not isinstance(row, dict):
        return row
    rooted = dict(row)
    for name in ("certificate", "passphrase_file"):
        if isinstance(row.get(name), str):
            rooted[name] = folder / row[name]
    if isinstance(row.get("chain"), list):
        rooted["chain"] = [folder / str(item) for item in row["chain"]]
    key = row.get("key")
    if isinstance(key, str) and not key.startswith("pkcs11:"):
        rooted["key"] = str(folder / key)
    return rooted


def _from_environment(environ: Mapping[str, str], known: set[str]) -> dict[str, Any]:
    """Read `COFFRE_NAME`, or the first line of the file that `COFFRE_NAME_FILE` names."""
    values: dict[str, Any] = {}
    for name in known:
        variable = PREFIX + name.upper()
        if environ.get(variable):
            values[name] = environ[variable]
        elif name in _SECRETS and (path := environ.get(variable + _FILE)):
            values[name] = _secret(Path(path), variable + _FILE)
    for name in _PATHS & set(values):
        values[name] = values[name].split(os.pathsep)
    for name in _HOSTS & set(values):
        values[name] = values[name].split()
    return values


def _secret(path: Path, variable: str) -> str:
    """Read a secret's first line; what follows it and the line's end are not part of it."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"got no secret from the file that {variable} names"
        raise UnreadableSettingsError(message, path=str(path), key=variable) from error
    return lines[0] if lines else ""
