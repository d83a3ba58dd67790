"""Identity bundle: the seeds of an account, closed under its key.

Rules kept here:

- three seeds of 32 random bytes, all new at each epoch: what opens documents (`age1pq`), what signs
  the index, what the pairwise keys come from; and the seeds of former epochs;
- a committing wrap under the account's key, bound to account and epoch;
- public keys are derived from the seeds and compared with those that the server shows: it cannot
  put its own in their place.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from vault.crypto import kdf, wrap
from vault.crypto.age.mlkem768x25519 import HybridIdentity, HybridRecipient
from vault.crypto.keys import MasterKey, Secret, SigningSeed
from vault.crypto.wrap import WrapError
from vault.errors import VaultError
from vault.format import canonical
from vault.format.canonical import CanonicalError, Json, from_base64url, to_base64url

_NAMES = {"pq_seed", "sign_seed", "pair_seed"}


class BundleError(VaultError):
    """The identity bundle does not open or does not read."""

    code: ClassVar[str] = "account.bundle"


class IdentityMismatchError(VaultError):
    """The public keys that the server shows are not those of the account."""

    code: ClassVar[str] = "account.identity-mismatch"


class PairSeed(Secret):
    """What one signing key per service is derived from."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PublicIdentity:
    """What others know of an account: recipient, and key that its signatures check with."""

    recipient: HybridRecipient
    signing_key: bytes


@dataclass(frozen=True, slots=True)
class Seeds:
    """The secrets of one epoch."""

    pq: HybridIdentity
    sign: SigningSeed
    pair: PairSeed

    @classmethod
    def generate(cls) -> Self:
        """Draw new ones."""
        return cls(HybridIdentity.generate(), SigningSeed.generate(), PairSeed.generate())

    def public(self) -> PublicIdentity:
        """Derive the public keys."""
        return PublicIdentity(self.pq.recipient(), self.sign.public())

    def to_json(self) -> dict[str, Json]:
        """Give the members: secrets as text."""
        return {
            "pq_seed": to_base64url(self.pq.secret),
            "sign_seed": to_base64url(self.sign.secret),
            "pair_seed": to_base64url(self.pair.secret),
        }

    @classmethod
    def parse(cls, members: Json) -> Self:
        """Read the members; raise BundleError."""
        if not isinstance(members, Mapping) or set(members) != _NAMES:
            raise BundleError("got seeds with other members than the three")
        pq, sign, pair = (
            from_base64url(members[name], 32) for name in ("pq_seed", "sign_seed", "pair_seed")
        )
        return cls(HybridIdentity(pq), SigningSeed(sign), PairSeed(pair))


@dataclass(frozen=True, slots=True)
class IdentityBundle:
    """The seeds of this epoch, and those of the epochs before it."""

    seeds: Seeds
    former: tuple[Seeds, ...] = ()


def close_bundle(master: MasterKey, account: bytes, epoch: int, bundle: IdentityBundle) -> bytes:
    """Close the bundle of an account for an epoch."""
    former = [seeds.to_json() for seeds in bundle.former]
    plain = canonical.encode({**bundle.seeds.to_json(), "former": former})
    return wrap.wrap(master, kdf.WRAP_BUNDLE, plain, _binding(account, epoch))


def open_bundle(master: MasterKey, account: bytes, epoch: int, wrapped: bytes) -> IdentityBundle:
    """Open the bundle of an account for an epoch; raise BundleError."""
    try:
        plain = wrap.unwrap(master, kdf.WRAP_BUNDLE, wrapped, _binding(account, epoch))
        members = dict(canonical.decode(plain))
        former = members.pop("former", None)
        if not isinstance(former, list):
            raise BundleError("got a bundle without its former seeds")
        return IdentityBundle(Seeds.parse(members), tuple(Seeds.parse(each) for each in former))
    except (WrapError, CanonicalError) as error:
        raise BundleError("got a bundle that does not open or does not read") from error


def check_public(seeds: Seeds, shown: PublicIdentity) -> None:
    """Raise IdentityMismatchError unless the public keys shown are those of the seeds."""
    ours = seeds.public()
    same_recipient = hmac.compare_digest(ours.recipient.public, shown.recipient.public)
    if not same_recipient or not hmac.compare_digest(ours.signing_key, shown.signing_key):
        raise IdentityMismatchError("got other public keys than those of the seeds")


def _binding(account: bytes, epoch: int) -> bytes:
    return canonical.encode({"account": to_base64url(account), "epoch": epoch})
