"""The root of the errors of sealing; children stand in the file that raises them."""

from typing import ClassVar

from storage.errors import CoffreError


class SealingError(CoffreError):
    """The root of the errors of sealing."""

    code: ClassVar[str] = "sealing"
