"""An order as it comes: read, allowed, and known again."""

import hashlib
import json
from collections.abc import Mapping
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from sealing.service import api_keys
from sealing.service.api_keys import ApiKey
from sealing.web.models import Order

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
    api_keys.chosen_signer(who.terms, order.signer)
