"""The files that pages load: from a bundle's name to its hashed address and its digest.

Rules kept here:

- `static/manifest.json`, written by the browser's build, is the whole list: what it does not name
  is not served, so no path is ever built from a request;
- an address holds the digest of its content: it never changes and is kept for a year;
- text is compressed once, at first use; Node is needed to build, never to serve.
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Header, Response
from starlette.exceptions import HTTPException

from vault.errors import VaultError

PREFIX: Final = "/static/"
MANIFEST: Final = Path(__file__).parent / "static" / "manifest.json"
_ROOT: Final = Path(__file__).parents[2]
_FOREVER: Final = "public, max-age=31536000, immutable"
_MEDIA_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}


class AssetError(VaultError):
    """The list of bundles is absent, or does not hold a name: the installation is broken."""

    code: ClassVar[str] = "vault.asset"


@dataclass(frozen=True, slots=True)
class Asset:
    """One bundle: where it is served, what digest a browser asks of it, where it stands."""

    url: str
    integrity: str
    file: Path

    @property
    def media_type(self) -> str:
        """Give the type that its name says."""
        return _MEDIA_TYPES[self.file.suffix]


@cache
def assets() -> Mapping[str, Asset]:
    """Give every bundle by its name (`verify.js`); raise AssetError."""
    try:
        rows = json.loads(MANIFEST.read_text("utf-8"))
        found = {
            name: Asset(
                PREFIX + PurePosixPath(row["path"]).name, row["integrity"], _ROOT / row["path"]
            )
            for name, row in rows.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AssetError(f"got {error!r} from {MANIFEST.name}") from error
    return MappingProxyType(found)


def asset(name: str) -> Asset:
    """Give one bundle; raise AssetError."""
    try:
        return assets()[name]
    except KeyError as error:
        raise AssetError(f"got no bundle {name!r}") from error


router = APIRouter(include_in_schema=False)


@router.get(PREFIX + "{file}")
def static_file(file: str, accept_encoding: Annotated[str, Header()] = "") -> Response:
    """Serve one bundle by its hashed name."""
    found = next((one for one in assets().values() if one.url == PREFIX + file), None)
    if found is None:
        raise HTTPException(404)
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" in accept_encoding:
        headers["Content-Encoding"] = "gzip"
        return Response(_compressed(found.file), 200, headers, found.media_type)
    return Response(found.file.read_bytes(), 200, headers, found.media_type)


@cache
def _compressed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
