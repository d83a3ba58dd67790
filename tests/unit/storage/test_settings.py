"""Settings: where each value comes from, and what stops the start."""

import pytest

from storage.errors import (
    MissingValueError,
    ProductionRefusesError,
    UnknownSettingError,
    UnreadableSettingsError,
    WrongValueError,
)
from storage.settings import Mode, Settings, unknown_variables


@pytest.fixture(autouse=True)
def empty_place(tmp_path, monkeypatch):
    """Stand in an empty folder, with no variable and no file of the user."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in (
        "MODE",
        "DATA",
        "PASSPHRASE",
        "PASSPHRASE_FILE",
        "PIN",
        "PIN_FILE",
        "TRUST",
        "UNLOCK_MINUTES",
    ):
        monkeypatch.delenv(f"COFFRE_{name}", raising=False)


def test_without_anything_the_mode_is_test_and_data_is_the_users(tmp_path):
    settings = Settings.load()
    assert settings.mode is Mode.TEST
    assert settings.data == tmp_path / "data" / "coffre"


def test_an_option_beats_a_variable_which_beats_the_file_which_beats_the_users_file(
    tmp_path, monkeypatch
):
    (tmp_path / "config" / "coffre").mkdir(parents=True)
    (tmp_path / "config" / "coffre" / "coffre.toml").write_text('server = "user"\nmode = "test"\n')
    assert Settings.load().server == "user"
    (tmp_path / "coffre.toml").write_text('server = "near"\n')
    assert Settings.load().server == "near"
    monkeypatch.setenv("COFFRE_SERVER", "variable")
    assert Settings.load().server == "variable"
    assert Settings.load(server="option").server == "option"
    assert Settings.load(server=None).server == "variable"


def test_a_file_that_is_named_replaces_the_near_one(tmp_path):
    (tmp_path / "coffre.toml").write_text('server = "near"\n')
    (tmp_path / "other.toml").write_text("unlock_minutes = 3\n")
    settings = Settings.load(tmp_path / "other.toml")
    assert (settings.server, settings.unlock_minutes) == (None, 3)


def test_paths_of_a_file_are_relative_to_it(tmp_path):
    folder = tmp_path / "pki"
    folder.mkdir()
    (folder / "coffre.toml").write_text(
        'trust = ["trust"]\n[signers.a]\ncertificate = "a.pem"\nchain = ["b.pem"]\n'
        'key = "a.key"\nuse = "seal"\n[signers.h]\ncertificate = "h.pem"\n'
        'key = "pkcs11:token=t"\nuse = "twoddoc:00"\n'
    )
    settings = Settings.load(folder / "coffre.toml")
    assert settings.trust == (folder / "trust",)
    assert settings.signers["a"].certificate == folder / "a.pem"
    assert settings.signers["a"].chain == (folder / "b.pem",)
    assert settings.signers["a"].key == str(folder / "a.key")
    assert settings.signers["h"].key == "pkcs11:token=t"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("colour = 1", UnknownSettingError),
        ('passphrase = "never here"', UnknownSettingError),
        ('pin = "never here"', UnknownSettingError),
        ("[token]\nsessions = 0", WrongValueError),
        ('[token]\npin = "never here"', WrongValueError),
        ("mode = ", UnreadableSettingsError),
        ('mode = "holiday"', WrongValueError),
        ("unlock_minutes = 0", WrongValueError),
        ("signers = 3", WrongValueError),
        ('[signers.a]\ncertificate = "a"\nkey = "k"\nuse = "everything"', WrongValueError),
        (
            '[signers.a]\ncertificate = "a"\nkey = "k"\nuse = "seal"\nx = 1',
            WrongValueError,
        ),
    ],
)
def test_a_wrong_file_stops_the_start(tmp_path, text, error):
    (tmp_path / "coffre.toml").write_text(text)
    with pytest.raises(error):
        Settings.load()


def test_a_named_file_that_is_absent_stops_the_start(tmp_path):
    with pytest.raises(UnreadableSettingsError):
        Settings.load(tmp_path / "absent.toml")


def test_a_secret_comes_from_its_variable_or_from_a_files_first_line(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("correct horse\nnot this\n")
    monkeypatch.setenv("COFFRE_PASSPHRASE_FILE", str(tmp_path / "secret"))
    read = Settings.load().passphrase
    assert read is not None
    assert read.get_secret_value() == "correct horse"
    monkeypatch.setenv("COFFRE_PASSPHRASE", "staple")
    assert "staple" not in repr(Settings.load())


def test_a_pin_is_a_secret_and_the_sessions_of_a_token_are_few_unless_said(tmp_path, monkeypatch):
    monkeypatch.setenv("COFFRE_PIN", "4321")
    read = Settings.load()
    assert read.pin is not None
    assert read.pin.get_secret_value() == "4321"
    assert "4321" not in repr(read)
    assert read.token.sessions == 4
    (tmp_path / "coffre.toml").write_text("[token]\nsessions = 12\n")
    assert Settings.load().token.sessions == 12


def test_an_error_never_repeats_a_secret(monkeypatch):
    monkeypatch.setenv("COFFRE_PASSPHRASE", "canary")
    monkeypatch.setenv("COFFRE_UNLOCK_MINUTES", "many")
    with pytest.raises(WrongValueError) as caught:
        Settings.load()
    assert "canary" not in str(caught.value)
    assert "many" not in str(caught.value)


def test_unknown_variables_are_reported():
    environ = {"COFFRE_MODE": "test", "COFFRE_MOOD": "x", "COFFRE_PASSPHRASE_FILE": "", "HOME": ""}
    assert unknown_variables(environ) == ["COFFRE_MOOD"]


def test_production_refuses_what_belongs_to_tests(monkeypatch):
    Settings.load().refuse_in_production("x")
    monkeypatch.setenv("COFFRE_MODE", "production")
    with pytest.raises(ProductionRefusesError):
        Settings.load().refuse_in_production("x")


@pytest.mark.parametrize(
    "address",
    [
        "https://ville.example/",
        "ville.example",
        "https://a@b.example/x",
        "https://v.example/?n=",
        "",
    ],
)
def test_an_address_of_lists_to_which_a_number_cannot_be_added_stops_the_start(tmp_path, address):
    (tmp_path / "coffre.toml").write_text(f'[status]\naddress = "{address}"\n')
    with pytest.raises(WrongValueError) as caught:
        Settings.load()
    assert caught.value.details["key"] == "status.address"


def test_lists_of_letters_taken_back_are_named_by_their_addresses(tmp_path, monkeypatch):
    (tmp_path / "coffre.toml").write_text('[status]\naddress = "https://ville.example/statuts"\n')
    monkeypatch.setenv("COFFRE_STATUS_LISTS", "https://a.example/x https://b.example/y")
    settings = Settings.load()
    assert settings.status.address == "https://ville.example/statuts"
    assert settings.status_lists == ("https://a.example/x", "https://b.example/y")
    assert settings.published == settings.data / "status"


def test_a_signer_without_its_certificate_is_told_what_is_missing(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('[signers.c]\nkey = "k.p12"\nuse = "seal"\n')
    with pytest.raises(MissingValueError) as caught:
        Settings.load(config)
    assert caught.value.details == {"key": "signers.c.certificate"}
