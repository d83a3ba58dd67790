"""The proofs that a file carries (DSS), replaced, removed or invented after the seal."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from support.attacks.attack import CHANGED, Answer, Attack, Reader, failed, unsure
from support.attacks.holders import own_seal, revoked_at, twins, with_lists
from support.attacks.hours import ENDED, at_level
from support.authorities import ocsp_question, ocsp_responder, revocation_list
from support.described import appended
from support.sealers import NOW, town

from sealing.service.levels import Level
from verifier.check import SubIndication

FAMILY = "proofs"
DAY = timedelta(days=1)
Change = Callable[[IncrementalPdfFileWriter], None]
_LOST = unsure("proofs-removed-after-sealing")
_NO_LIST = unsure("no-list", SubIndication.TRY_LATER)
_ENDED = unsure("certificate-out-of-date", SubIndication.OUT_OF_BOUNDS_NO_POE)


def _store(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    found: generic.DictionaryObject = writer.root["/DSS"]
    return found


def _saved(writer: IncrementalPdfFileWriter, store: generic.DictionaryObject) -> None:
    if store.container_ref is None:
        writer.root[pdf_name("/DSS")] = writer.add_object(store)
        writer.update_root()
    else:
        writer.update_container(store)


def _streams(writer: IncrementalPdfFileWriter, *contents: bytes) -> generic.ArrayObject:
    held = [writer.add_object(generic.StreamObject(stream_data=one)) for one in contents]
    return generic.ArrayObject(held)


def replaced(**entries: tuple[bytes, ...]) -> Change:
    """Put other proofs in the place of those of a kind."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        store = _store(writer)
        for key, contents in entries.items():
            store[pdf_name(f"/{key}")] = _streams(writer, *contents)
        _saved(writer, store)

    return change


def added(**entries: tuple[bytes, ...]) -> Change:
    """Add proofs to a file, or to those that it has."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        has = "/DSS" in writer.root
        store = _store(writer) if has else generic.DictionaryObject()
        for key, contents in entries.items():
            own = list(store[f"/{key}"]) if f"/{key}" in store else []
            held = [*own, *_streams(writer, *contents)]
            store[pdf_name(f"/{key}")] = generic.ArrayObject(held)
        _saved(writer, store)

    return change


def removed(*keys: str) -> Change:
    """Take proofs away."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        store = _store(writer)
        for key in keys:
            if f"/{key}" in store:
                del store[f"/{key}"]
        _saved(writer, store)

    return change


def taken_away(writer: IncrementalPdfFileWriter) -> None:
    """Take the whole store away."""
    del writer.root["/DSS"]
    writer.update_root()


def emptied(writer: IncrementalPdfFileWriter) -> None:
    """Put an empty store in its place."""
    writer.root[pdf_name("/DSS")] = writer.add_object(generic.DictionaryObject())
    writer.update_root()


def spoiled(writer: IncrementalPdfFileWriter) -> None:
    """Make no store of it."""
    writer.root[pdf_name("/DSS")] = pdf_string("x")
    writer.update_root()


def hiding(writer: IncrementalPdfFileWriter) -> None:
    """Hide an action in the store."""
    action = generic.DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("x()")}
    )
    store = _store(writer)
    store[pdf_name("/Own")] = writer.add_object(action)
    _saved(writer, store)


def _of_twins() -> dict[str, tuple[bytes, ...]]:
    own = twins()
    certificates = tuple(own[name].certificate.public_bytes(Encoding.DER) for name in own)
    lists = (revocation_list(own["root"]), revocation_list(own["middle"]))
    return {"Certs": certificates, "CRLs": lists}


def _removals() -> dict[str, tuple[Change, Answer]]:
    theirs = _of_twins()
    return {
        "store taken away": (taken_away, CHANGED),
        "store emptied": (emptied, _LOST),
        "store made a text": (spoiled, CHANGED),
        "certificates removed": (removed("Certs"), _LOST),
        "lists removed": (removed("CRLs"), _LOST),
        "all proofs removed": (removed("Certs", "CRLs", "OCSPs"), _LOST),
        "certificates of homonyms": (replaced(Certs=theirs["Certs"]), _LOST),
        "lists of homonyms": (replaced(CRLs=theirs["CRLs"]), _LOST),
        "lists that are none": (replaced(CRLs=(b"x",)), _LOST),
        "an action in the store": (hiding, CHANGED),
    }


def _invented() -> Iterator[tuple[str, bytes, Answer, Reader]]:
    """Add proofs to a seal that nothing else proves any more."""
    made, own = town()[0], own_seal()
    fresh = (revocation_list(made.root), revocation_list(made.intermediate))
    older = (revocation_list(made.intermediate, dates=(NOW - 9 * DAY, NOW + 9 * DAY)),)
    asked = ocsp_question(own.certificate, made.intermediate.certificate)
    good = (ocsp_responder()(asked),)
    forged = (ocsp_responder(responder=twins()["middle"])(asked),)
    theirs = _of_twins()
    revoked = failed("revoked", SubIndication.REVOKED)
    lists = with_lists(revoked_at(NOW - DAY / 4, own))
    nothing = with_lists(alone=True)
    for level in (Level.B_B, Level.B_T):
        pdf = at_level(level)
        for name, change in {
            "an older list": added(CRLs=older),
            "a fresh list": added(CRLs=fresh),
            "a good answer": added(OCSPs=good),
            "a homonym's answer": added(OCSPs=forged),
            "homonyms' lists": added(**theirs),
        }.items():
            whole = appended(pdf, change)
            if level is Level.B_T:
                yield f"ended, {name} added", whole, _ENDED, Reader(at=ENDED)
                continue
            yield f"revoked, {name} added", whole, revoked, Reader(lists)
            yield f"no list, {name} added", whole, _NO_LIST, Reader(nothing)


def attacks() -> Iterator[Attack]:
    """Touch the proofs of seals at two levels, and invent those of others."""
    for level in (Level.B_LT, Level.B_LTA):
        for name, (change, answer) in _removals().items():
            pdf = appended(at_level(level), change)
            yield Attack(f"{level}: {name}", FAMILY, pdf, answer)
    for name, pdf, answer, reader in _invented():
        yield Attack(name, FAMILY, pdf, answer, reader)
