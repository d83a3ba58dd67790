"""From the settings to what opens a token: its address, its PIN, its places.

Rules kept here:

- the PIN of a key comes from the file that its address names (`pin-source`), else from
  `COFFRE_PIN`, the file of `COFFRE_PIN_FILE`, or whoever was asked at a terminal;
- a file of a PIN is its owner's alone: one that others may read is refused, and not read;
- a PIN that comes without a token's name serves one token: with two that want one, none is tried,
  because a token that hears the PIN of another counts a wrong one.
"""

import os
from dataclasses import dataclass, field

from pydantic import SecretStr

from sealing.signers.secret_file import secret_in
from sealing.signers.token_errors import PinFileError, PinSharedError
from sealing.signers.token_sessions import Places
from sealing.signers.token_uri import SCHEME, TokenUri
from storage.settings import Settings, SignerSettings


@dataclass(frozen=True, slots=True)
class Access:
    """What opens the token of a signer. Without a PIN, the token may still want none.

    `module` is the library's real path: two names of one file are one library.
    """

    name: str
    uri: TokenUri
    module: str
    places: Places
    pin: SecretStr | None = field(default=None, repr=False)

    @classmethod
    def of(cls, name: str, settings: Settings) -> "Access":
        """Read the address and the PIN of a signer; nothing is opened yet.

        Raises TokenUriError, PinInUriError, PinFileError or PinSharedError.
        """
        uri = TokenUri.parse(settings.signers[name].key, name)
        places = Places(settings.data / "tokens", settings.token.sessions)
        pin = settings.pin
        if uri.pin_source is not None:
            pin = _from_file(uri.pin_source, name)
        elif pin is not None:
            refuse_shared(settings)
        return cls(name, uri, os.path.realpath(uri.module), places, pin)


def on_token(row: SignerSettings) -> bool:
    """Tell whether a signer's key is on a token."""
    return row.key.startswith(SCHEME)


def refuse_shared(settings: Settings) -> None:
    """Raise PinSharedError where one PIN would be told to several tokens."""
    uris = [
        TokenUri.parse(row.key, name) for name, row in settings.signers.items() if on_token(row)
    ]
    tokens = {uri.place for uri in uris if uri.pin_source is None}
    if len(tokens) > 1:
        raise PinSharedError(f"got one PIN for {len(tokens)} tokens", count=len(tokens))


def _from_file(path: str, name: str) -> SecretStr:
    """Read a PIN: the first line of a file; raise PinFileError."""
    try:
        pin = secret_in(path)
    except (OSError, UnicodeDecodeError) as error:
        raise PinFileError("got no PIN from a file", name=name, path=path) from error
    if pin is None:
        problem = "got a file of a PIN that others may read, or empty"
        raise PinFileError(problem, name=name, path=path)
    return pin
