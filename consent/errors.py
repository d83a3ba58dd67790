"""The root of the errors of the consent broker; children stand in the file that raises them."""

from typing import ClassVar

from storage.errors import CoffreError


class ConsentError(CoffreError):
    """The root of the errors of the consent broker."""

    code: ClassVar[str] = "consent"
