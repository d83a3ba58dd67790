"""The agent's page: a document is read and verified in the browser, nothing is sent.

Rules kept here:

- the page carries every sentence that its script may say, in the language of the page;
- the server only knows that the page was opened: files, codes and pictures never reach it.
"""

from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from vault.web.shell import render
from verifier.web.api import trust_of

PATH: Final = "/verifier"

router = APIRouter(include_in_schema=False)


@router.get(PATH)
def verify_page(request: Request) -> HTMLResponse:
    """Show the page where a document is verified."""
    return render(request, "verifier/verify.html", test=trust_of(request).is_test)


def page_in(request: Request, lang: str) -> HTMLResponse:
    """Give the page as it is asked for in a language, whatever was asked now."""
    query = urlencode({"lang": lang}).encode()
    return verify_page(Request({**request.scope, "path": PATH, "query_string": query}))
