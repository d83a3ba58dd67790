"""The demo's chapters of consent: one proof, handed once to one démarche, with a receipt.

Three parties, each with a folder of its own: the citizen (`citizen/`), the service (`service/`),
the operator, who signs on the installation's data (`site/`) what a service may ask.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any

from cli.demo.judging import judge
from cli.demo.keeping import opened
from cli.demo.people import CLAIRE
from cli.demo.stage import SEALED, Stage, StoryError
from cli.wiring import assemble, https_name, register_signer
from consent.client import demarche, person
from consent.client.demarche import Judged, NotRegisteredError, Service
from consent.client.service_keys import ServiceHome
from consent.messages.manifest import Item
from consent.service import register
from consent.service.register import Authority
from storage.database import transaction
from storage.language import N_
from storage.settings import Settings
from vault.client import documents
from vault.client.http import Connection, RefusedError
from verifier.check import Indication

PROCEDURE = "cantine"
REGISTRATION: Mapping[str, Any] = {
    "sub": "https://portail.valbourg.example/cantine",
    "controller": {"name": "Ville de Valbourg", "siret": "0" * 14, "dpo": "dpo@valbourg.example"},
    "procedure": {"id": PROCEDURE, "version": "1", "label": {"fr": "Inscription à la cantine"}},
    "modes": ["release"],
    "legal_basis": [{"gdpr": "6.1.e", "text": "délibération 2026-12"}],
    "allowed": [{"type": "proof-of-address", "forms": ["document"], "compulsory": True}],
    "retention_max": {"duration": "P1Y", "from": "decision"},
    "other_way": {"text": {"fr": "Au guichet de la mairie"}},
}
REQUEST: Mapping[str, Any] = {
    "procedure": PROCEDURE,
    "purpose": {"code": "tariff", "text": {"fr": "Calculer le tarif de la cantine"}},
    "requirements": [
        {
            "id": "address",
            "label": {"fr": "Justificatif de domicile"},
            "compulsory": True,
            "required_by": "règlement de la cantine, article 4",
            "one_of": [{"type": "proof-of-address", "form": "document", "min_level": "declared"}],
        }
    ],
}


@dataclass(slots=True)
class Tale:
    """What one chapter leaves to the next: where the parties are, and the request's name."""

    stage: Stage
    server: str
    request: str = ""

    @property
    def collected(self) -> Path:
        """Give the folder of what the service took."""
        return self.stage.folder / "service" / "dossier"

    def ask(self) -> str:
        """Register the service, and have it ask."""
        with Connection(self.server) as http:
            service = self.service(http)
            try:
                demarche.registration(service, PROCEDURE)
            except NotRegisteredError:
                draft = demarche.register(http, demarche.draft(service.keys, REGISTRATION))
                self.sign(draft)
            kept, _ = demarche.ask(service, REQUEST, CLAIRE.login)
        self.request = kept.id
        sentence = N_(
            "demande signée, inscrite au registre : un justificatif de domicile, une fois"
        )
        return self.stage.tr(sentence)

    def give(self) -> str:
        """Have the citizen answer with the letter of the safe."""
        now = datetime.now(UTC)
        with opened(self.stage, self.server, "phone") as safe:
            asked = person.find(safe, self.request, now)
            listed, _ = documents.listing(safe)
            # An earlier run left letters of its own.
            own = hashlib.sha256(self.stage.paper(SEALED).read_bytes()).digest()
            letter = next(each for each in listed if each.metadata.content_sha256 == own)
            given = person.grant(safe, asked, {"address": letter.id}, now)
        sentence = N_("accord signé, pour ce seul service, jusqu'au {day} ; rien n'est rechiffré")
        return self.stage.tr(sentence).format(day=f"{given.grant.expires_at:%d/%m/%Y}")

    def collect(self) -> str:
        """Have the service take it, open it, verify it, and give a receipt."""
        rmtree(self.collected, ignore_errors=True)
        self.collected.mkdir(parents=True)
        with Connection(self.server) as http:
            service = self.service(http)
            proofs = demarche.collect(service, self.request, self.collected, self.judge)
        taken = proofs.files["address"].read_bytes()
        if taken != self.stage.paper(SEALED).read_bytes():
            raise StoryError("got another content from the citizen", step="collect")
        [result] = proofs.results
        if result.indication != Indication.TOTAL_PASSED:
            raise StoryError(f"got {result.indication}", step="collect")
        with opened(self.stage, self.server, "phone") as safe:
            kept = [each for each in person.receipts(safe) if each.given.request_id == self.request]
        if len(kept) != 1:
            raise StoryError(f"got {len(kept)} receipts", step="collect")
        sentence = N_(
            "même document, cachet vérifié ; reçu signé des deux côtés, gardé par les deux"
        )
        return self.stage.tr(sentence)

    def again(self) -> str:
        """See a second collection refused."""
        folder = self.collected.with_name("encore")
        folder.mkdir(exist_ok=True)
        with Connection(self.server) as http:
            try:
                demarche.collect(self.service(http), self.request, folder, self.judge)
            except RefusedError as refused:
                if refused.reported != "grant-used":
                    raise
                return self.stage.tr(N_("refusé : un accord ne sert qu'une fois"))
            finally:
                folder.rmdir()
        raise StoryError("got a second collection", step="again")

    def service(self, http: Connection) -> Service:
        """Give the service, with keys made at the first run."""
        home = ServiceHome(self.stage.folder / "service")
        if not (self.stage.folder / "service").exists():
            home.make_keys()
        return Service(http, home, home.keys(), lambda: datetime.now(UTC))

    def sign(self, draft: str) -> None:
        """Sign, as the operator, what the service may ask."""
        data = self.stage.folder / "site"
        parts = assemble(Settings.load(data=data), self.server)
        by = Authority(register_signer(data / "keys"), f"{https_name(self.server)}/registre")
        with transaction(parts.site.engine) as session:
            register.sign(session, draft, by, parts.site.clock())

    def judge(self, item: Item, path: Path) -> Judged:
        """Verify what was handed over, as an agent would."""
        del item
        found = judge(self.stage, path.read_bytes()).conclusion
        if found is None:
            return Judged(Indication.INDETERMINATE, "SIGNED_DATA_NOT_FOUND", "declared")
        passed = found.indication is Indication.TOTAL_PASSED
        sub = None if found.sub_indication is None else str(found.sub_indication)
        return Judged(found.indication, sub, "sealed" if passed else "declared")
