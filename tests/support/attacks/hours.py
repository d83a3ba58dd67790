"""Seals out of their time: ended, not begun, revoked; time-stamps of others, lists of others."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

from support.attacks.attack import Answer, Attack, Reader, failed, unsure
from support.attacks.holders import (
    Like,
    like,
    own_seal,
    revoked_at,
    trusting,
    twins,
    with_lists,
)
from support.attacks.material import sealed
from support.attacks.signing import Cms, signed_by
from support.authorities import certomancer, revocation_list
from support.letters import letter
from support.pages import trust
from support.sealers import NOW, sealer_at, town

from cli.demo.pki import Holder
from sealing.authorities.token import Question
from sealing.der import one, values
from sealing.service.letter import Letter, seal_letter
from sealing.service.levels import Level
from sealing.service.profile import Profile
from verifier.check import SubIndication

FAMILY = "hours"
DAY = timedelta(days=1)
ENDED = NOW + 1_200 * DAY
_OVER = unsure("certificate-out-of-date", SubIndication.OUT_OF_BOUNDS_NO_POE)
_AHEAD = unsure("signed-in-future", SubIndication.TIMESTAMP_ORDER_FAILURE)
_CHAIN = unsure("validation-not-passed", SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE)
_REVOKED = failed("revoked", SubIndication.REVOKED)
_NO_LIST = unsure("no-list", SubIndication.TRY_LATER)
_TOO_OLD = unsure("list-too-old", SubIndication.TRY_LATER)
_BROKEN = unsure("time-stamp-broken")


@cache
def at_level(level: Level) -> bytes:
    """Seal a letter at a level."""
    return seal_letter(Letter(letter()), sealer_at(level), Profile(level=level), NOW, bytes(10)).pdf


def stamp_by(holder: Holder | None, about: bytes | None = None) -> Callable[[bytes], bytes]:
    """Stamp a signature, or something else, by somebody's key."""

    def stamp(signature: bytes) -> bytes:
        digest = hashlib.sha256(signature if about is None else about).digest()
        answer = certomancer(holder)(Question(digest, "sha256", 1).encode())
        return bytes(values(one(answer).content)[1].encoded)

    return stamp


def stamped(holder: Holder | None, seal: Holder | None = None, about: bytes | None = None) -> bytes:
    """Give a letter sealed and stamped by hand."""
    return signed_by(seal, Cms(stamp=stamp_by(holder, about)))


def _certificates() -> Iterator[tuple[str, bytes, Reader, Answer]]:
    for level in Level:
        pdf = at_level(level)
        yield f"{level}, years after its end", pdf, Reader(at=ENDED), _OVER
        yield f"{level}, before its certificate", pdf, Reader(at=NOW - 30 * DAY), _AHEAD
    middle = town()[0].intermediate
    for name, days, answer in (
        ("ended yesterday", (-30 * DAY, -DAY), _OVER),
        ("ended an hour ago", (-30 * DAY, -DAY / 24), _OVER),
        ("begins tomorrow", (DAY, 30 * DAY), _CHAIN),
        ("of a year that is over", (-400 * DAY, -35 * DAY), _OVER),
    ):
        leaf = like(own_seal().certificate, middle, Like(days=days))
        yield f"a certificate {name}", signed_by(leaf), Reader(), answer
    old = like(middle.certificate, town()[0].root, Like(days=(-30 * DAY, -DAY)))
    leaf = like(own_seal().certificate, old)
    pdf = signed_by(leaf, Cms(carried=(old.certificate,)))
    yield "an authority that ended", pdf, Reader(trusting(old)), _CHAIN


def _revoked() -> Iterator[tuple[str, bytes, Reader, Answer]]:
    """Revoke before and after; what is revoked is so whatever the date, and whatever the stamps."""
    own = own_seal()
    for level in Level:
        for name, when in (("before", NOW - DAY / 4), ("after", NOW + DAY)):
            lists = with_lists(revoked_at(when, own))
            reader = Reader(lists, NOW + 2 * DAY)
            yield f"{level}, revoked {name} the seal", at_level(level), reader, _REVOKED
    made = town()[0]
    above = with_lists(revoked_at(NOW - DAY / 4, made.intermediate, issuer=made.root))
    yield "its authority revoked", sealed().pdf, Reader(above), _REVOKED
    late = with_lists(revoked_at(NOW - 40 * DAY, own), alone=True)
    yield "revoked by a list that is old", sealed().pdf, Reader(late), _REVOKED


def _lists() -> Iterator[tuple[str, bytes, Reader, Answer]]:
    """Take the lists of revocations away, or put others in their place."""
    made, pdf = town()[0], at_level(Level.B_LT)
    root = revocation_list(made.root)
    yield "no list", pdf, Reader(with_lists(alone=True)), _NO_LIST
    yield "no list of the seals", pdf, Reader(with_lists(root, alone=True)), _NO_LIST
    other = revocation_list(twins()["middle"])
    yield "the list of a homonym", pdf, Reader(with_lists(root, other, alone=True)), _NO_LIST
    by_leaf = revocation_list(made.intermediate, signed_by=own_seal())
    yield "a list signed by the seal", pdf, Reader(with_lists(root, by_leaf, alone=True)), _NO_LIST
    dates = (NOW - 40 * DAY, NOW - 20 * DAY)
    old = revocation_list(made.intermediate, dates=dates)
    yield "a list too old", pdf, Reader(with_lists(root, old, alone=True)), _TOO_OLD
    scope = {"only_contains_ca_certs": True}
    part = revocation_list(made.intermediate, scope=scope)
    yield "a list of authorities alone", pdf, Reader(with_lists(root, part, alone=True)), _NO_LIST
    nobody = replace(trust(), authorities=())
    answer = unsure("issuer-not-trusted", SubIndication.NO_CERTIFICATE_CHAIN_FOUND)
    yield "an empty folder", pdf, Reader(nobody), answer


def _stamps() -> Iterator[tuple[str, bytes, Reader, Answer]]:
    """Give the seal of a certificate that ended the time-stamps of others."""
    made = town()[0]
    ended = like(own_seal().certificate, made.intermediate, Like(days=(-30 * DAY, -DAY)))
    stranger = twins()["tsa"]
    for name, by in {
        "no time-stamp": None,
        "a homonym's time-stamp": stranger,
        "its own time-stamp": ended,
        "the time-stamp of a seal": own_seal(),
        "an authority's time-stamp": made.intermediate,
        "a true time-stamp": made.tsa,
    }.items():
        pdf = signed_by(ended) if by is None else stamped(by, ended)
        yield f"ended, {name}", pdf, Reader(), _OVER
    yield "the time-stamp of another letter", stamped(made.tsa, about=b"x"), Reader(), _BROKEN
    empty = Cms(stamp=lambda _: bytes.fromhex("3000"))
    yield "an empty time-stamp", signed_by(None, empty), Reader(), unsure("time-stamp-unreadable")
    forged = Cms(stamp=lambda signature: _bent(stamp_by(made.tsa)(signature)))
    yield "a time-stamp with a false signature", signed_by(None, forged), Reader(), _BROKEN


def _bent(token: bytes) -> bytes:
    return token[:-1] + bytes([token[-1] ^ 1])


def attacks() -> Iterator[Attack]:
    """Make every seal out of its time."""
    for make in (_certificates, _revoked, _lists, _stamps):
        for name, pdf, reader, answer in make():
            yield Attack(name, FAMILY, pdf, answer, reader)
