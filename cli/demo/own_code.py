"""The demo's chapters of the town code: a certificate without a 2D-Doc type, sealed all the same.

The forger of the last one does all that he can: the code stays well formed, and only its signature
is that of another name.
"""

import os
from dataclasses import replace
from datetime import UTC, datetime

from cli.demo.judging import judge, judge_text, refused, require
from cli.demo.people import ADAM, CLAIRE, MARTIN, together
from cli.demo.stage import Stage, StoryError
from sealing.service.codes import TownCodeOrder
from sealing.service.letter import Letter, Sealer, seal_letter
from sealing.service.profile import Profile
from sealing.signers.registry import town_signer
from sealing.towncode.message import assemble, parse
from storage.language import N_
from storage.settings import Settings
from verifier.check import Indication
from verifier.reports.sentences import headline
from verifier.verdict import PrintedResult

TYPE = "certificat de vie commune"
PLAIN, SEALED = "vie-commune.pdf", "vie-commune-scellee.pdf"


def seal(stage: Stage) -> str:
    """Seal a certificate of cohabitation with a town code, signed by the seal itself."""
    now = datetime.now(UTC)
    plain = together(CLAIRE, ADAM, f"{now:%d/%m/%Y}")
    stage.write(PLAIN, plain)
    values = {
        "nom": CLAIRE.surname,
        "prénoms": CLAIRE.first_name,
        "nom 2": ADAM.surname,
        "prénoms 2": ADAM.first_name,
        "adresse": CLAIRE.street,
        "code postal": CLAIRE.postcode,
        "commune": CLAIRE.town,
        "date du document": f"{now:%Y-%m-%d}",
    }
    sealer = Sealer.ready(town_signer(Settings.load(stage.pki / "coffre.toml"), now))
    letter = Letter(plain, TownCodeOrder(TYPE, values))
    sealed = seal_letter(letter, sealer, Profile(), now, os.urandom(10))
    path = stage.write(SEALED, sealed.pdf)
    sentence = N_("cachet PAdES et code de vérification de {modules} modules, relu : {path}")
    return stage.tr(sentence).format(modules=sealed.modules, path=path)


def check(stage: Stage) -> str:
    """Verify it."""
    verdict = judge(stage, stage.paper(SEALED).read_bytes())
    require("town-verify", verdict, Indication.TOTAL_PASSED)
    [code] = verdict.codes
    if code.printed_text.result is not PrintedResult.SAME:
        raise StoryError(f"got {code.printed_text.result}", step="town-verify")
    sentence = N_("« {headline} » : {type}, {count} données, toutes sur la page")
    return stage.tr(sentence).format(
        headline=headline(verdict, stage.tr), type=code.doc_type_name, count=len(code.fields)
    )


def alter(stage: Stage) -> str:
    """Write another name in the code, under the same signature, and see it refused."""
    [code] = judge(stage, stage.paper(SEALED).read_bytes()).codes
    genuine = parse(code.raw)
    pairs = tuple(
        replace(pair, value=MARTIN.surname) if pair.value == ADAM.surname else pair
        for pair in genuine.claims.pairs
    )
    claims = replace(genuine.claims, pairs=pairs)
    forged = assemble(genuine.thumbprint, claims.encode(), genuine.signature)
    verdict = judge_text(stage, forged)
    require("town-alter", verdict, Indication.TOTAL_FAILED)
    if any(one.fields for one in verdict.codes):
        raise StoryError("got values that nobody signed", step="town-alter")
    return refused(stage, verdict)
