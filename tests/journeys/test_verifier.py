"""A document is verified in the browser: from the home page to the answer, and nothing is sent."""

import io
import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect
from support import documents
from support.browser import chromium, filming, visit
from support.demo_site import running_site
from support.towncode import VALID

from vault.web.assets import asset, assets

AUTHENTIC = "Code authentique : comparez avec le document"
UNSURE = "Impossible de conclure"
FORGED = "Falsifié ou altéré"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# As fast as a scanner, which a browser driven from outside is not on a busy machine.
SCAN = """(code) => {
  const controls = { "\\x1d": "]", "\\x1f": "_" };
  for (const one of [...code, "Enter"]) {
    const how = { key: controls[one] ?? one, ctrlKey: one in controls };
    const event = new KeyboardEvent("keydown", { ...how, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(event);
  }
}"""
STORED = """async () => [
  Object.entries(localStorage),
  sessionStorage.length,
  (await indexedDB.databases()).length,
  document.cookie,
]"""
DROP = """(given) => {
  const bytes = Uint8Array.from(atob(given.base64), (character) => character.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], given.name, { type: given.type }));
  const target = document.querySelector("#drop");
  const how = { bubbles: true, cancelable: true, dataTransfer: carried };
  for (const type of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(type, how));
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser, site):
    with visit(browser, site.address) as opened:
        yield opened


@pytest.fixture(scope="module")
def code(site) -> bytes:
    return documents.certificate_of_address(site.issuers)


@pytest.fixture(scope="module")
def letter(site, tmp_path_factory) -> bytes:
    """Give a letter sealed by the town, its 2D-Doc in the seal's own appearance."""
    return documents.sealed(documents.page_with(), site.pki_folder, tmp_path_factory.mktemp("work"))


def refused_camera(page: Page) -> None:
    page.goto("/verifier")
    page.locator("#camera-open").click()
    expect(page.locator("#camera-hint")).to_contain_text(re.compile("fichier|file"), timeout=10_000)


def reading(page: Page) -> None:
    page.goto("/verifier")
    long = documents.page_with(pages=40)
    page.set_input_files("#file", {"name": "l.pdf", "mimeType": "application/pdf", "buffer": long})
    page.locator("#busy").wait_for()


def old_list(page: Page) -> None:
    page.clock.install(time=datetime.now(UTC) - timedelta(days=9))
    page.goto("/verifier")
    page.locator("#lists-state.is-old").wait_for()


def with_history(page: Page) -> None:
    page.goto("/verifier")
    page.locator(".history summary").click()
    page.locator("#history-wanted").check()
    page.set_input_files("#file", {"name": "x", "mimeType": "image/png", "buffer": b"GIF8"})
    page.locator("#answer").wait_for()


OTHER_STATES = {
    "camera": refused_camera,
    "reading": reading,
    "old-list": old_list,
    "history": with_history,
}
STATES = ["answer", "forged", "message", "seal", "touched", *OTHER_STATES]


def said(page: Page) -> str:
    """Wait for the answer and give its words, with plain spaces and apostrophes."""
    page.locator("#answer").wait_for(state="visible", timeout=20_000)
    return plain(page.locator("#answer").inner_text())


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def give(page: Page, content: bytes, name: str = "document.pdf") -> str:
    """Choose a file on the page and give what it answers."""
    page.goto("/verifier")
    kind = "application/pdf" if name.endswith(".pdf") else "image/png"
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
    return said(page)


def test_from_the_home_page_to_an_authentic_answer(page, code):
    page.goto("/")
    page.get_by_role("link", name="Vérifier", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vérifier un document")
    pdf = documents.page_with(code)
    given = {"name": "attestation.pdf", "mimeType": "application/pdf", "buffer": pdf}
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choisir un fichier").click()
    chooser.value.set_files(given)
    text = said(page)
    assert AUTHENTIC in text
    assert "12 RUE DES ESSAIS" in text
    assert "Ville de Valbourg (DEMONSTRATION)" in text
    assert "TEST" in text
    assert "aujourd'hui" in text
    assert page.locator(".compare canvas[role=img]").count() == 1
    assert page.locator(".answer.blue").count() == 1
    assert page.evaluate("document.activeElement.id") == "answer"
    assert AUTHENTIC in page.get_by_role("status").inner_text().replace("\N{NO-BREAK SPACE}", " ")


def test_a_letter_sealed_by_the_town_has_its_seal_and_its_code_verified(page, letter):
    text = give(page, letter, "lettre-scellee.pdf")
    assert page.locator("#answer h2").all_inner_texts()[0].endswith("Cachet intact")
    assert AUTHENTIC in text
    assert "12 RUE DES ESSAIS" in text
    lines = [plain(one) for one in page.locator(".line").all_inner_texts()]
    assert [one.split("\n")[0] for one in lines[:3]] == [
        "Lisible",
        "Scellé par",
        "Identique à ce qui est imprimé",
    ]
    assert "Oui" in lines[1]
    assert "Ville de Valbourg (DEMONSTRATION) ; intact" in lines[1]
    assert "Non comparé" in lines[2]
    assert "« coffre verify »" in text
    assert page.locator(".answer.green").count() == 0, "green is the full report's"


@pytest.mark.parametrize(
    ("change", "word", "reason"),
    [
        (lambda pdf: pdf.replace(b"/MediaBox[0 0 595", b"/MediaBox[0 0 594"), FORGED, "modifié"),
        (lambda pdf: pdf + b"\n", UNSURE, "Quelque chose suit le cachet"),
        (lambda pdf: pdf.replace(b"startxref", b"startxrfe"), UNSURE, "trop abîmé"),
    ],
    ids=["page", "behind", "structure"],
)
def test_a_seal_that_was_touched_is_told_as_what_it_is(page, letter, change, word, reason):
    assert change(letter) != letter
    text = give(page, change(letter), "lettre-scellee.pdf")
    assert word in plain(page.locator("#answer h2").first.inner_text())
    assert reason in text
    assert "Cachet intact" not in text


def test_a_town_code_is_read_verified_and_shown(page, site, tmp_path):
    letter = documents.town_sealed(site.pki_folder, tmp_path)
    text = give(page, letter, "attestation.pdf")
    assert AUTHENTIC in text
    assert "Ville de Valbourg (DEMONSTRATION)" in text
    assert "Attestation d'accueil" in text
    assert "12 juillet 1973" in text
    assert "code de vérification de la mairie" in text
    assert "Cachet intact" in text
    assert "TEST" in text
    assert Axe().run(page).violations_count == 0


def test_a_town_code_of_a_stranger_is_told_and_shows_nothing_of_what_it_says(page):
    page.goto("/verifier")
    page.get_by_role("button", name="Coller le texte du code").click()
    page.get_by_label("Texte du code").fill(VALID[0]["raw"])
    page.get_by_role("button", name="Vérifier ce texte").click()
    text = said(page)
    assert UNSURE in text
    assert "n'est pas dans nos listes" in text
    assert "EXEMPLE" not in text


def test_a_town_code_that_was_cut_asks_for_its_end_and_accuses_nobody(page):
    page.goto("/verifier")
    page.get_by_role("button", name="Coller le texte du code").click()
    page.get_by_label("Texte du code").fill(VALID[0]["raw"][:-1])
    page.get_by_role("button", name="Vérifier ce texte").click()
    text = said(page)
    assert UNSURE in text
    assert "Le code a été coupé en chemin" in text
    assert "une nouvelle fois, entier et net" in text
    assert FORGED not in text
    assert "EXEMPLE" not in text
    assert Axe().run(page).violations_count == 0


def test_a_dropped_image_is_read_as_well(page, code):
    page.goto("/verifier")
    content = documents.image_of(documents.page_with(code))
    given = {"name": "photo.png", "type": "image/png", "base64": b64encode(content).decode()}
    page.evaluate(DROP, given)
    assert AUTHENTIC in said(page)


@pytest.mark.parametrize("dpi", [150, 300])
def test_scans_of_usual_densities_are_read(page, code, dpi):
    content = documents.image_of(documents.page_with(code), dpi)
    assert AUTHENTIC in give(page, content, "scan.png")


def test_a_rotated_and_grey_photograph_is_read(page, code):
    scan = Image.open(io.BytesIO(documents.image_of(documents.page_with(code), 200))).convert("L")
    turned = scan.rotate(7, expand=True, fillcolor=200)
    out = io.BytesIO()
    turned.save(out, "PNG")
    assert AUTHENTIC in give(page, out.getvalue(), "photo.png")


def test_an_altered_code_is_refused_and_none_of_its_values_shown(page, code):
    text = give(page, documents.page_with(documents.altered(code)))
    assert FORGED in text
    assert "n'est pas celui qui a été signé" in text
    assert "RUE DES ESSAIS" not in text
    assert page.locator(".answer.red").count() == 1


def test_an_unknown_issuer_is_no_forgery(page, code):
    text = give(page, documents.page_with(code.replace(b"DM00", b"ZZ99")))
    assert UNSURE in text
    assert "n'est pas dans nos listes" in text
    assert FORGED not in text


def test_a_signature_of_the_future_concludes_nothing(page, site):
    later = datetime.now(UTC).date() + timedelta(days=9)
    text = give(page, documents.page_with(documents.certificate_of_address(site.issuers, later)))
    assert UNSURE in text
    assert "dans le futur" in text


def test_two_codes_have_two_answers_the_worst_first(page, code):
    give(page, documents.page_with(code, documents.altered(code)))
    words = page.locator("#answer h2").all_inner_texts()
    assert [FORGED in words[0], "Code authentique" in words[1]] == [True, True]


def test_a_code_on_the_last_of_several_pages_is_found(page, code):
    before, after = documents.page_with(pages=2), documents.page_with(code)
    text = give(page, documents.joined(before, after))
    assert AUTHENTIC in text
    assert "Page 3" in text


def test_what_was_added_after_the_signature_stands_apart(page, code):
    text = give(page, documents.page_with(code + b"\x1d10MME/AUTRE/NOM"))
    assert AUTHENTIC in text
    values, annex = page.locator(".values"), page.locator(".annex")
    assert "AUTRE" not in values.inner_text()
    assert "MME/AUTRE/NOM" in annex.inner_text()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("vide.png", b"", "Le fichier est vide"),
        ("notes.pdf", b"hello", "Ce n'est ni un PDF ni une image"),
        ("abime.pdf", b"%PDF-1.7\n" + b"\0" * 2000, "abîmé"),
        ("abime.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "abîmé"),
        ("iphone.png", b"\0\0\0\x18ftypheic" + b"\0" * 100, "HEIC"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(page, name, content, words):
    text = give(page, content, name)
    assert "Ce fichier ne peut pas être lu" in text
    assert words in text


def test_a_locked_pdf_says_so(page, code):
    text = give(page, documents.locked(documents.page_with(code)))
    assert "protégé par un mot de passe" in text


def test_a_page_without_code_is_told_from_one_that_is_too_small(page, code):
    assert "Aucun code trouvé" in give(page, documents.page_with())
    text = give(page, documents.image_of(documents.page_with(code), 60), "capture.png")
    assert "Image trop petite" in text
    assert "497 pixels" in text


def test_pasted_text_is_repaired_and_verified_by_keyboard_alone(page, code):
    page.goto("/verifier")
    opener = page.get_by_role("button", name="Coller le texte du code")
    opener.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "Collez d\N{RIGHT SINGLE QUOTATION MARK}abord le texte du code."
    )
    assert page.evaluate("document.activeElement.id") == "text"
    written = code.decode().replace("\x1d", "<GS>").replace("\x1f", "<US>")
    page.keyboard.insert_text(written + "\n")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    text = said(page)
    assert AUTHENTIC in text
    assert "reconstitué" in text
    page.get_by_role("button", name="Vérifier un autre document").press("Enter")
    assert page.evaluate("document.activeElement.id") == "choose"


@pytest.mark.parametrize(
    ("text", "words"),
    [("https://exemple.fr", "adresse d'un site"), ("HC1:6BF", "santé"), ("bonjour", "2D-Doc")],
)
def test_another_code_is_said_to_be_another(page, text, words):
    page.goto("/verifier")
    page.get_by_role("button", name="Coller le texte du code").click()
    page.get_by_label("Texte du code").fill(text)
    page.get_by_role("button", name="Vérifier ce texte").click()
    answer = said(page)
    assert "Ce code n'est pas de ceux que Coffre vérifie" in answer
    assert words in answer


def test_a_camera_that_sees_the_code_answers(browser, site, code, tmp_path):
    scan = Image.open(io.BytesIO(documents.image_of(documents.page_with(code), 240))).convert("RGB")
    frame = scan.crop((100, 1150, 1380, 1870)).rotate(7, fillcolor=(230, 230, 230))
    out = io.BytesIO()
    frame.save(out, "JPEG", quality=90)
    film = tmp_path / "film.mjpeg"
    film.write_bytes(out.getvalue() * 10)
    with filming(browser, film) as other, visit(other, site.address) as page:
        page.goto("/verifier")
        page.get_by_role("button", name="Utiliser la caméra").click()
        assert AUTHENTIC in said(page)
        assert page.evaluate("document.querySelector('#video').srcObject") is None


def test_a_refused_camera_leads_to_the_other_ways(browser, site):
    with visit(browser, site.address) as page:
        page.goto("/verifier")
        page.get_by_role("button", name="Utiliser la caméra").click()
        expect(page.locator("#camera-hint")).to_contain_text("un fichier", timeout=10_000)


def test_without_lists_the_fault_is_said_to_be_ours(browser, site, code):
    with visit(browser, site.address, watched=False) as page:
        page.route("**/confiance.json", lambda route: route.abort())
        text = give(page, documents.page_with(code))
        assert "Une faute de notre part" in text
        assert "pas celle du document" in text
        assert "Falsifié" not in text


def test_without_javascript_the_page_says_what_to_do(browser, site):
    with visit(browser, site.address, java_script_enabled=False) as page:
        page.goto("/verifier")
        assert "JavaScript" in page.locator("main").inner_text()


def test_english_is_whole(browser, site, code):
    with visit(browser, site.address, locale="en-GB") as page:
        text = give(page, documents.page_with(code))
        assert "Authentic code: compare it with the document" in text
        assert "Issued on" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/aide", "/verifier", *STATES])
def test_every_state_passes_axe_and_fits_a_small_screen(browser, site, code, letter, path, scheme):  # noqa: PLR0913, PLR0917 - a state of everything
    answers = {
        "seal": letter,
        "touched": letter + b"\n",
        "answer": documents.page_with(code + b"\x1d10MME/AUTRE/NOM"),
        "forged": documents.page_with(documents.altered(code)),
        "message": documents.page_with(),
    }
    small, lang = {"width": 320, "height": 640}, {"light": "fr-FR", "dark": "en-GB"}[scheme]
    with visit(browser, site.address, color_scheme=scheme, viewport=small, locale=lang) as page:
        if path in OTHER_STATES:
            OTHER_STATES[path](page)
        elif path in answers:
            give(page, answers[path])
            if page.locator("#answer summary").count():
                page.locator("#answer summary").first.click()
        else:
            page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        found = Axe().run(page, options={"runOnly": RULES})
        assert found.response["violations"] == [], found.generate_report()
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize("path", ["/", "/aide", "/verifier", "/couleurs.css", "bundle", "/nowhere"])
def test_every_answer_carries_the_strict_policy(page, path):
    path = asset("reader.js").url if path == "bundle" else path
    headers = page.request.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


def test_what_is_asked_of_the_server_is_only_our_own_files(browser, site, code, letter):
    asked: list[str] = []
    with visit(browser, site.address) as page:
        page.on("request", lambda request: asked.append(request.url))
        give(page, documents.page_with(code))
        give(page, letter)
        give(page, documents.image_of(letter), "scan.png")
    paths = {url.removeprefix(site.address) for url in asked if not url.startswith("blob:")}
    ours = {one.url for one in assets().values()}
    own = {"/verifier", "/verifier/confiance.json", "/verifier/service.js"}
    own |= {"/couleurs.css", "/verifier/manifest.webmanifest?lang=fr"}
    assert paths <= ours | own


def test_nothing_is_stored_unless_asked_and_then_no_name_and_no_value(page, letter):
    give(page, letter, "lettre-de-camille.pdf")
    assert page.evaluate(STORED) == [[], 0, 0, ""]
    page.get_by_role("button", name="Vérifier un autre document").click()
    page.locator(".history summary").click()
    page.get_by_label("Garder la liste").check()
    page.set_input_files(
        "#file", {"name": "camille.pdf", "mimeType": "application/pdf", "buffer": letter}
    )
    text = said(page)
    [[[key, held]], *others] = page.evaluate(STORED)
    assert (key, others) == ("coffre-verifier-history", [0, 0, ""])
    rows = json.loads(held)
    assert [set(row) for row in rows] == [{"at", "worth", "kind"}] * 2
    assert {row["kind"] for row in rows} == {"cachet de PDF", "code 2D-Doc"}
    assert "EXEMPLE" in text
    assert not re.search("exemple|camille|valbourg|essais", held, re.IGNORECASE)
    page.get_by_role("button", name="Vérifier un autre document").click()
    expect(page.locator("#history-list li")).to_have_count(2)
    page.get_by_role("button", name="Effacer la liste").click()
    expect(page.locator("#history-list li")).to_have_count(0)
    page.get_by_label("Garder la liste").uncheck()
    assert page.evaluate(STORED) == [[], 0, 0, ""]


def test_what_a_hand_scanner_types_is_taken_wherever_the_focus_is(page, code):
    page.goto("/verifier")
    page.get_by_role("button", name="Choisir un fichier").focus()
    page.evaluate(SCAN, code.decode())
    text = said(page)
    assert AUTHENTIC in text
    assert "Lu par la douchette" in text
    assert "reconstitué" not in text


def test_a_reading_can_be_cancelled_and_another_begun(page, code):
    page.goto("/verifier")
    long = documents.page_with(pages=40)
    given = {"name": "long.pdf", "mimeType": "application/pdf", "buffer": long}
    page.set_input_files("#file", given)
    page.locator("#busy-what", has_text="sur 40").wait_for()
    page.get_by_role("button", name="Annuler").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Lecture annulée.")
    short = documents.page_with(code)
    page.set_input_files("#file", {**given, "buffer": short})
    assert AUTHENTIC in said(page)


def test_the_first_stop_of_the_keyboard_leads_to_the_content(page):
    page.goto("/verifier")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"


def test_every_control_shows_its_focus_and_is_large_enough(page):
    page.goto("/verifier")
    page.get_by_role("button", name="Coller le texte du code").click()
    page.evaluate("document.activeElement.blur()")
    for _ in range(14):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => { const one = document.activeElement, style = getComputedStyle(one),
            box = one.getBoundingClientRect();
            return [one.tagName, parseFloat(style.outlineWidth), box.width, box.height]; }"""
        )
        if shown[0] == "BODY":
            break
        assert shown[1] >= 2, shown
        assert min(shown[2:]) >= 24, shown
