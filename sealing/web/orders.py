"""An order as it comes: read, allowed, known again, and taken once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError

from sealing.service import api_keys, commissions
from sealing.service.api_keys import ApiKey
from sealing.service.commissions import (
    Asked,
    Commission,
    CommissionId,
    KeyReusedError,
    State,
)
from sealing.service.storeroom import Storeroom, room_needed
from sealing.web.models import Order
from storage.database import DatabaseFullError, reading, transaction
from vault.web.session import Site

_Model = TypeVar("_Model", bound=BaseModel)


def read_order(model: type[_Model], text: bytes) -> _Model:
    """Read an order; raise RequestValidationError, which tells where it is wrong."""
    try:
        return model.model_validate_json(text or b"{}")
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)
        raise RequestValidationError(
            [{**each, "loc": ("order", *each["loc"])} for each in wrong]
        ) from None


def fingerprint_of(order: Order, parts: Mapping[str, bytes]) -> bytes:
    """Digest an order and the parts that came with it, by their names."""
    listed = [[name, digest.hex()] for name, digest in sorted(parts.items())]
    return hashlib.sha256(json.dumps([order.model_dump_json(), listed]).encode()).digest()


def allow(who: ApiKey, order: Order) -> None:
    """Raise LevelNotAllowedError or SignerNotAllowedError for what a key does not allow."""
    api_keys.require_level(who.terms, order.level)
    api_keys.require_signer(who.terms, order.signer)


@dataclass(frozen=True, slots=True)
class Taking:
    """How what a service asks is taken on."""

    here: Site
    room: Storeroom
    who: ApiKey

    @room_needed()
    def take(self, asked: Asked, keep: Callable[[CommissionId], None]) -> Commission:
        """Take a request on, or find what the same one began; one that failed is tried again.

        `keep` gives the files their place, before any row names them. Raises KeyReusedError,
        DailyLimitError, NoRoomError.
        """
        engine, now = self.here.engine, self.here.clock()
        with reading(engine) as session:
            found = commissions.known(session, self.who, asked.repeat_key, asked.fingerprint)
        if found is None:
            identifier = commissions.new_id()
            try:
                keep(identifier)
                with transaction(engine) as session:
                    found = commissions.take(session, self.who, identifier, asked, now)
            except DatabaseFullError:
                found = None  # not committed, for certain: no row needs the files
                raise
            except IntegrityError:  # another request with this key came first
                with reading(engine) as session:
                    found = commissions.known(
                        session, self.who, asked.repeat_key, asked.fingerprint
                    )
            finally:
                if found is None or found.id != identifier:
                    self.room.erase(identifier)
        if found is None:
            raise KeyReusedError("got two requests at once with one key")
        if found.state is not State.FAILED:
            return found
        with transaction(engine) as session:
            return commissions.take_up(session, found.id)
