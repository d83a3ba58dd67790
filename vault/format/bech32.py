"""Recipients and identities as text: Bech32 (BIP 173), without its limit of 90 characters.

Rules kept here:

- prefix, `1`, data in groups of 5 bits, then 6 characters of checksum;
- all in lower case or all in upper case, never mixed; the spare bits at the end are zero;
- at most 4,096 characters, refused before any work.

Not here: what a prefix means. Error messages never hold the text: it may be a secret.
"""

from collections.abc import Iterable
from typing import ClassVar, Final

from vault.errors import VaultError

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM: Final = 6
_LIMIT: Final = 4_096


class Bech32Error(VaultError):
    """The text is no Bech32."""

    code: ClassVar[str] = "age.key-text"


def encode(prefix: str, data: bytes) -> str:
    """Give the text, in lower case; raise Bech32Error when the prefix has no encoding."""
    if not prefix or prefix != prefix.lower() or not all("!" <= sign <= "~" for sign in prefix):
        raise Bech32Error("got a prefix that is not visible ASCII in lower case")
    groups = _regroup(data, 8, 5)
    check = _polymod([*_expand(prefix), *groups, *[0] * _CHECKSUM]) ^ 1
    groups += [check >> 5 * (_CHECKSUM - 1 - at) & 31 for at in range(_CHECKSUM)]
    return prefix + "1" + "".join(_ALPHABET[group] for group in groups)


def decode(text: str) -> tuple[str, bytes]:
    """Give the prefix, in lower case, and the data; raise Bech32Error."""
    if len(text) > _LIMIT:
        raise Bech32Error(f"got {len(text)} characters, expected {_LIMIT} at most")
    if text not in (text.lower(), text.upper()):
        raise Bech32Error("got lower and upper case together")
    prefix, one, coded = text.lower().rpartition("1")
    if not one or not prefix or len(coded) < _CHECKSUM:
        raise Bech32Error("got text without prefix, separator or checksum")
    if not all("!" <= sign <= "~" for sign in prefix):
        raise Bech32Error("got a prefix that is not visible ASCII")
    groups = [_ALPHABET.find(sign) for sign in coded]
    if -1 in groups:
        raise Bech32Error("got a character that the alphabet has not")
    if _polymod([*_expand(prefix), *groups]) != 1:
        raise Bech32Error("got a wrong checksum")
    return prefix, _ungroup(groups[:-_CHECKSUM])


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode()
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(groups: Iterable[int]) -> int:
    check = 1
    for group in groups:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ group
        for bit, term in enumerate(_GENERATOR):
            check ^= term if top >> bit & 1 else 0
    return check


def _regroup(values: Iterable[int], width: int, into: int) -> list[int]:
    """Cut values of `width` bits into groups of `into` bits; the last is filled with zeros."""
    held, bits, groups = 0, 0, []
    for value in values:
        held, bits = held << width | value, bits + width
        while bits >= into:
            bits -= into
            groups.append(held >> bits)
            held &= (1 << bits) - 1
    return [*groups, held << into - bits] if bits else groups


def _ungroup(groups: list[int]) -> bytes:
    length = len(groups) * 5 // 8
    values = _regroup(groups, 5, 8)
    if len(groups) * 5 % 8 >= 5 or any(values[length:]):  # noqa: PLR2004 - bits of a group
        raise Bech32Error("got spare bits that are not zero")
    return bytes(values[:length])
