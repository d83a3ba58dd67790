"""The safe's signed receipt: at this time, this document version was taken into that account.

Rules kept here:

- a receipt is a signed message of type `coffre-vault-receipt+jwt`, signed by the safe's own key;
- it names ciphertext alone: account, document, version, object, size, SHA-256, and the head of the
  person's index that holds the act. Who lost a document can show what the safe once had;
- it is made after the transaction's rows and answered with the acknowledgement, never before.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final, Self

from vault.errors import VaultError
from vault.format.canonical import CanonicalError, from_base64url, to_base64url
from vault.format.signed_message import MessageSigner, ParsedMessage, PublicKey, sign

TYPE: Final = "coffre-vault-receipt+jwt"
_OPAQUE: Final = ("jti", "account", "document", "blob_id", "sha256", "head")
_NUMBERS: Final = ("v", "iat", "version", "size", "n")
_MEMBERS: Final = frozenset((*_OPAQUE, *_NUMBERS, "iss"))
_ID: Final = 16
_DIGEST: Final = 32


class ReceiptError(VaultError):
    """These characters are no receipt of a safe."""

    code: ClassVar[str] = "receipt.malformed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the safe acknowledges. Identifiers are 16 bytes, digests 32; `size` in bytes."""

    jti: bytes
    iss: str
    at: datetime
    account: bytes
    document: bytes
    version: int
    blob_id: bytes
    size: int
    sha256: bytes
    n: int
    head: bytes

    def issue(self, signer: MessageSigner) -> str:
        """Sign this receipt with the safe's key."""
        claims: dict[str, object] = {name: to_base64url(getattr(self, name)) for name in _OPAQUE}
        claims |= {"v": 1, "iss": self.iss, "iat": int(self.at.timestamp())}
        claims |= {"version": self.version, "size": self.size, "n": self.n}
        return sign(TYPE, claims, signer)

    @classmethod
    def verify(cls, token: str, key: PublicKey) -> Self:
        """Read a receipt signed by the safe's key; raise MessageError's children, ReceiptError."""
        claims = ParsedMessage.parse(token, limit=4096).verify(TYPE, key).claims
        if set(claims) != _MEMBERS or claims["v"] != 1 or not isinstance(claims["iss"], str):
            raise ReceiptError("got other members than those of a receipt")
        if not all(type(claims[name]) is int and claims[name] >= 0 for name in _NUMBERS):
            raise ReceiptError("got a number that is none")
        try:
            return cls(
                jti=from_base64url(claims["jti"], _ID),
                iss=claims["iss"],
                at=datetime.fromtimestamp(claims["iat"], UTC),
                account=from_base64url(claims["account"], _ID),
                document=from_base64url(claims["document"], _ID),
                version=claims["version"],
                blob_id=from_base64url(claims["blob_id"], _ID),
                size=claims["size"],
                sha256=from_base64url(claims["sha256"], _DIGEST),
                n=claims["n"],
                head=from_base64url(claims["head"], _DIGEST),
            )
        except (CanonicalError, ValueError, OverflowError) as error:
            raise ReceiptError(f"got a member that has not its form: {error}") from error
