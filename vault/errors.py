"""The root of the errors of the safe; children stand in the file that raises them."""

from typing import ClassVar

from storage.errors import CoffreError


class VaultError(CoffreError):
    """The root of the errors of the safe."""

    code: ClassVar[str] = "vault"
