"""The verifier without its server: kept by the browser, it verifies as before."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect
from support import documents
from support.browser import chromium, filming, visit
from support.demo_site import running_site, serving

from cli.demo import pki

AUTHENTIC = "Code authentique : comparez avec le document"
UNSURE = "Impossible de conclure"
FORGED = "Falsifié ou altéré"
KEPT = """async () => {
  const [name] = await caches.keys(), cache = await caches.open(name);
  return (await cache.keys()).map(({ url }) => new URL(url).pathname + new URL(url).search);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(site, tmp_path_factory):
    """Give a browser whose camera sees a genuine code."""
    film = tmp_path_factory.mktemp("film") / "film.mjpeg"
    page = documents.page_with(documents.certificate_of_address(site.issuers))
    scan = Image.open(io.BytesIO(documents.image_of(page, 240))).convert("RGB")
    out = io.BytesIO()
    scan.crop((100, 1150, 1380, 1870)).save(out, "JPEG", quality=90)
    film.write_bytes(out.getvalue() * 10)
    with chromium() as started, filming(started, film) as other:
        yield other


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def said(page: Page) -> str:
    page.locator("#answer").wait_for(state="visible", timeout=20_000)
    return plain(page.locator("#answer").inner_text())


def kept(page: Page) -> None:
    """Open the page and wait until the browser keeps it."""
    page.goto("/verifier")
    page.locator("#ready-state").wait_for(timeout=20_000)


def answers(page: Page, given: dict[str, bytes], text: str) -> dict[str, str]:
    """Ask by every way in, and give what is told but for the ages of lists."""
    told = {}
    for name, content in given.items():
        page.reload()
        kind = "application/pdf" if name.endswith(".pdf") else "image/png"
        page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
        told[name] = said(page)
    page.reload()
    page.get_by_role("button", name="Coller le texte du code").click()
    page.get_by_label("Texte du code").fill(text)
    page.get_by_role("button", name="Vérifier ce texte").click()
    told["pasted"] = said(page)
    page.reload()
    page.get_by_role("button", name="Utiliser la caméra").click()
    told["camera"] = said(page)
    return {name: without_ages(text) for name, text in told.items()}


def without_ages(text: str) -> str:
    lines = text.splitlines()
    ages = {at + 1 for at, line in enumerate(lines) if line == "Listes de confiance"}
    assert ages
    return "\n".join(line for at, line in enumerate(lines) if at not in ages)


def test_with_the_server_killed_and_the_network_cut_every_way_gives_the_same_answer(
    browser, site, tmp_path
):
    code = documents.certificate_of_address(site.issuers)
    given = {
        "lettre.pdf": documents.page_with(code),
        "cachet.pdf": documents.town_sealed(site.pki_folder, tmp_path),
        "altere.pdf": documents.page_with(documents.altered(code)),
        "photo.png": documents.image_of(documents.page_with(code)),
    }
    text = code.decode().replace("\x1d", "<GS>").replace("\x1f", "<US>")
    with visit(browser, site.address) as page:
        kept(page)
        before = answers(page, given, text)
        site.process.kill()
        site.process.wait()
        page.context.set_offline(True)
        after = answers(page, given, text)
        assert after == before
        assert [AUTHENTIC in told for told in after.values()] == [
            True,
            True,
            False,
            True,
            True,
            True,
        ]
        assert FORGED in after["altere.pdf"]
        assert "Cachet intact" in after["cachet.pdf"]
        assert "Hors ligne" in said(page)
        page.goto("/verifier?lang=en")
        expect(page.get_by_role("heading", level=1)).to_have_text("Verify a document")
        page.goto("/verifier")
        expect(page.locator("#offline-state")).to_be_visible()
        check_old_lists(page, given["lettre.pdf"])


def check_old_lists(page: Page, letter: bytes) -> None:
    """Three days later nothing good is concluded; what is false stays false."""
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=73))
    page.reload()
    expect(page.locator("#lists-text")).to_contain_text("Liste périmée")
    page.set_input_files(
        "#file", {"name": "lettre.pdf", "mimeType": "application/pdf", "buffer": letter}
    )
    text = said(page)
    assert UNSURE in text
    assert "Liste périmée" in text
    assert "Reconnectez cet appareil" in text


def test_a_new_version_is_offered_taken_when_the_agent_says_and_replaces_the_old(browser, tmp_path):
    pki.write(pki.build(datetime.now(UTC)), tmp_path / "pki")
    with serving(tmp_path) as (address, server), visit(browser, address) as page:
        kept(page)
        page.reload()
        [first] = page.evaluate("caches.keys()")
        expect(page.locator("#newer")).to_be_hidden()
        server.terminate()
        server.wait()
        with (tmp_path / "pki" / "coffre.toml").open("a") as settings:
            settings.write('\n[town]\nname = "Valbourg"\n')
        with serving(tmp_path, int(address.rpartition(":")[2])):
            page.reload()
            expect(page).to_have_title(re.compile("Coffre"))
            expect(page.locator("#newer")).to_be_visible(timeout=20_000)
            assert first in page.evaluate("caches.keys()")
            page.evaluate("document.querySelector('#verify').classList.add('is-busy')")
            expect(page.locator("#newer")).to_be_hidden()
            page.evaluate("document.querySelector('#verify').classList.remove('is-busy')")
            page.get_by_role("button", name="Recharger").click()
            expect(page).to_have_title(re.compile("Valbourg"))
            [second] = page.evaluate("caches.keys()")
            assert second != first


def test_no_page_of_the_safe_is_kept_nor_answered_from_what_is_kept(browser, tmp_path):
    pki.write(pki.build(datetime.now(UTC)), tmp_path / "pki")
    with serving(tmp_path) as (address, server), visit(browser, address, watched=False) as page:
        kept(page)
        page.reload()
        paths = page.evaluate(KEPT)
        assert "/verifier?lang=fr" in paths
        allowed = ("/static/", "/verifier", "/couleurs.css")
        assert [path for path in paths if not path.startswith(allowed)] == []
        server.kill()
        server.wait()
        for path in ("/", "/aide", "/api/v1/keys"):
            with pytest.raises(PlaywrightError, match="ERR_"):
                page.goto(path)
