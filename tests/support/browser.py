"""Debian's Chromium, driven; every page is watched for what must never happen.

A visit fails at its end when the browser asked anything of another site, sent a body, reported a
breach of the content policy, or wrote an error to its console.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from support.tools import need

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_WATCH_POLICY = """
addEventListener("securitypolicyviolation", (event) => {
  console.error("policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sample);
});
"""


@dataclass
class Watch:
    """What the browser did that it must not do."""

    address: str
    wrong: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        """Note a request that leaves the site or carries something."""
        self.requests.append(request.url)
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(f"foreign request: {request.url}")
        if request.method != "GET" or request.post_data_buffer:
            self.wrong.append(f"request with a body: {request.method} {request.url}")

    def console(self, message: ConsoleMessage) -> None:
        """Note an error of the console."""
        if message.type in {"error", "warning"}:
            self.wrong.append(f"console: {message.text}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser with a profile of its own; it ends with the block."""
    path = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def filming(browser: Browser, film: Path) -> Iterator[Browser]:
    """Start a second browser whose camera shows a film (`.mjpeg`, absolute path)."""
    flags = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    path = need("chromium")
    other = browser.browser_type.launch(executable_path=path, args=[*FLAGS, *flags])
    try:
        yield other
    finally:
        other.close()


@contextmanager
def visit(
    browser: Browser, address: str, *, watched: bool = True, **options: Any
) -> Iterator[Page]:
    """Open a page in a context of its own; at the end, fail on anything that was noted.

    `watched` is off where a test breaks the network on purpose: the console tells of it.
    """
    options.setdefault("locale", "fr-FR")
    options.setdefault("viewport", {"width": 1280, "height": 900})
    context = browser.new_context(base_url=address, **options)
    page = context.new_page()
    watch = Watch(address)
    page.add_init_script(_WATCH_POLICY)
    page.on("request", watch.request)
    page.on("console", watch.console)
    page.on("pageerror", lambda error: watch.wrong.append(f"script error: {error}"))
    try:
        yield page
        assert not watched or watch.wrong == []
    finally:
        context.close()
