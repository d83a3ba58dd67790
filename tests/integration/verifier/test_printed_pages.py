"""A page that a browser prints to a file, sealed: one more producer, too slow for every run."""

import subprocess

from support.letters import TEXT
from support.pages import trust
from support.sealers import NOW, sealer
from support.tools import need

from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from verifier.check import Indication
from verifier.reading.document import read_document
from verifier.verify import verify

BROWSER = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")


def test_a_page_printed_by_a_browser_is_sealed_and_passes(tmp_path):
    (tmp_path / "page.html").write_text(f"<p>{TEXT}</p>", encoding="utf-8")
    command = [need("chromium"), *BROWSER, f"--user-data-dir={tmp_path}/own"]
    target = tmp_path / "page.pdf"
    command += [f"--print-to-pdf={target}", f"file://{tmp_path}/page.html"]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    made = seal_letter(Letter(target.read_bytes()), sealer(), Profile(), NOW, bytes(10)).pdf
    found = verify(read_document(made, "page.pdf"), trust(), NOW).conclusion
    assert found is not None
    assert found.indication is Indication.TOTAL_PASSED
