"""A whole 2D-Doc: read it in each of its forms, write it and have it signed.

Rules kept here (2D-Doc 3.2.6 and 3.3.9):

- versions 02 to 04: `header message US signature [GS annex]`; the signature is canonical base32 of
  raw r and s: 103, 154 or 212 characters for P-256, P-384, P-521;
- version 01: `header message` and 64 raw bytes, r and s on P-256. Any byte may stand there, a line
  end or a separator too: nothing is ever repaired. Read, never issued;
- the binary form (`binary.py`) is read likewise, never repaired, never issued;
- one part of a code (`parts.py`) is no code: who reads several joins them first;
- what is signed is what was read: header and message byte for byte, without US, without annex;
- the annex is not signed: it is kept apart, in its own list, and never merged into the fields;
- damage of the road (US lost by a keyboard scanner, a final line end, separators written `<GS>`)
  is repaired only when the caller asks, and always reported; without repair it is told apart from
  a text that is wrong in itself;
- limits: 4,096 bytes (64 KiB once joined) and 200 fields; time is linear;
- writing is strict (`emission.py`);
- the key stays with the caller: `issue` takes a function from bytes to r and s.

`ParsedMessage` is what a text says; what it proves is `signature.py`'s.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sealing.twoddoc import binary
from sealing.twoddoc.conformance import header_findings, type_findings
from sealing.twoddoc.emission import STRICT, Emission, encode_unsigned
from sealing.twoddoc.fields import GS, Field, Finding, FindingCode, split, value_findings
from sealing.twoddoc.header import DamagedInTransportError, Form, Header, Reason, TwoDDocError
from sealing.twoddoc.parts import MAX_PART, is_part, join
from sealing.twoddoc.values import Value, ValueInvalidError, base32_decode, base32_encode

MAX_LENGTH: Final = MAX_PART
SIGNATURE_CHARACTERS: Final = {103: 64, 154: 96, 212: 132}
_WITHDRAWN: Final = b"DC01"
_WITHDRAWN_SIGNATURE: Final = 64
_US: Final = b"\x1f"
_CONTROLS: Final = re.compile(rb"[\x1d-\x1f]")
_WRITTEN: Final = {b"<GS>": b"\x1d", b"<RS>": b"\x1e", b"<US>": b"\x1f"}


@dataclass(frozen=True, slots=True)
class Annex:
    """What follows the signature: unsigned, anyone may have added it.

    `fields` is empty where the text cannot be cut into fields; `raw` holds it all.
    """

    raw: bytes
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A code that is well formed, proved by nothing yet. `signed` is exactly what was read."""

    header: Header
    fields: tuple[Field, ...]
    signed: bytes
    signature: bytes
    annex: Annex | None
    findings: tuple[Finding, ...]

    @property
    def made_of_bytes(self) -> bool:
        """Tell whether the code holds raw bytes: characters typed or pasted do not carry it."""
        return self.header.form is Form.BINARY or self.header.version == 1

    def encode(self) -> bytes:
        """Write it again from its parts; the bytes that were read (repaired ones, if any)."""
        body = "".join(field.encode() for field in self.fields).encode("latin-1")
        annex = self.annex.raw if self.annex else None
        if self.header.form is Form.BINARY:
            unsigned = binary.encode_header(self.header) + body
            return binary.assemble(unsigned, self.signature, annex)
        if self.header.version == 1:
            return self.header.encode() + body + self.signature
        return assemble(self.header.encode() + body, self.signature, annex)


def parse(raw: bytes, *, repair: bool = False) -> ParsedMessage:
    """Read a code; raise TwoDDocError or one of its children, by what the reader can do.

    `raw` is the bytes of the symbol; one part of a code raises PartMissingError. With `repair`,
    known damage of the road is undone and the finding `repaired-transport` says so.
    """
    if len(raw) > MAX_LENGTH:
        problem = f"got {len(raw)} bytes, expected at most {MAX_LENGTH}"
        raise TwoDDocError(Reason.TOO_LONG, problem, offset=MAX_LENGTH)
    if is_part(raw):
        join([raw])
    return _parsed(raw, repair=repair)


def parse_set(symbols: Sequence[bytes], *, repair: bool = False) -> ParsedMessage:
    """Read the code that several symbols hold; raise PartsError, then as `parse` does."""
    return _parsed(join(symbols), repair=repair)


def assemble(unsigned: bytes, signature: bytes, annex: bytes | None = None) -> bytes:
    """Join what was signed and its signature (r and s, raw); the result is the symbol's bytes.

    Raises TwoDDocError for a signature of no known length (DER, for one).
    """
    if len(signature) not in SIGNATURE_CHARACTERS.values():
        problem = f"got {len(signature)} bytes, expected r and s: 64, 96 or 132"
        raise TwoDDocError(Reason.SIGNATURE_LENGTH, problem)
    after = b"" if annex is None else GS.encode() + annex
    return unsigned + _US + base32_encode(signature).encode() + after


def issue(
    header: Header,
    values: Mapping[str, Value],
    sign: Callable[[bytes], bytes],
    emission: Emission = STRICT,
) -> bytes:
    """Write a code and have it signed: `sign` takes the bytes and gives r and s, raw."""
    unsigned = encode_unsigned(header, values, emission)
    return assemble(unsigned, sign(unsigned))


def _parsed(raw: bytes, *, repair: bool) -> ParsedMessage:
    if raw.startswith(binary.MARK):
        return _parsed_binary(raw)
    if raw.startswith(_WITHDRAWN):
        return _parsed_withdrawn(raw)
    text = _repaired(raw) if repair else raw
    header = Header.parse(text)
    _require_ascii(text)
    signed, signature_text, annex_raw = _cut(text)
    signature = _signature(signature_text, len(signed) + 1)
    fields = split(signed[header.length :].decode("ascii"), header.length)
    annex = None if annex_raw is None else _annex(annex_raw, len(text) - len(annex_raw))
    findings = _findings(header, fields, annex)
    if text != raw:
        findings.append(Finding(FindingCode.REPAIRED_TRANSPORT))
    return ParsedMessage(header, fields, signed, signature, annex, tuple(findings))


def _parsed_withdrawn(raw: bytes) -> ParsedMessage:
    header = Header.parse(raw)
    end = len(raw) - _WITHDRAWN_SIGNATURE
    if end < header.length:
        problem = f"got {len(raw) - header.length} bytes after the header, expected 64 or more"
        raise DamagedInTransportError(Reason.SIGNATURE_LENGTH, problem, offset=len(raw))
    signed = raw[:end]
    _require_ascii(signed)
    fields = split(signed[header.length :].decode("ascii"), header.length)
    findings = _findings(header, fields, None)
    return ParsedMessage(header, fields, signed, raw[end:], None, tuple(findings))


def _parsed_binary(raw: bytes) -> ParsedMessage:
    code = binary.read(raw)
    annex = None if code.annex is None else Annex(code.annex, binary.annex_blocks(code.annex))
    findings = _findings(code.header, code.blocks, annex)
    return ParsedMessage(
        code.header, code.blocks, code.signed, code.signature, annex, tuple(findings)
    )


def _findings(header: Header, fields: Sequence[Field], annex: Annex | None) -> list[Finding]:
    findings = [
        *header_findings(header),
        *value_findings(fields),
        *type_findings(header, {field.di for field in fields}),
    ]
    if annex is not None:
        findings.append(Finding(FindingCode.ANNEX_PRESENT))
    return findings


def _require_ascii(text: bytes) -> None:
    if not text.isascii():
        offset = next(place for place, byte in enumerate(text) if byte > 0x7F)  # noqa: PLR2004
        raise TwoDDocError(Reason.NON_ASCII, "got bytes above 7 bits", offset=offset)


def _cut(text: bytes) -> tuple[bytes, bytes, bytes | None]:
    signed, found, rest = text.partition(_US)
    if not found:
        problem = "got no separator before a signature: is the end of the code missing?"
        raise DamagedInTransportError(Reason.NO_SIGNATURE, problem, offset=len(text))
    if _US in rest:
        problem = "got more than one separator before a signature"
        raise TwoDDocError(Reason.SEVERAL_US, problem, offset=text.rindex(_US))
    signature, gs, annex = rest.partition(GS.encode())
    return signed, signature, annex if gs else None


def _signature(text: bytes, offset: int) -> bytes:
    if text != (bare := text.rstrip(b"\r\n")) and len(bare) in SIGNATURE_CHARACTERS:
        problem = "got a line end after the signature"
        raise DamagedInTransportError(Reason.SIGNATURE_ENCODING, problem, offset=offset + len(bare))
    if re.fullmatch(rb"[A-Z2-7]*", text) is None:
        problem = "got other characters than base32"
        raise TwoDDocError(Reason.SIGNATURE_ENCODING, problem, offset=offset)
    if len(text) not in SIGNATURE_CHARACTERS:
        problem = f"got {len(text)} characters, expected 103, 154 or 212"
        shortest = min(SIGNATURE_CHARACTERS)
        kind = DamagedInTransportError if len(text) < shortest else TwoDDocError
        raise kind(Reason.SIGNATURE_LENGTH, problem, offset=offset + len(text))
    try:
        return base32_decode(text.decode("ascii"))
    except ValueInvalidError as problem:
        message = str(problem)
        raise TwoDDocError(Reason.SIGNATURE_ENCODING, message, offset=offset) from problem


def _annex(raw: bytes, offset: int) -> Annex:
    try:
        return Annex(raw, split(raw.decode("ascii"), offset))
    except TwoDDocError:
        return Annex(raw, ())


def _repaired(raw: bytes) -> bytes:
    text = raw.rstrip(b"\r\n")
    if _CONTROLS.search(text) is None:
        for written, byte in _WRITTEN.items():
            text = text.replace(written, byte)
    if _US in text or not text.startswith(b"DC"):
        return text
    ends = [length for length in SIGNATURE_CHARACTERS if _ends_in_signature(text, length)]
    # A separator right before the last characters proves the cut; else the shortest is the usual.
    sure = [length for length in ends if text[-length - 1 : -length] in (b"\x1d", b"\x1e")]
    for length in (sure or ends)[:1]:
        return text[:-length] + _US + text[-length:]
    return text


def _ends_in_signature(text: bytes, length: int) -> bool:
    try:
        base32_decode(text[-length:].decode("ascii"))
    except (ValueInvalidError, UnicodeDecodeError):
        return False
    return len(text) > length
