"""From a request to the application that asks: its key in `Authorization: Bearer` → `ApiKey`.

Rules kept here:

- a key comes in that header alone: never by cookie, in an address or in a body, so no browser's
  session reaches these routes; a cookie beside it is refused;
- whatever is wrong with it, the answer is one 401, found by the same work;
- wrong keys are counted for each address, here and not in the database: after thirty in a quarter
  of an hour they are answered 429. A right key is never held back;
- the Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) is a string, quoted or not.
"""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from sealing.errors import SealingError
from sealing.service import api_keys
from sealing.service.api_keys import ApiKey, ApiKeyRefusedError
from storage.database import DatabaseUnavailableError, reading, transaction
from vault.web.session import Here

REPEAT_KEY: Final = "idempotency-key"
LONGEST_REPEAT_KEY: Final = 255
_BEARER: Final = "bearer "
_LONGEST: Final = 128
_FREE: Final = 30
_SPAN: Final = timedelta(minutes=15)
_ADDRESSES: Final = 10_000


class RepeatKeyMissingError(SealingError):
    """The request has no Idempotency-Key."""

    code: ClassVar[str] = "idempotency.key-missing"


class RepeatKeyFormError(SealingError):
    """The Idempotency-Key is empty, too long or unprintable. Details: `limit`."""

    code: ClassVar[str] = "idempotency.key-form"


class TooManyKeysError(SealingError):
    """Too many wrong keys came from this address. Details: `seconds`."""

    code: ClassVar[str] = "api-key.too-many"
    retryable: ClassVar[bool] = True


@dataclass(slots=True)
class WrongKeys:
    """How many wrong keys came of late, by address; the oldest addresses are forgotten."""

    _counts: OrderedDict[str, tuple[int, datetime]] = field(default_factory=OrderedDict)

    def count(self, address: str, now: datetime) -> None:
        """Count one more; raise TooManyKeysError beyond what is free."""
        count, since = self._counts.pop(address, (0, now))
        if now - since > _SPAN:
            count, since = 0, now
        self._counts[address] = (count + 1, since)
        while len(self._counts) > _ADDRESSES:
            self._counts.popitem(last=False)
        if count >= _FREE:
            left = int((since + _SPAN - now).total_seconds()) + 1
            raise TooManyKeysError("got wrong keys from one address", seconds=left)


# Tells OpenAPI how a key is shown; what is shown is read below, strictly.
Shown = Annotated[object, Depends(HTTPBearer(auto_error=False, scheme_name="apiKey"))]


def caller(request: Request, here: Here, _shown_key: Shown) -> ApiKey:
    """Find the living key of a request; raise ApiKeyRefusedError, TooManyKeysError."""
    now = here.clock()
    try:
        with reading(here.engine) as session:
            found = api_keys.find(session, _shown(request))
    except ApiKeyRefusedError:
        wrong: WrongKeys = request.app.state.wrong_keys
        wrong.count(request.client.host if request.client else "", now)
        raise
    if api_keys.is_stale(found, now):
        # A full disk refuses no one who only fetches what is sealed, and so makes room.
        with suppress(DatabaseUnavailableError), transaction(here.engine) as session:
            api_keys.touch(session, found, now)
    return found


Caller = Annotated[ApiKey, Depends(caller)]


def repeat_key(request: Request) -> str:
    """Give the request's Idempotency-Key; raise RepeatKeyMissingError, RepeatKeyFormError."""
    shown = request.headers.getlist(REPEAT_KEY)
    if not shown:
        raise RepeatKeyMissingError("got no Idempotency-Key")
    text = shown[0].strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        text = text[1:-1]
    printable = text.isascii() and text.isprintable()
    if len(shown) > 1 or not text or len(text) > LONGEST_REPEAT_KEY or not printable:
        limit = LONGEST_REPEAT_KEY
        raise RepeatKeyFormError("got an Idempotency-Key of another form", limit=limit)
    return text


RepeatKey = Annotated[str, Depends(repeat_key)]


def _shown(request: Request) -> str:
    """Give the key that a request shows; what is no key finds none, by the same work."""
    shown = request.headers.getlist("authorization")
    if len(shown) != 1 or "cookie" in request.headers:
        return ""
    if shown[0][: len(_BEARER)].lower() != _BEARER or len(shown[0]) > _LONGEST:
        return ""
    return shown[0][len(_BEARER) :].strip()
