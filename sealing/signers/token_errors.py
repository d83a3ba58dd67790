"""What may be wrong with a key on a token, told apart by what the operator does next.

Details, where they help: `name`, the signer's in the settings; `token`, the token's own label.
"""

from typing import ClassVar

from sealing.signers.port import SignerError


class TokenUriError(SignerError):
    """The key's PKCS#11 address is malformed, or says too little. Details: `name`, `part`."""

    code: ClassVar[str] = "sealing.token-uri"


class PinInUriError(SignerError):
    """The address holds the PIN itself. Details: `name`."""

    code: ClassVar[str] = "sealing.token-pin-in-uri"


class TokenModuleError(SignerError):
    """The maker's library cannot be loaded. Details: `name`, `path`."""

    code: ClassVar[str] = "sealing.token-module"


class TokenAbsentError(SignerError):
    """No token is there that fits the address. Details: `name`."""

    code: ClassVar[str] = "sealing.token-absent"
    retryable: ClassVar[bool] = True


class TokenAmbiguousError(SignerError):
    """Several tokens, or several keys of one, fit the address. Details: `name`, `count`."""

    code: ClassVar[str] = "sealing.token-ambiguous"


class TokenKeyAbsentError(SignerError):
    """The token has no private key that fits the address. Details: `name`, `token`."""

    code: ClassVar[str] = "sealing.token-key-absent"


class TokenKeyRefusedError(SignerError):
    """The token does not sign with this key as we ask. Details: `name`, `token`, `why`."""

    code: ClassVar[str] = "sealing.token-key-refused"


class PinMissingError(SignerError):
    """The token wants a PIN, and none was given. Details: `name`, `token`."""

    code: ClassVar[str] = "sealing.token-pin-missing"


class PinFileError(SignerError):
    """The file of a PIN cannot be read, or others may read it. Details: `name`, `path`."""

    code: ClassVar[str] = "sealing.token-pin-file"


class PinSharedError(SignerError):
    """One PIN was given, and several tokens want one: none is tried. Details: `count`."""

    code: ClassVar[str] = "sealing.token-pin-shared"


class PinWrongError(SignerError):
    """The token refused the PIN; it is not tried again. Details: `name`, `token`."""

    code: ClassVar[str] = "sealing.token-pin-wrong"


class PinLastTryError(SignerError):
    """One wrong PIN more would lock the token: none is tried. Details: `name`, `token`."""

    code: ClassVar[str] = "sealing.token-pin-last-try"


class PinLockedError(SignerError):
    """The token takes no PIN any more: locked, expired, never set. Details: `name`, `token`."""

    code: ClassVar[str] = "sealing.token-pin-locked"


class TokenBusyError(SignerError):
    """All sessions are taken, by us or by others. Details: `name`, `token`, `sessions`."""

    code: ClassVar[str] = "sealing.token-busy"
    retryable: ClassVar[bool] = True


class TokenLostError(SignerError):
    """The token answered, and does no more: unplugged, reset, out of reach. Details: `name`."""

    code: ClassVar[str] = "sealing.token-lost"
    retryable: ClassVar[bool] = True
