"""Ouvrir un coffre exporté, sans Coffre : Python 3.11 et un programme age suffisent.

    python3 ouvrir.py                     vérifie les empreintes et nomme les fichiers
    python3 ouvrir.py --liste             ouvre la liste : titres, noms, tailles
    python3 ouvrir.py --extraire DOSSIER  ouvre tous les documents dans un dossier neuf

La phrase secrète est demandée par le programme age. Pour un autre que « age -d » :
--age "coffre age decrypt". Un coffre exporté sans --legacy demande age 1.3 ou plus récent.
"""

import argparse
import hashlib
import io
import json
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path

DATA = Path(__file__).resolve().parent


def verify() -> None:
    """Compare every file of the bag with its SHA-256."""
    lines = (DATA.parent / "manifest-sha256.txt").read_text("utf-8").splitlines()
    for line in lines:
        digest, name = line.split("  ", 1)
        with (DATA.parent / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                sys.exit(f"{name} : ce fichier a changé")
        say(name)
    say(f"{len(lines)} fichiers, tous intacts")


def decrypt(program: list[str], name: str, identity: bytes) -> bytes:
    """Open one file with the identity of the export."""
    command = [*program, "-i", "-", str(DATA / name)]
    return subprocess.run(command, input=identity, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603 - the person's own choice


def say(line: str) -> None:
    """Write a line."""
    sys.stdout.write(line + "\n")


def main() -> None:
    """Verify, then list or extract when asked."""
    asked = argparse.ArgumentParser(description="Ouvrir un coffre exporté.")
    asked.add_argument("--liste", action="store_true")
    asked.add_argument("--extraire", type=Path, metavar="DOSSIER")
    asked.add_argument("--age", type=shlex.split, default="age -d", metavar="COMMANDE")
    given = asked.parse_args()
    verify()
    if not given.liste and given.extraire is None:
        return
    key = [*given.age, str(DATA / "key.age")]
    identity = subprocess.run(key, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603 - the same
    for row in json.loads(decrypt(given.age, "metadata.json.age", identity))["documents"]:
        say(f"{row['file']}  {row['size']:>12}  {row['name']}  {row['title']}")
        if given.extraire is not None:
            extract(row, decrypt(given.age, row["file"], identity), given.extraire)


def extract(row: dict[str, str], plain: bytes, folder: Path) -> None:
    """Write the content of one document in a folder of its own."""
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        member = tar.extractfile(tar.getmembers()[0])
        content = member.read() if member else b""
    if hashlib.sha256(content).hexdigest() != row["content_sha256"]:
        sys.exit(f"{row['file']} : ce n'est pas le document de la liste")
    place = folder / Path(row["file"]).stem
    place.mkdir(parents=True)
    (place / Path(row["name"]).name).write_bytes(content)


if __name__ == "__main__":
    main()
