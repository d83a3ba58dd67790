"""The frame of the pages: language, typography, the town's colours."""

import re

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from cli.wiring import town
from storage.settings import Settings, TownSettings
from vault.web import pages, problems
from vault.web.shell import Frame, Town, TownColourError, contrast, french, lightened

NBSP = "\N{NO-BREAK SPACE}"
CHANNEL = st.integers(0, 255)
COLOUR = st.builds(lambda r, g, b: f"#{r:02x}{g:02x}{b:02x}", CHANNEL, CHANNEL, CHANNEL)


@pytest.fixture
def client():
    app = FastAPI()
    app.state.frame = Frame.of([], Town(name="Ville d'<Essai>"))
    app.include_router(pages.router)
    problems.install(app)
    return TestClient(app)


def test_a_page_is_french_unless_another_language_is_asked(client):
    assert '<html lang="fr">' in client.get("/").text
    assert '<html lang="fr">' in client.get("/", headers={"accept-language": "de,*"}).text
    assert '<html lang="en">' in client.get("/", headers={"accept-language": "en-GB,fr"}).text
    assert '<html lang="fr">' in client.get("/?lang=fr", headers={"accept-language": "en"}).text
    assert '<html lang="fr">' in client.get("/?lang=../x").text


def test_links_keep_the_language_that_was_chosen_and_no_cookie_does(client):
    answer = client.get("/?lang=en")
    assert 'href="/verifier?lang=en"' in answer.text
    assert "set-cookie" not in answer.headers
    assert 'href="/verifier"' in client.get("/", headers={"accept-language": "en"}).text


@pytest.mark.parametrize("path", ["/", "/aide"])
def test_no_page_holds_a_script_a_style_or_markup_from_a_name(client, path):
    text = client.get(path).text
    assert re.findall(r"<script|<style|style=|\son\w+=|javascript:|<Essai>", text) == []
    assert "Ville d&#39;&lt;Essai&gt;" in text


def test_french_spaces_are_put_where_they_belong():
    shown = french("« Oui » : qu'est-ce ?")
    assert shown == f"«{NBSP}Oui{NBSP}»{NBSP}: qu\N{RIGHT SINGLE QUOTATION MARK}est-ce{NBSP}?"


def test_the_town_s_colours_are_a_stylesheet_for_both_themes(client):
    answer = client.get("/couleurs.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.text.count("--accent:#") == 2


@pytest.mark.parametrize("colour", ["#ffff00", "#ffffff", "#8a8a8a", "red", "#FFF", "#12345g", ""])
def test_a_colour_that_nobody_could_read_is_refused(colour):
    with pytest.raises(TownColourError):
        Town(accent=colour)
    with pytest.raises(TownColourError):
        Town(band=colour)


def test_the_town_comes_from_the_settings_and_wrong_colours_stop_the_start():
    told = Settings(town=TownSettings(name="Valbourg", accent="#005a5a"))
    assert town(told) == Town(name="Valbourg", accent="#005a5a")
    assert town(Settings()) == Town()
    with pytest.raises(TownColourError):
        town(Settings(town=TownSettings(band="#ffff00")))


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLOUR)
def test_any_colour_can_be_read_on_a_dark_page(colour):
    assert contrast(lightened(colour, "#17141c"), "#17141c") >= 4.5


BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_gets_a_page_where_there_is_none(client):
    answer = client.get("/nulle-part", headers=BROWSER)
    assert answer.status_code == 404
    assert "Cette adresse n’existe pas." in answer.text
    assert 'class="button" href="/"' in answer.text
    english = client.get("/nulle-part?lang=en", headers=BROWSER)
    assert 'href="/?lang=en"' in english.text


def test_a_program_gets_a_problem_where_there_is_none(client):
    for answer in (client.get("/nulle-part"), client.get("/api/v1/nothing", headers=BROWSER)):
        assert answer.status_code == 404
        assert answer.json()["code"] == "http.404"


def test_a_page_that_is_not_there_links_to_nowhere_else(client):
    answer = client.get("http://testserver//elsewhere.example/x", headers=BROWSER)
    assert answer.status_code == 404
    assert "elsewhere" not in answer.text
