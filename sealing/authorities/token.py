"""A time-stamp token: what is asked, and what an answer must hold to be believed.

Rules kept here (RFC 3161, RFC 5652, RFC 5816; EN 319 422):

- the question gives a digest, a random nonce, a policy where the settings name one, and wants the
  authority's certificate in the token;
- the answer is granted, for that digest, that nonce and that policy, at an hour within five minutes
  of ours: a clock that errs more makes false proofs, whichever of the two it is;
- the token is signed once, by the certificate that its own signed attributes name by digest, with
  RSA (PKCS#1 v1.5 or PSS) or ECDSA and SHA-256 or more (`signed_by`);
- that certificate is for time-stamps and nothing else (id-kp-timeStamping alone, critical), valid
  at the token's hour, and leads to an authority of the trust folders.

Bytes in, value or one typed error out: nothing of an answer is believed before all of it holds.
Revocation is asked elsewhere, once for a run (`revocation`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from sealing.authorities.chains import UNREADABLE, chain_of
from sealing.authorities.signed_data import DIGESTS, SignedData, WeakAlgorithmError, signed_by
from sealing.der import INTEGER, NULL, OCTET_STRING, SEQUENCE, Value, der, integer, oid, one, values
from sealing.errors import SealingError

SKEW: Final = timedelta(minutes=5)
TST_INFO: Final = oid("1.2.840.113549.1.9.16.1.4")
_GENERALIZED_TIME: Final = 0x18
_BIT_STRING: Final = 0x03
_TRUE: Final = b"\x01\x01\xff"
# PKIStatus: granted, grantedWithMods; waiting (RFC 3161 section 2.4.2).
_GRANTED, _WAITING = (0, 1), 3
# PKIFailureInfo: timeNotAvailable and systemFailure may be over when one asks again.
_LATER: Final = (14, 25)


class TokenError(SealingError):
    """An answer that gives no token to be believed. Details: `why`, a stable name."""

    code: ClassVar[str] = "sealing.tsa-token"


class TsaBusyError(SealingError):
    """The authority cannot stamp now: it says so, or a page of a site answers. Details: `why`."""

    code: ClassVar[str] = "sealing.tsa-busy"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Question:
    """What a token is asked for: a digest (by `algorithm`), a nonce, perhaps a policy (dotted)."""

    digest: bytes
    algorithm: str
    nonce: int
    policy: str | None = None

    @property
    def imprint(self) -> bytes:
        """Give the digest as questions write it (MessageImprint)."""
        kind = der(SEQUENCE, DIGESTS[self.algorithm].oid, NULL)
        return der(SEQUENCE, kind, der(OCTET_STRING, self.digest))

    def encode(self) -> bytes:
        """Give the TimeStampReq (DER)."""
        policy = b"" if self.policy is None else oid(self.policy)
        return der(SEQUENCE, integer(1), self.imprint, policy, integer(self.nonce), _TRUE)


@dataclass(frozen=True, slots=True)
class Token:
    """A proved token. `chain`: the stamping certificate, then its issuers as far as known."""

    der: bytes
    time: datetime
    chain: tuple[x509.Certificate, ...]


def read_answer(
    answer: bytes, question: Question, authorities: tuple[x509.Certificate, ...], now: datetime
) -> Token:
    """Give the token of an answer (TimeStampResp, DER); raise TokenError or TsaBusyError."""
    if answer.lstrip()[:1] in {b"", b"<"}:
        raise TsaBusyError("got a page, or nothing", why="page")
    try:
        status, *rest = values(one(answer).of(SEQUENCE).content)
        _require_granted(status.of(SEQUENCE))
        [token] = rest
        signed = SignedData.parse(token.encoded)
        _require(signed.content_type == TST_INFO, "form")
        time = _hour(signed.content, question)
        _require(abs(time - now) <= SKEW, "clock")
        leaf, carried = signed_by(signed)
        chain = stamping_chain(leaf, carried, authorities)
    except InvalidSignature as error:
        raise TokenError("got a signature that does not verify", why="signature") from error
    except WeakAlgorithmError as error:
        raise TokenError(f"got {error}", why="algorithm") from error
    except (*UNREADABLE, LookupError, OverflowError) as error:
        raise TokenError(f"got {type(error).__name__}: {error}", why="form") from error
    _require(leaf.not_valid_before_utc <= time <= leaf.not_valid_after_utc, "certificate-dates")
    return Token(token.encoded, time, chain)


def _require_granted(status: Value) -> None:
    number, *rest = values(status.content)
    if number.number() in _GRANTED:
        return
    bits = [value.content for value in rest if value.tag == _BIT_STRING]
    # A BIT STRING begins with the count of its unused bits; bit 0 is the first.
    failures = {
        place
        for place in range(8 * len(bits[0][1:]) if bits else 0)
        if bits[0][1 + place // 8] & 0x80 >> place % 8
    }
    if number.number() == _WAITING or failures & set(_LATER):
        raise TsaBusyError(f"got status {number.number()}, {failures}", why="busy")
    raise TokenError(f"got status {number.number()}, failures {failures}", why="refused")


def _hour(info: bytes, question: Question) -> datetime:
    """Require that a TSTInfo answers the question; give its hour."""
    version, policy, imprint, serial, time, *rest = values(one(info).of(SEQUENCE).content)
    kind, digest = values(imprint.of(SEQUENCE).content)
    named = values(kind.of(SEQUENCE).content)[0].encoded
    _require(version.number() == 1 and serial.of(INTEGER), "form")
    same = named == DIGESTS[question.algorithm].oid
    _require(same and digest.of(OCTET_STRING).content == question.digest, "imprint")
    _require(question.policy is None or policy.encoded == oid(question.policy), "policy")
    nonces = [value.number() for value in rest if value.tag == INTEGER]
    _require(nonces == [question.nonce], "nonce")
    return _moment(time.of(_GENERALIZED_TIME).content)


def _moment(text: bytes) -> datetime:
    """Read a GeneralizedTime (RFC 3161 section 2.4.2); what is below a microsecond is left out."""
    whole, _, part = text.decode("ascii").removesuffix("Z").partition(".")
    if not text.endswith(b"Z"):
        raise ValueError("an hour that is not UTC")
    moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return moment + timedelta(microseconds=int((part + "000000")[:6]))


@lru_cache(maxsize=64)
def stamping_chain(
    leaf: x509.Certificate,
    carried: tuple[x509.Certificate, ...],
    authorities: tuple[x509.Certificate, ...],
) -> tuple[x509.Certificate, ...]:
    """Require a certificate for time-stamps under one of the authorities; give its chain."""
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    alone = list(purposes.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    _require(purposes.critical and alone, "certificate-use")
    chain = chain_of(leaf, (*authorities, *carried))
    _require(any(above in authorities for above in chain[1:]), "certificate-unknown")
    return chain


def _require(holds: object, why: str) -> None:
    if not holds:
        raise TokenError(f"got a token that does not hold: {why}", why=why)
