"""The published derivations of the safe, as bytes."""

import base64
import json
from typing import Any

from support.shared import shared


def published(part: str) -> dict[str, Any]:
    """Give one part of `keys.json`; text that is base64 of bytes stays text: see `raw`."""
    vectors = json.loads(shared("design/schemas/vectors/keys.json").read_text("utf-8"))
    found: dict[str, Any] = vectors[part]
    return {"account": raw(vectors["account"]), **found}


def raw(text: str) -> bytes:
    """Read base64, either alphabet, padded or not."""
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
