"""The address of a key on a token: a PKCS#11 URI (RFC 7512).

Rules kept here:

- `pkcs11:` then attributes set apart by `;`, then perhaps `?` and attributes set apart by `&`;
- every attribute of the RFC that says where a key is counts, each at most once; an attribute that
  nobody reads is refused, not passed over: it may be the one that tells two keys apart;
- a character stands for itself only where the RFC lets it; `%41` and `A` are the same; text is
  UTF-8, only `id` is bytes;
- `module-path` is wanted, absolute: nothing is searched for. `module-name` is refused;
- the PIN itself (`pin-value`) is refused: settings are copied about. `pin-source` names a file.

Text in, value out: no file is opened here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Self
from urllib.parse import unquote_to_bytes

from sealing.signers.token_errors import PinInUriError, TokenUriError

SCHEME: Final = "pkcs11:"
_LIMIT: Final = 4096
_ATTRIBUTE: Final = r"([a-z-]+)=((?:[A-Za-z0-9._~:\[\]@!$'()*+,=%s-]|%%[0-9A-Fa-f]{2})*)"
_IN_PATH: Final = re.compile(_ATTRIBUTE % "&")
_IN_QUERY: Final = re.compile(_ATTRIBUTE % "/?|")
_TEXTS: Final = {
    "token": "token",
    "manufacturer": "manufacturer",
    "serial": "serial",
    "model": "model",
    "library-manufacturer": "library_manufacturer",
    "library-description": "library_description",
    "slot-manufacturer": "slot_manufacturer",
    "slot-description": "slot_description",
    "object": "label",
}
_VERSION: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,20}", re.ASCII)
_OTHERS: Final = {"id", "type", "slot-id", "library-version"}
_QUERY: Final = {"module-path", "pin-source"}
_PRIVATE: Final = "private"


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Where a key is. What is None may be anything; `module` is the maker's library."""

    module: str
    label: str | None = None
    id: bytes | None = None
    token: str | None = None
    manufacturer: str | None = None
    serial: str | None = None
    model: str | None = None
    slot_id: int | None = None
    slot_manufacturer: str | None = None
    slot_description: str | None = None
    library_manufacturer: str | None = None
    library_description: str | None = None
    library_version: tuple[int, int] | None = None
    pin_source: str | None = None

    @classmethod
    def parse(cls, text: str, name: str = "") -> Self:
        """Read an address, of the signer `name`; raise TokenUriError or PinInUriError."""
        if not text.startswith(SCHEME) or len(text) > _LIMIT:
            raise _wrong(name, SCHEME)
        path, asked, query = text.removeprefix(SCHEME).partition("?")
        if asked and not query:
            raise _wrong(name, "?")
        there = _attributes(path, ";", _IN_PATH, name)
        how = _attributes(query, "&", _IN_QUERY, name)
        if "pin-value" in how:
            raise PinInUriError("got a PIN in an address", name=name)
        for unknown in [*(set(there) - set(_TEXTS) - _OTHERS), *(set(how) - _QUERY)]:
            raise _wrong(name, unknown)
        if there.get("type", _PRIVATE.encode()) != _PRIVATE.encode():
            raise _wrong(name, "type")
        texts = {field: _text(there, key, name) for key, field in _TEXTS.items()}
        slot = _number(there, name)
        return cls(
            module=_absolute(_text(how, "module-path", name), "module-path", name),
            id=there.get("id"),
            slot_id=slot,
            library_version=_version(there, name),
            pin_source=_file(how, name),
            **texts,
        )

    @property
    def place(self) -> tuple[object, ...]:
        """Give what says which token this is: equal for the keys of one that are named alike."""
        return (
            self.module,
            self.token,
            self.manufacturer,
            self.serial,
            self.model,
            self.slot_id,
            self.slot_manufacturer,
            self.slot_description,
        )


def _wrong(name: str, part: str) -> TokenUriError:
    return TokenUriError(f"got a PKCS#11 address wrong at {part}", name=name, part=part)


def _attributes(text: str, separator: str, form: re.Pattern[str], name: str) -> Mapping[str, bytes]:
    """Read one half of an address; no attribute may come twice."""
    found: dict[str, bytes] = {}
    for piece in text.split(separator) if text else []:
        read = form.fullmatch(piece)
        if read is None or read[1] in found:
            raise _wrong(name, piece.partition("=")[0][:40])
        found[read[1]] = unquote_to_bytes(read[2])
    return found


def _text(values: Mapping[str, bytes], key: str, name: str) -> str | None:
    value = values.get(key)
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise _wrong(name, key) from None


def _number(values: Mapping[str, bytes], name: str) -> int | None:
    text = _text(values, "slot-id", name)
    if text is None:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise _wrong(name, "slot-id")
    return int(text)


def _version(values: Mapping[str, bytes], name: str) -> tuple[int, int] | None:
    text = _text(values, "library-version", name)
    if text is None:
        return None
    read = _VERSION.fullmatch(text)
    if read is None:
        raise _wrong(name, "library-version")
    return int(read[1]), int(read[2] or 0)


def _file(values: Mapping[str, bytes], name: str) -> str | None:
    """Read where the PIN is: a path, or a `file:` URI of this machine."""
    text = _text(values, "pin-source", name)
    if text is None:
        return None
    path = text.removeprefix("file:")
    if path.startswith("//"):
        path = path.removeprefix("//").removeprefix("localhost")
    return _absolute(path, "pin-source", name)


def _absolute(path: str | None, key: str, name: str) -> str:
    if path is None or "\0" in path or not PurePosixPath(path).is_absolute():
        raise _wrong(name, key)
    return path
