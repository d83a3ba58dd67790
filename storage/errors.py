"""The root of every error that Coffre raises on purpose.

Rules kept here:

- each area has one root below `CoffreError`, and children chosen by what the reader can do;
- `code` is stable English, `area.reason`; screens translate it, scripts compare it;
- the message says got and expected, and is for the log: it never holds a name, a title, a
  passphrase or content of a person;
- `details` are the values that a translated sentence may name: they go to the person's own screen
  and never to a log;
- `parts` are the single faults of an error that tells several at once: what each is about, and the
  code of the rule that it breaks;
- `reported` is the code of an error that another process told us of: its sentence is the one that
  the person needs.
"""

from typing import ClassVar


class CoffreError(Exception):
    """Something went wrong in a way that was foreseen."""

    code: ClassVar[str] = "coffre"
    retryable: ClassVar[bool] = False
    parts: tuple[tuple[str, str], ...] = ()
    reported: str | None = None

    def __init__(self, message: str, **details: str | int) -> None:
        """Keep the message for the log and the details for the person's sentence."""
        super().__init__(message)
        self.details = details


class ConfigurationError(CoffreError):
    """The settings do not allow what was asked."""

    code: ClassVar[str] = "configuration"


class UnknownSettingError(ConfigurationError):
    """The settings file holds a key that nobody reads. Details: `path`, `key`."""

    code: ClassVar[str] = "configuration.unknown-key"


class UnreadableSettingsError(ConfigurationError):
    """The settings file is absent or is not TOML, or a secret's file. Details: `path`, `key`."""

    code: ClassVar[str] = "configuration.unreadable"


class WrongValueError(ConfigurationError):
    """A setting has a value of the wrong form. Details: `key`."""

    code: ClassVar[str] = "configuration.value"


class MissingValueError(WrongValueError):
    """A setting that is needed beside the others is not there. Details: `key`."""

    code: ClassVar[str] = "configuration.value-missing"


class ProductionRefusesError(ConfigurationError):
    """What was asked is for tests and demonstrations. Details: `what`."""

    code: ClassVar[str] = "configuration.production-refuses"


class MissingExtraError(ConfigurationError):
    """An optional part of the installation is absent. Details: `extra`."""

    code: ClassVar[str] = "configuration.missing-extra"
