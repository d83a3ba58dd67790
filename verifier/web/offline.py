"""The verifier without a network: what a browser keeps of it, and the page as a program of its own.

Rules kept here:

- the service worker is allowed for `/verifier` alone: no page of the safe is ever kept, nor
  answered from what was kept;
- what is kept has one name, a digest of all of it: bundles, the page in each language, the town's
  colours; whatever changes of these is another version, offered to the agent;
- every bundle is kept under its own digest (SRI), as a page asks for it.

Twin: `client/offline/worker.ts`, which finds here what it keeps.
"""

import hashlib
import json
from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from storage.language import languages
from vault.web.shell import Frame, language_of, sentences
from verifier.web.pages import PATH, page_in

SERVICE: Final = PATH + "/service.js"
_MANIFEST: Final = PATH + "/manifest.webmanifest"
_LISTS: Final = PATH + "/confiance.json"
_COLOURS: Final = "/couleurs.css"
_BUNDLES: Final = (
    "icon.svg",
    "pdf-jbig2.wasm",
    "pdf-openjpeg.wasm",
    "pdf-worker.js",
    "pdf.js",
    "reader.js",
    "reader.wasm",
    "seal.js",
    "site.css",
    "verify.css",
    "verify.js",
)
_ICONS: Final = {
    "icon-192.png": ("192x192", "any"),
    "icon-512.png": ("512x512", "any"),
    "icon-maskable.png": ("512x512", "maskable"),
}
_PAPER: Final = "#faf8f5"

router = APIRouter(include_in_schema=False)


@router.get(SERVICE)
def service_worker(request: Request) -> Response:
    """Give the service worker, what it keeps written in front of it."""
    told = json.dumps(kept(request), sort_keys=True)
    script = _frame(request).asset("offline.js").file.read_text("utf-8")
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": PATH}
    content = f"globalThis.coffre={told};\n{script}"
    return Response(content, 200, headers, "text/javascript; charset=utf-8")


@router.get(_MANIFEST)
def manifest(request: Request) -> JSONResponse:
    """Describe the verifier as a program that can be installed."""
    frame, lang = _frame(request), language_of(request)
    _ = sentences(lang)
    start = f"{PATH}?lang={lang}"
    icons = [
        {"src": frame.asset(name).url, "sizes": sizes, "type": "image/png", "purpose": purpose}
        for name, (sizes, purpose) in _ICONS.items()
    ]
    told = {
        "id": PATH,
        "name": " — ".join((_("Vérifier un document"), frame.town.name)),
        "short_name": _("Vérifier"),
        "description": _("Lit et vérifie un document scellé, même sans réseau. Rien n'est envoyé."),
        "lang": lang,
        "start_url": start,
        "scope": PATH,
        "display": "standalone",
        "background_color": _PAPER,
        "theme_color": frame.town.band,
        "icons": icons,
        "shortcuts": [{"name": _("Scanner"), "url": start + "#scanner", "icons": icons[:1]}],
    }
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return JSONResponse(told, 200, headers, "application/manifest+json")


def kept(request: Request) -> dict[str, Any]:
    """Say what a browser keeps, and under which version."""
    frame = _frame(request)
    bundles = [frame.asset(name) for name in _BUNDLES]
    files = {one.url: one.integrity for one in bundles}
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode())
    digest.update(frame.asset("offline.js").integrity.encode())
    digest.update(frame.town.stylesheet().encode())
    for lang in languages():
        digest.update(bytes(page_in(request, lang).body))
    return {
        "version": digest.hexdigest()[:16],
        "page": PATH,
        "languages": list(languages()),
        "bundles": files,
        "others": [_COLOURS],
        "lists": _LISTS,
    }


def _frame(request: Request) -> Frame:
    return cast("Frame", request.app.state.frame)
