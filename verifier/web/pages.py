"""The agent's page: a document is read and verified in the browser, nothing is sent.

Rules kept here:

- the page carries every sentence that its script may say, in the language of the page;
- the server only knows that the page was opened: files, codes and pictures never reach it.
"""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from vault.web.shell import render
from verifier.web.api import trust_of

router = APIRouter(include_in_schema=False)


@router.get("/verifier")
def verify_page(request: Request) -> HTMLResponse:
    """Show the page where a document is verified."""
    return render(request, "verifier/verify.html", test=trust_of(request).is_test)
