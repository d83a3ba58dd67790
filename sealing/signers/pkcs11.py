"""Tokens through the maker's PKCS#11 library: hardware modules, cards, SoftHSM2.

Rules kept here:

- this is the only file that knows the binding (python-pkcs11, extra `hsm`), loaded with the first
  token;
- one session a process and token, whatever signers and threads there are, and one call at a time:
  the binding starts a library without locks, and PKCS#11 (2.40 section 5.4, C_Initialize) then
  allows no second call beside the first. More signatures at once want more processes;
- a session is opened with a place (`token_sessions`) and kept for the signatures that follow;
- a PIN is tried once. When it is refused all is closed, for the binding leaves that session open;
  the last try that a token has left is never spent;
- what the binding raises becomes an error of ours: refused for good, or lost (retryable).
"""

from contextlib import suppress
from dataclasses import dataclass, field
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from sealing.signers.port import KeyMismatchError, SignerError
from sealing.signers.token_access import Access
from sealing.signers.token_errors import (
    PinLastTryError,
    PinLockedError,
    PinMissingError,
    PinWrongError,
    TokenAbsentError,
    TokenAmbiguousError,
    TokenBusyError,
    TokenKeyAbsentError,
    TokenKeyRefusedError,
    TokenLostError,
    TokenModuleError,
)
from sealing.signers.token_sessions import Place
from sealing.signers.token_uri import TokenUri
from storage.errors import MissingExtraError

if TYPE_CHECKING:
    import pkcs11
    from pkcs11._pkcs11 import lib as Binding  # noqa: N812 - a class with a small letter

# What the binding raises, by the name of its class; after anything else the token is lost.
_REFUSED: Final[dict[str, type[SignerError]]] = {
    "PinIncorrect": PinWrongError,
    "PinInvalid": PinWrongError,
    "PinLenRange": PinWrongError,
    "PinLocked": PinLockedError,
    "PinExpired": PinLockedError,
    "UserPinNotInitialized": PinLockedError,
    "SessionCount": TokenBusyError,
    "MechanismInvalid": TokenKeyRefusedError,
    "MechanismParamInvalid": TokenKeyRefusedError,
    "KeyTypeInconsistent": TokenKeyRefusedError,
    "KeySizeRange": TokenKeyRefusedError,
    "FunctionNotSupported": TokenKeyRefusedError,
    "FunctionRejected": TokenKeyRefusedError,
}
# Longer than any signature: RSA of 16,384 bits.
_ROOM: Final = 2048


@dataclass(slots=True)
class Session:
    """An open session, logged in, and its place; dead once its library was stopped."""

    home: "Library"
    opened: "pkcs11.Session"
    token: str
    place: Place
    alive: bool = True


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A private key of a token, within a session. `pin` is for a key that wants it each time."""

    session: Session
    key: Any
    mechanism: "pkcs11.Mechanism"
    pin: str | None = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Sign; raise what the binding raises."""
        signature: bytes = self.key.sign(
            data, mechanism=self.mechanism, pin=self.pin, buffer_size=_ROOM
        )
        return signature


class Library:
    """One maker's library in this process. Whoever calls it holds its `turn`."""

    def __init__(self, path: str, *, inherited: bool) -> None:
        """Have it ready; `inherited`: a parent process may have started it."""
        self.turn = RLock()
        self._path, self._inherited = path, inherited
        self._started: Binding | None = None
        self._sessions: dict[int, Session] = {}

    def token(self, access: Access) -> "pkcs11.Token":
        """Find the token that an address names.

        Raises MissingExtraError, TokenModuleError, TokenAbsentError, TokenAmbiguousError.
        """
        try:
            with access.places.opening(self._path):
                binding = self._start(access)
                fitting = [
                    token
                    for slot in binding.get_slots(token_present=True)
                    if (token := _token_in(slot)) is not None and _fits(access.uri, binding, token)
                ]
        except bound().PKCS11Error as error:
            self.stop()
            raise TokenAbsentError(f"got {_why(error)}", name=access.name) from error
        if not fitting:
            self.stop()  # some libraries see a new token only when they start
            raise TokenAbsentError("got no token that fits", name=access.name)
        if len(fitting) > 1:
            count = len(fitting)
            raise TokenAmbiguousError(f"got {count} tokens", name=access.name, count=count)
        return fitting[0]

    def key(self, access: Access, kind: str, mechanism: str) -> HeldKey:
        """Open a token, and find a private key of the type `kind` on it.

        Raises what `token` raises, KeyMismatchError or another of `token_errors`.
        """
        session = self._session(access)
        api, name, label = bound(), access.name, session.token
        try:
            found: list[Any] = list(session.opened.get_objects(_template(access.uri)))
            if not found:
                raise TokenKeyAbsentError("got no key that fits", name=name, token=label)
            if len(found) > 1:
                count = len(found)
                raise TokenAmbiguousError(f"got {count} keys", name=name, count=count)
            [key] = found
            if key.key_type is not api.KeyType[kind]:
                raise KeyMismatchError(f"got a key of another type than {kind}", name=name)
            if not hasattr(key, "sign"):
                why = "CKA_SIGN"
                raise TokenKeyRefusedError(f"got no {why}", name=name, token=label, why=why)
            pin = access.pin.get_secret_value() if access.pin and _each_time(key) else None
        except api.PKCS11Error as error:
            self.stop()
            raise told(error, access, label) from error
        return HeldKey(session, key, api.Mechanism[mechanism], pin)

    @property
    def open(self) -> bool:
        """Tell whether a session is open: it may have died unseen."""
        return bool(self._sessions)

    def holds(self, held: HeldKey) -> bool:
        """Tell whether a key can still be asked: a parent process's, or one from before, cannot."""
        return held.session.home is self and held.session.alive

    def stop(self) -> None:
        """Close all that is open; the next call starts anew."""
        started, self._started = self._started, None
        if started is not None:
            with suppress(bound().PKCS11Error):
                started.finalize()
        for session in self._sessions.values():
            session.alive = False
            session.place.give_back()  # only now: the token has one session less
        self._sessions = {}

    def _start(self, access: Access) -> "Binding":
        """Start the library in this process, if it is not."""
        if self._started is None:
            try:
                loaded = bound().lib(self._path)
            except bound().PKCS11Error as error:
                # The binding has one class for what cannot be loaded and for codes it knows not.
                if type(error) is not bound().PKCS11Error or "loading" not in str(error):
                    raise
                raise TokenModuleError(f"got {error}", name=access.name, path=self._path) from error
            if self._inherited:
                with suppress(bound().PKCS11Error):
                    loaded.finalize()
                loaded.initialize()
                self._inherited = False
            self._started = loaded
        return self._started

    def _session(self, access: Access) -> Session:
        token = self.token(access)
        slot = token.slot.slot_id
        if slot not in self._sessions:
            self._sessions[slot] = self._open(token, access)
        return self._sessions[slot]

    def _open(self, token: "pkcs11.Token", access: Access) -> Session:
        pin, label = pin_for(token, access), name_of(token)
        place = access.places.take(f"{self._path}\0{token.serial!r}\0{token.label}")
        if place is None:
            sessions = access.places.limit
            raise TokenBusyError("got no place", name=access.name, token=label, sessions=sessions)
        try:
            with access.places.opening(self._path):
                return Session(self, token.open(user_pin=pin), label, place)
        except BaseException as error:
            self.stop()
            place.give_back()
            if isinstance(error, bound().PKCS11Error):
                raise told(error, access, label) from error
            raise


def bound() -> ModuleType:
    """Give the binding; raise MissingExtraError where it is not installed."""
    try:
        import pkcs11  # noqa: PLC0415 - an extra, for whoever has a token
    except ImportError as error:
        raise MissingExtraError("got no PKCS#11 binding", extra="hsm") from error
    return pkcs11


def told(error: Exception, access: Access, token: str) -> SignerError:
    """Give our error for one of the binding."""
    why, sessions = _why(error), access.places.limit
    kind = _REFUSED.get(type(error).__name__, TokenLostError)
    return kind(f"got {why}", name=access.name, token=token, why=why, sessions=sessions)


def name_of(token: "pkcs11.Token") -> str:
    """Give what people call a token: its label, else its number."""
    return token.label or token.serial.decode("ascii", "replace")


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _token_in(slot: "pkcs11.Slot") -> "pkcs11.Token | None":
    """Give the token of a slot; None where it is none that can be used."""
    try:
        token = slot.get_token()
    except (bound().TokenNotPresent, bound().TokenNotRecognised):
        return None
    return token if token.flags & bound().TokenFlag.TOKEN_INITIALIZED else None


def _fits(uri: TokenUri, binding: "Binding", token: "pkcs11.Token") -> bool:
    slot = token.slot
    pairs: tuple[tuple[object, object], ...] = (
        (uri.token, token.label),
        (uri.manufacturer, token.manufacturer_id),
        (uri.serial, token.serial.decode("utf-8", "replace")),
        (uri.model, token.model),
        (uri.slot_id, slot.slot_id),
        (uri.slot_manufacturer, slot.manufacturer_id),
        (uri.slot_description, slot.slot_description),
        (uri.library_manufacturer, binding.manufacturer_id),
        (uri.library_description, binding.library_description),
        (uri.library_version, binding.library_version),
    )
    return all(wanted is None or wanted == got for wanted, got in pairs)


def _template(uri: TokenUri) -> "dict[pkcs11.Attribute, Any]":
    api = bound()
    wanted: dict[pkcs11.Attribute, Any] = {api.Attribute.CLASS: api.ObjectClass.PRIVATE_KEY}
    if uri.label is not None:
        wanted[api.Attribute.LABEL] = uri.label
    if uri.id is not None:
        wanted[api.Attribute.ID] = uri.id
    return wanted


def pin_for(token: "pkcs11.Token", access: Access) -> Any:  # noqa: ANN401 - a PIN or the pad's mark
    """Give what opens a token: a PIN, the mark of its own keypad, or nothing."""
    flags, kinds = token.flags, bound().TokenFlag
    told_of = {"name": access.name, "token": name_of(token)}
    if not flags & kinds.LOGIN_REQUIRED:
        return None
    if flags & kinds.USER_PIN_LOCKED:
        raise PinLockedError("got a locked token", **told_of)
    if access.pin is None and flags & kinds.PROTECTED_AUTHENTICATION_PATH:
        return bound().PROTECTED_AUTH
    if access.pin is None:
        raise PinMissingError("got no PIN", **told_of)
    if flags & kinds.USER_PIN_FINAL_TRY:
        raise PinLastTryError("got a token with one try left", **told_of)
    return access.pin.get_secret_value()


def _each_time(key: Any) -> bool:  # noqa: ANN401 - of the binding
    """Tell whether a key wants the PIN for each signature; a token may not know of that."""
    try:
        return bool(key[bound().Attribute.ALWAYS_AUTHENTICATE])
    except bound().AttributeTypeInvalid:
        return False
