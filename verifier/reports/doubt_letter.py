"""The letter that asks for an original, prefilled: what law wants in place of a silent refusal.

Rules kept here (CRPA R.113-10, R.113-11):

- it gives its reasons, in plain words, and accuses nobody; the person's request is not refused, and
  how long it waits is said;
- what only the service knows (whom, where, until when, who signs) is left blank, and marked;
- there is none without a doubt about the document itself (`doubts`);
- the same words as a PDF to send, and as a text to adapt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from textwrap import fill
from typing import ClassVar, Final

from storage.language import N_
from verifier.check import Check, Indication
from verifier.errors import VerifierError
from verifier.reports.doubts import doubts, is_taken_back, told
from verifier.reports.received import Received
from verifier.reports.typeset import seen, typeset
from verifier.reports.words import Maker, Words, cut, moment_of, size_of
from verifier.verdict import Difference, Verdict

_WIDTH: Final = 78
_MOST_DIFFERENCES: Final = 6


class NoDoubtError(VerifierError):
    """The document is authentic, or bears no proof: there is no reason to give."""

    code: ClassVar[str] = "verifier.no-doubt"


class OwnDoubtError(VerifierError):
    """Nothing is doubtful but our own lists or means: a person must not answer for them."""

    code: ClassVar[str] = "verifier.own-doubt"


class Kind(StrEnum):
    """What a block of the letter is."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    SUBJECT = "subject"
    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the letter."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class DoubtLetter:
    """The letter for one verdict, ready to be set."""

    blocks: tuple[Block, ...]
    received: Received
    words: Words
    maker: Maker
    test: bool

    @classmethod
    def of(cls, verdict: Verdict, received: Received, maker: Maker, words: Words) -> "DoubtLetter":
        """Write the letter; raise NoDoubtError or OwnDoubtError where there is none to write."""
        found = doubts(verdict)
        if not found:
            conclusion = verdict.conclusion
            if conclusion is None or conclusion.indication is Indication.TOTAL_PASSED:
                raise NoDoubtError("got a verdict without a doubt")
            raise OwnDoubtError("got doubts that the document does not raise")
        writer = _Writer(verdict, received, maker, words, found)
        return cls(tuple(writer.blocks()), received, words, maker, verdict.test)

    def pdf(self) -> bytes:
        """Set it as a PDF; raise NotTypesetError."""
        return typeset("letter", self._data(), self.received.at)

    def text(self) -> str:
        """Set it as a text that any program opens."""
        parts = [f"*** {self.words.own(' — '.join(self._test()))} ***\n"] if self.test else []
        for block in self.blocks:
            match block.kind:
                case Kind.HEADING:
                    parts.append(f"\n{seen(block.text).upper()}\n")
                case Kind.ITEM:
                    parts.append(f"- {_folded(block.text, '  ')}\n")
                case _:
                    parts.append(f"{_folded(block.text)}\n")
        return "\n".join(parts)

    def _test(self) -> list[str]:
        if not self.test:
            return []
        told = N_("listes de confiance d'essai : lettre à ne pas envoyer")
        return [self.words.say(N_("ESSAI")), self.words.say(told)]

    def _data(self) -> dict[str, object]:
        say = self.words.say
        return {
            "lang": self.words.lang,
            "title": say(N_("Demande de l'original d'un document")),
            "test": self._test(),
            "blocks": [[str(block.kind), block.text] for block in self.blocks],
            "foot": say(
                N_("Préparée par Coffre {version} ; à relire, à compléter et à signer."),
                version=self.maker.version,
            ),
            "page": say(N_("page {number} sur {count}")),
        }


def _folded(text: str, indent: str = "") -> str:
    """Fold a paragraph into lines; a digest or a name is never cut."""
    return fill(
        seen(text),
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """What the letter is written from."""

    verdict: Verdict
    received: Received
    maker: Maker
    words: Words
    found: Sequence[Check]

    def blocks(self) -> Iterator[Block]:
        yield from self._head()
        yield from self._what_came()
        yield from self._why()
        yield from self._ways()
        yield from self._rest()

    def _blank(self, what: str) -> str:
        return self.words.say(N_("[à compléter : {what}]"), what=self.words.say(what))

    def _text(self, sentence: str, **details: str | int) -> Block:
        return Block(Kind.TEXT, self.words.say(sentence, **details))

    def _heading(self, sentence: str) -> Block:
        return Block(Kind.HEADING, self.words.say(sentence))

    def _item(self, sentence: str, **details: str | int) -> Block:
        return Block(Kind.ITEM, self.words.say(sentence, **details))

    def _head(self) -> Iterator[Block]:
        town = self.maker.town
        service = self._blank(N_("nom et adresse du service"))
        yield Block(Kind.SENDER, f"{town}, {service}" if town else service)
        yield Block(Kind.RECIPIENT, self._blank(N_("nom et adresse de la personne")))
        yield Block(Kind.RECIPIENT, self._blank(N_("lieu et date")))
        number = self._blank(N_("numéro de l'envoi"))
        way = N_("Lettre recommandée avec demande d'avis de réception {number}")
        yield self._text(way, number=number)
        subject = N_("Objet : demande de l'original d'un document, pour votre démarche {what}")
        if is_taken_back(self.found):
            subject = N_("Objet : demande du document en vigueur, pour votre démarche {what}")
        what = self._blank(N_("démarche et numéro du dossier"))
        yield Block(Kind.SUBJECT, self.words.say(subject, what=what))
        yield self._text(N_("Madame, Monsieur,"))
        asked = N_(
            "Vous nous avez remis un document pour la démarche rappelée ci-dessus. Votre demande "
            "n'est pas refusée. Pour la poursuivre, nous avons besoin de voir l'original de ce "
            "document, pour la raison que voici."
        )
        if is_taken_back(self.found):
            asked = N_(
                "Vous nous avez remis un document pour la démarche rappelée ci-dessus. Votre "
                "demande n'est pas refusée. Pour la poursuivre, nous avons besoin du document en "
                "vigueur, pour la raison que voici."
            )
        yield self._text(asked)

    def _what_came(self) -> Iterator[Block]:
        yield self._heading(N_("Ce que nous avons reçu"))
        yield self._text(
            N_("Le fichier « {name} » ({size}), reçu le {day} et vérifié le {moment}."),
            name=cut(self.received.name),
            size=size_of(self.received.size, self.words),
            day=self._blank(N_("date de réception")),
            moment=moment_of(self.received.at, self.words),
        )
        yield self._text(N_("Empreinte SHA-256 : {digest}"), digest=self.received.sha256)

    def _why(self) -> Iterator[Block]:
        yield self._heading(N_("Ce qui nous fait douter"))
        altered = any(check.indication is Indication.TOTAL_FAILED for check in self.found)
        if is_taken_back(self.found):
            yield self._text(N_("Ce document n'est plus en vigueur :"))
        elif altered:
            yield self._text(
                N_("Le document reçu n'est pas, ou n'est plus, celui qui a été délivré :")
            )
        else:
            yield self._text(
                N_("Nous n'avons pas pu établir que ce document est celui qui a été délivré :")
            )
        for sentence in dict.fromkeys(told(check) for check in self.found):
            yield self._item(sentence)
        for one in self._differences():
            yield self._difference(one)
        yield self._text(
            N_(
                "Cela ne met pas en cause votre bonne foi : un logiciel, une impression ou une "
                "copie suffit parfois à changer un document."
            )
        )

    def _differences(self) -> list[Difference]:
        return [
            one
            for code in self.verdict.codes
            if code.printed_text.check is not None and not code.printed_text.check.has_passed
            for one in code.printed_text.differences
        ][:_MOST_DIFFERENCES]

    def _difference(self, one: Difference) -> Block:
        name, signed = cut(one.name), cut(one.signed)
        if one.printed is None:
            lost = N_("{name} : scellé « {signed} », introuvable sur le document")
            return self._item(lost, name=name, signed=signed)
        other = N_("{name} : scellé « {signed} », imprimé « {printed} »")
        return self._item(other, name=name, signed=signed, printed=cut(one.printed))

    def _ways(self) -> Iterator[Block]:
        yield self._heading(N_("Ce que vous pouvez faire"))
        yield self._text(N_("Une seule de ces réponses suffit ; aucune ne demande d'ordinateur :"))
        if is_taken_back(self.found):
            yield self._item(N_("nous montrer au guichet le document qui est en vigueur ;"))
            yield self._item(N_("nous en envoyer une copie par courrier ;"))
        else:
            yield self._item(
                N_("nous montrer l'original au guichet : il vous est rendu aussitôt ;")
            )
            yield self._item(N_("nous l'envoyer par courrier : il vous sera rendu ;"))
        yield self._item(
            N_(
                "demander un nouvel exemplaire à l'organisme qui l'a délivré, et nous le remettre "
                "tel que vous l'avez reçu (un fichier : sans l'enregistrer de nouveau) ;"
            )
        )
        yield self._item(
            N_(
                "si vous n'avez plus ce document, ou si c'est difficile pour vous : nous le dire, "
                "au guichet, par téléphone ou par courrier ; nous chercherons avec vous."
            )
        )

    def _rest(self) -> Iterator[Block]:
        yield self._heading(N_("Votre demande attend"))
        yield self._text(
            N_(
                "Son examen est suspendu jusqu'à ce que nous ayons ce document, ou trouvé avec "
                "vous une autre solution ; il reprendra là où il en était. Votre dossier reste "
                "ouvert jusqu'au {day} ; s'il vous faut plus de temps, dites-le-nous."
            ),
            day=self._blank(N_("date")),
        )
        yield self._heading(N_("Ce que dit la loi"))
        yield self._text(
            N_(
                "Code des relations entre le public et l'administration. Article R. 113-10 : nous "
                "ne pouvons pas exiger la copie certifiée conforme d'un document délivré par une "
                "administration. Article R. 113-11 : en cas de doute sur la validité d'une copie, "
                "nous pouvons demander l'original, de manière motivée, par lettre recommandée avec "
                "demande d'avis de réception ; la procédure est suspendue jusqu'à ce qu'il soit "
                "produit."
            )
        )
        yield self._heading(N_("Nous joindre"))
        contact = N_("nom de l'agent, téléphone, courriel, adresse et heures du guichet")
        yield Block(Kind.TEXT, self._blank(contact))
        yield self._text(N_("Veuillez agréer, Madame, Monsieur, nos salutations distinguées."))
        yield Block(Kind.RECIPIENT, self._blank(N_("prénom, nom, qualité et signature")))
