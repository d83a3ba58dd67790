"""Passphrases asked of a person."""

import io

import pytest

from cli.output import Output
from cli.prompts import PassphrasesDifferError, passphrase
from storage.settings import Settings


class Person:
    """Somebody who types these lines."""

    def __init__(self, *lines: str) -> None:
        """Have them ready."""
        self.lines = list(lines)

    def secret(self, _question: str) -> str:
        """Type the next one."""
        return self.lines.pop(0)


OUTPUT = Output("fr", io.StringIO(), io.StringIO())


def test_a_passphrase_of_the_settings_is_taken_and_nobody_is_asked():
    settings = Settings.load(passphrase="sept mots")  # noqa: S106
    assert passphrase(settings, OUTPUT, Person(), new=True) == "sept mots"


def test_a_known_passphrase_is_typed_once_and_a_new_one_twice():
    assert passphrase(Settings.load(), OUTPUT, Person("un")) == "un"
    assert passphrase(Settings.load(), OUTPUT, Person("un", "un"), new=True) == "un"
    with pytest.raises(PassphrasesDifferError):
        passphrase(Settings.load(), OUTPUT, Person("un", "deux"), new=True)
