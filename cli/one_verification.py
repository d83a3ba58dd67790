"""Files judged for the API: a process that reads orders, and a child of it for each file.

Standard input: a line of JSON (language, data, settings' file, size), then the file, and so on
until it ends. Standard output: for each, eight bytes of length and JSON: the `verdict` object, or
the code and the details of a refusal; nothing at all where the child died.

Rules kept here:

- the libraries are loaded once; a file meets a child forked for it, which ends with it: 60 seconds
  of processor, 2 GiB of memory, no core, no file written (reading has its own, smaller limits:
  `verifier.reading.sandbox`); the pipes of the others are out of its reach;
- the steps are those of `coffre verify` without a record beside the file: the same answers.
"""

import json
import os
import resource
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from cli.files import STANDARD
from cli.output import SCHEMA_VERSION
from storage.errors import CoffreError
from storage.language import translator
from storage.settings import Settings
from verifier.reading.document import read_document
from verifier.reports.as_json import as_json
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Limits, Mode, TrustList
from verifier.verify import verify

LENGTH: Final = 8
_LIMITS: Final = (
    (resource.RLIMIT_CPU, 60),
    (resource.RLIMIT_AS, 2 << 30),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_FSIZE, 0),
)


def main() -> None:
    """Judge what comes by standard input, until it ends."""
    given, told = sys.stdin.buffer, sys.stdout.buffer
    while line := given.readline():
        order = json.loads(line)
        answer = _by_child(order, given.read(order["size"]))
        told.write(len(answer).to_bytes(LENGTH, "big") + answer)
        told.flush()


def _by_child(order: Mapping[str, Any], document: bytes) -> bytes:
    """Have a child judge one file; empty where it died."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        _judge(writer, order, document)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return answer


def _judge(writer: int, order: Mapping[str, Any], document: bytes) -> NoReturn:
    """Give up what the file does not need, judge it, answer, and end: in the child alone."""
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        for limit, most in _LIMITS:
            resource.setrlimit(limit, (most, most))
        answer = json.dumps(answered(order, document)).encode()
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)


def answered(order: Mapping[str, Any], document: bytes) -> dict[str, Any]:
    """Give the verdict on a file, or what forbids one."""
    try:
        config = Path(order["config"]) if order["config"] else None
        trust = _trust(Settings.load(config, data=Path(order["data"])))
        found = read_document(document, STANDARD)
        verdict = verify(found, trust, datetime.now(UTC))
    except CoffreError as error:
        return {"problem": {"code": error.code, "details": error.details}}
    members = as_json(verdict, translator(order["lang"]))
    return {"verdict": {"schema_version": SCHEMA_VERSION, "kind": "verdict", **members}}


def _trust(settings: Settings) -> TrustList:
    """Read whom the installation believes, now: lists that were renewed count at once."""
    limits = Limits.of_days(settings.directory_days, settings.crl_grace_days)
    mode, folders = Mode(settings.mode), settings.trust_folders
    return read_trust(folders, mode, limits) if folders else TrustList(mode, ())
