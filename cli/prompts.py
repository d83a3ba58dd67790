"""Questions to the person at the terminal: passphrases.

Rules kept here:

- a passphrase comes from `COFFRE_PASSPHRASE`, from the file that `COFFRE_PASSPHRASE_FILE` names, or
  from the terminal: never from an option, where other people of the machine would read it;
- it is read from the terminal itself: standard input may be the data;
- a new one is typed twice.
"""

import getpass
import os
from typing import ClassVar, Protocol

from cli.output import Output
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
