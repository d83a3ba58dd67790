"""The lists of letters taken back, as anybody may fetch them: whole, signed, to be kept.

Rules kept here:

- one list an address, the same for everybody: nobody says which letter is asked about;
- no cookie, no session, nothing per letter; any page of any site may read it;
- a copy may be kept as long as the list says (`ttl`), never beyond its end; a reader who has it
  asks with its tag and gets an empty answer;
- what was published is served, and nothing else: no key is here.
"""

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response
from starlette.exceptions import HTTPException

from sealing.proofs.status_list import Claims, ParsedStatusList, StatusListError

PREFIX: Final = "/statuts/"
MEDIA_TYPE: Final = "application/statuslist+jwt"
_NUMBER: Final = re.compile("0|[1-9][0-9]{0,3}")
_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def router(folder: Path) -> APIRouter:
    """Make the route of a folder of published lists."""
    routes = APIRouter()

    @routes.head(PREFIX + "{number}", include_in_schema=False)
    @routes.get(PREFIX + "{number}")
    def status_list(number: str, if_none_match: Annotated[str, Header()] = "") -> Response:
        """Give one list of letters taken back, as it was signed."""
        path = folder / f"{number}.jwt"
        try:
            data = path.read_bytes() if _NUMBER.fullmatch(number) else b""
            claims = ParsedStatusList.parse(data).claims
        except (FileNotFoundError, StatusListError):
            raise HTTPException(404) from None
        tag = f'"{sha256(data).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": f"public, max-age={_kept(claims)}", **_OPEN}
        if tag in if_none_match:
            return Response(None, 304, headers)
        return Response(data, 200, headers, MEDIA_TYPE)

    return routes


def _kept(claims: Claims) -> int:
    """Give for how many seconds a copy may be kept."""
    left = int((claims.exp or claims.iat) - datetime.now(UTC).timestamp())
    return max(0, min(claims.ttl or 0, left))
