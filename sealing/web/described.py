"""What OpenAPI is told of routes whose bodies are streamed and whose answers are of two kinds."""

from typing import Any, Final

from pydantic import BaseModel

from sealing.web.models import MailingOrder, SealOrder

_BINARY: Final = {"type": "string", "format": "binary"}
_REPEAT_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A name of the application's own; the same again gives the same result.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 257},
}


def _form(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


SEAL_BODY: Final = {
    "application/pdf": {"schema": _BINARY},
    "multipart/form-data": {
        "schema": _form({"letter": _BINARY, "order": SealOrder.model_json_schema()}, ["letter"])
    },
}
MAILING_BODY: Final = {
    "multipart/form-data": {
        "schema": _form(
            {
                "order": MailingOrder.model_json_schema(),
                "letters": _BINARY,
                "pdf": {"type": "array", "items": _BINARY},
                "archive": _BINARY,
            },
            [],
        )
    }
}


def described(
    body: dict[str, Any] | None, answer: type[BaseModel], other: str | None = None
) -> dict[str, Any]:
    """Give what a route's decorator is told: its body and its answer."""
    extra: dict[str, Any] = {}
    if body is not None:
        extra |= {"requestBody": {"required": True, "content": body}, "parameters": [_REPEAT_KEY]}
    responses: dict[int, dict[str, Any]] = {}
    if body is not None:
        responses[202] = {"model": answer, "description": "Taken; ask again at Location"}
    if other is not None:
        responses[201] = {"model": answer, "content": {other: {"schema": _BINARY}}}
    return {"response_model": answer, "openapi_extra": extra, "responses": responses}
