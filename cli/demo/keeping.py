"""The demo's chapters of the safe: the citizen keeps the letter, and the server cannot read it.

The citizen's client state and passphrase stand in `citizen/`, apart from the site's data: on a real
town's machines they would be at the citizen's home.
"""

import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cli.demo.people import CLAIRE
from cli.demo.stage import SEALED, Stage, StoryError
from cli.files import writing
from storage.language import N_
from vault.client import account, documents
from vault.client.account import Credentials, Moment
from vault.client.documents import Content, Label
from vault.client.http import Connection
from vault.client.safe import Safe
from vault.client.state import Home

TITLE = "Attestation de domicile de Claire"
KIND = "sealed-residence-certificate"
_IDLE = timedelta(minutes=15)


def deposit(stage: Stage, server: str) -> str:
    """Put the sealed letter in the citizen's safe, and take it back from another device."""
    letter = stage.paper(SEALED).read_bytes()
    with opened(stage, server, "phone") as safe:
        content = Content(SEALED, len(letter), io.BytesIO(letter))
        listed, _ = documents.put(safe, content, Label(TITLE, KIND), datetime.now(UTC))
    with opened(stage, server, "laptop") as safe:
        taken = io.BytesIO()
        documents.fetch(safe, documents.find(safe, listed.id), taken)
    if taken.getvalue() != letter:
        raise StoryError("got another content from the safe", step="deposit")
    sentence = N_(
        "chiffrée avant l'envoi ({size} octets), reprise à l'identique d'un autre appareil"
    )
    return stage.tr(sentence).format(size=len(letter))


def look(stage: Stage, server: str) -> str:
    """Read everything that the server keeps, and look for what it must not know."""
    del server
    letter = stage.paper(SEALED).read_bytes()
    canaries = {
        "passphrase": secret(stage).encode(),
        "title": TITLE.encode(),
        "name": SEALED.encode(),
        "content": letter[:200],
        "end": letter[-200:],
    }
    count = size = 0
    for path in sorted((stage.folder / "site").rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        count, size = count + 1, size + len(data)
        found = [name for name, canary in canaries.items() if canary in data]
        if found:
            raise StoryError(f"got {found} in {path.name}", step="look")
    sentence = N_(
        "{count} fichiers lus, {size} octets : ni phrase secrète, ni nom, ni titre, ni contenu"
    )
    return stage.tr(sentence).format(count=count, size=size)


@contextmanager
def opened(stage: Stage, server: str, device: str) -> Iterator[Safe]:
    """Open the citizen's safe from a device; the account is created on the very first time."""
    home = Home(stage.citizen / device)
    moment = Moment(datetime.now(UTC), _IDLE)
    with Connection(server) as http:
        if (stage.citizen / "opened").exists():
            safe = account.login(http, home, Credentials(CLAIRE.login, secret(stage)), moment)
        else:
            safe = account.create(http, home, Credentials(CLAIRE.login, secret(stage)), moment)
            (stage.citizen / "opened").touch()
        yield safe


def secret(stage: Stage) -> str:
    """Give the citizen's passphrase, drawn at the first run and kept for the next ones."""
    path = stage.citizen / "passphrase"
    if not path.exists():
        stage.citizen.mkdir(parents=True, exist_ok=True)
        with writing(path, mode=0o600) as file:
            file.write(secrets.token_urlsafe(18).encode())
    return path.read_text("utf-8")
