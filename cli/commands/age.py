"""`coffre age`: age files, with the meaning of the `age` command.

New keys are post-quantum; `--legacy` makes the kind that older programs read. What is decrypted
appears under its name only when its last chunk is proved.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader, BytesIO
from pathlib import Path
from sys import stdin
from typing import Annotated, ClassVar, TypeVar

import typer

from cli.files import STANDARD, read, writing
from cli.help import Command, group
from cli.output import Output, of
from cli.prompts import Terminal, passphrase
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import Settings
from vault.crypto.age import file, scrypt
from vault.crypto.age.detached import Identity, Recipient, open_header
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.age.scrypt import Passphrase
from vault.crypto.age.x25519 import X25519Identity, X25519Recipient
from vault.format.armor import is_armored
from vault.format.bech32 import Bech32Error
from vault.format.header import VERSION_LINE, Header

_KEY_FILE_LIMIT = 1 << 20
Key = TypeVar("Key")

app = group(N_("Chiffrer et déchiffrer des fichiers age."))

Input = Annotated[Path, typer.Argument(metavar="IN", help=N_("Fichier à lire ; - pour l'entrée."))]
Out = Annotated[
    Path,
    typer.Option("-o", "--output", metavar="OUT", help=N_("Fichier à écrire ; - pour la sortie.")),
]
Force = Annotated[bool, typer.Option("--force", help=N_("Remplacer un fichier qui existe."))]
Identities = Annotated[
    list[Path],
    typer.Option(
        "-i", "--identity", metavar="FILE", help=N_("Fichier d'identités ; l'option se répète.")
    ),
]
_STANDARD = Path(STANDARD)


class NoIdentityError(CoffreError):
    """The file is for keys, and no identity file was named."""

    code: ClassVar[str] = "age.no-identity"


class KeyFileError(CoffreError):
    """A line of a key file is no key. Details: `path`, `line`."""

    code: ClassVar[str] = "age.key-file"


class EmptyKeyFileError(CoffreError):
    """A key file holds no key. Details: `path`."""

    code: ClassVar[str] = "age.key-file-empty"


@dataclass(frozen=True, slots=True)
class Asker:
    """How a passphrase is obtained: asked for once, when it is needed."""

    output: Output

    def known(self) -> Passphrase:
        """Give the passphrase that opens."""
        return Passphrase(passphrase(Settings.load(), self.output, Terminal()))

    def new(self) -> Passphrase:
        """Give a new passphrase."""
        return Passphrase(passphrase(Settings.load(), self.output, Terminal(), new=True))


@app.command(
    "keygen",
    cls=Command,
    help=N_("Créer une identité, et dire son destinataire."),
    epilog="coffre age keygen -o identite.txt",
)
def keygen(
    ctx: typer.Context,
    out: Out = _STANDARD,
    legacy: Annotated[
        bool,
        typer.Option("--legacy", help=N_("Forme X25519, que lisent les programmes anciens.")),
    ] = False,
    force: Force = False,
) -> None:
    """Make an identity."""
    output = of(ctx)
    identity = X25519Identity.generate() if legacy else HybridIdentity.generate()
    recipient = identity.recipient().encode()
    created = datetime.now(UTC).isoformat(timespec="seconds")
    lines = (
        output.tr(N_("# créée le : {date}")).format(date=created),
        output.tr(N_("# destinataire : {recipient}")).format(recipient=recipient),
        identity.encode(),
    )
    with writing(out, force=force, mode=0o600, text=True) as target:
        target.write("".join(f"{line}\n" for line in lines).encode())
    if legacy:
        warn_legacy(output)
    if out != _STANDARD:
        output.say(output.tr(N_("Destinataire : {recipient}")).format(recipient=recipient))


@app.command(
    "encrypt",
    cls=Command,
    help=N_("Chiffrer pour des destinataires, ou avec une phrase secrète."),
    epilog="coffre age encrypt -R destinataires.txt -o lettre.pdf.age lettre.pdf",
)
def encrypt(
    ctx: typer.Context,
    source: Input = _STANDARD,
    recipient: Annotated[
        list[str],
        typer.Option("-r", "--recipient", help=N_("Destinataire age1… ; l'option se répète.")),
    ] = [],  # noqa: B006 - Typer copies it
    recipients_file: Annotated[
        list[Path],
        typer.Option(
            "-R", "--recipients-file", metavar="FILE", help=N_("Un destinataire par ligne.")
        ),
    ] = [],  # noqa: B006
    identity: Identities = [],  # noqa: B006
    with_passphrase: Annotated[
        bool, typer.Option("-p", "--passphrase", help=N_("Chiffrer avec une phrase secrète."))
    ] = False,
    armor: Annotated[bool, typer.Option("-a", "--armor", help=N_("Écrire du texte."))] = False,
    out: Out = _STANDARD,
    force: Force = False,
) -> None:
    """Encrypt a file."""
    output = of(ctx)
    asker = Asker(output)
    recipients: list[Recipient] = [file.parse_recipient(text) for text in recipient]
    for path in recipients_file:
        recipients += keys(path, read(path, limit=_KEY_FILE_LIMIT), file.parse_recipient)
    for path in identity:
        recipients += [_recipient(key) for key in identities(path, asker)]
    if with_passphrase:
        recipients.append(asker.new())
    if any(isinstance(key, X25519Recipient) for key in recipients):
        warn_legacy(output)
    with opened(source) as data, writing(out, force=force, text=armor) as target:
        if armor:
            sink = file.ArmorSink(target)
            file.encrypt(recipients, data, sink)
            sink.finish()
        else:
            file.encrypt(recipients, data, target)


@app.command(
    "decrypt",
    cls=Command,
    help=N_("Déchiffrer ; le fichier n'apparaît qu'une fois sa fin prouvée."),
    epilog="coffre age decrypt -i identite.txt -o lettre.pdf lettre.pdf.age",
)
def decrypt(
    ctx: typer.Context,
    source: Input = _STANDARD,
    identity: Identities = [],  # noqa: B006 - Typer copies it
    out: Out = _STANDARD,
    force: Force = False,
) -> None:
    """Decrypt a file."""
    asker = Asker(of(ctx))
    with opened(source) as data:
        header, payload = file.read_header(file.binary(data))
        file_key = open_header(header, openers(header, identity, asker))
        with writing(out, force=force, mode=0o600) as target:
            file.decrypt_payload(file_key, payload, target)


def openers(header: Header, paths: list[Path], asker: Asker) -> list[Identity]:
    """Give what may open this header: a passphrase, or the identities of the files."""
    if any(stanza.kind == scrypt.KIND for stanza in header.stanzas):
        return [asker.known()]
    if not paths:
        raise NoIdentityError("got a file for keys and no identity file")
    return [key for path in paths for key in identities(path, asker)]


def identities(path: Path, asker: Asker) -> list[HybridIdentity | X25519Identity]:
    """Read an identity file, which may itself be an age file under a passphrase."""
    data = read(path, limit=_KEY_FILE_LIMIT)
    if data.startswith(VERSION_LINE) or is_armored(data):
        plain = BytesIO()
        file.decrypt([asker.known()], file.binary(BytesIO(data)), plain)
        data = plain.getvalue()
    return keys(path, data, file.parse_identity)


def keys(path: Path, data: bytes, parse: Callable[[str], Key]) -> list[Key]:
    """Read one key a line; empty lines and remarks (`#`) are skipped."""
    found = []
    for number, line in enumerate(data.split(b"\n"), 1):
        text = line.strip()
        if not text or text.startswith(b"#"):
            continue
        try:
            found.append(parse(text.decode()))
        except (Bech32Error, UnicodeDecodeError) as error:
            message = f"got no key on line {number} of a key file"
            raise KeyFileError(message, path=str(path), line=number) from error
    if not found:
        raise EmptyKeyFileError("got a key file without a key", path=str(path))
    return found


def warn_legacy(output: Output) -> None:
    """Say what the older form does not promise."""
    output.remark(
        output.tr(N_("forme ancienne (X25519) : un ordinateur quantique pourra un jour l'ouvrir"))
    )


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open an input; `-` is standard input."""
    place = path if path != _STANDARD else stdin.fileno()
    with open(place, "rb", closefd=path != _STANDARD) as data:
        yield data


def _recipient(key: HybridIdentity | X25519Identity) -> Recipient:
    return key.recipient()
