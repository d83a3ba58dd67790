"""The root of the errors of verifying; children stand in the file that raises them."""

from typing import ClassVar

from storage.errors import CoffreError


class VerifierError(CoffreError):
    """The root of the errors of verifying."""

    code: ClassVar[str] = "verifier"
