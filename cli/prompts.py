"""Questions to the person at the terminal: passphrases, and the PINs of tokens.

Rules kept here:

- a passphrase comes from `COFFRE_PASSPHRASE`, from the file that `COFFRE_PASSPHRASE_FILE` names, or
  from the terminal: never from an option, where other people of the machine would read it;
- it is read from the terminal itself: standard input may be the data;
- a new one is typed twice;
- a PIN comes likewise from `COFFRE_PIN`, its file, or the terminal; nobody is asked for one that
  the settings give, or that no token wants. It is asked once: a wrong one is not asked again.
"""

import getpass
import os
from contextlib import suppress
from typing import ClassVar, Protocol

from pydantic import SecretStr

from cli.output import Output, plain
from sealing.signers.registry import waiting_for_pin
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Settings


class NoTerminalError(CoffreError):
    """A passphrase is needed and nobody can be asked."""

    code: ClassVar[str] = "prompt.no-terminal"


class PassphrasesDifferError(CoffreError):
    """The same passphrase was asked twice, and two came."""

    code: ClassVar[str] = "prompt.passphrases-differ"


class Prompter(Protocol):
    """Somebody who can be asked."""

    def secret(self, question: str) -> str:
        """Ask for a secret; raise NoTerminalError when nobody is there."""


class Terminal:
    """The terminal of this process: what is typed does not show."""

    def secret(self, question: str) -> str:
        """Ask on the terminal."""
        try:
            os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        except OSError as error:
            raise NoTerminalError("got no terminal to ask on") from error
        return getpass.getpass(question)


def passphrase(settings: Settings, output: Output, prompter: Prompter, *, new: bool = False) -> str:
    """Give the passphrase; a new one that is typed is typed twice.

    Raises NoTerminalError or PassphrasesDifferError.
    """
    if settings.passphrase is not None:
        return settings.passphrase.get_secret_value()
    typed = prompter.secret(output.tr(N_("Phrase secrète : ")))
    if new and prompter.secret(output.tr(N_("La même, encore une fois : "))) != typed:
        raise PassphrasesDifferError("got two different passphrases")
    return typed


def with_pin(settings: Settings, output: Output, prompter: Prompter, *names: str) -> Settings:
    """Give settings that hold the PIN which the token of one of these signers waits for, if any.

    Where nobody can be asked they stay as they are: the signer says what is missing. Raises a
    SignerError or ConfigurationError.
    """
    token = waiting_for_pin(settings, names)
    if token is None:
        return settings
    question = output.tr(N_("Code PIN du module « {token} » : ")).format(token=plain(token))
    with suppress(NoTerminalError):
        return settings.model_copy(update={"pin": SecretStr(prompter.secret(question))})
    return settings
