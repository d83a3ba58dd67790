"""The pages of the site that need no account: home and help, and the town's colours.

Rules kept here:

- a page links only to what exists on this site;
- these pages say the same to everyone and keep nothing: they work without JavaScript.
"""

from typing import cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from vault.web.shell import Frame, render

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """Say what the site does, and for whom."""
    return render(request, "vault/home.html")


@router.get("/aide")
def help_page(request: Request) -> HTMLResponse:
    """Say how to verify a document and what the answers mean."""
    return render(request, "vault/help.html")


@router.get("/couleurs.css")
def colours(request: Request) -> Response:
    """Give the town's colours, as variables of the stylesheet."""
    frame = cast("Frame", request.app.state.frame)
    return Response(
        frame.town.stylesheet(), 200, {"Cache-Control": "no-cache"}, "text/css; charset=utf-8"
    )
