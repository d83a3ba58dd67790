"""Papers beside a verdict: the report for the file, and the letter that asks for an original.

Rules kept here:

- a name is one paper, for one document; a folder takes the papers of each, under the document's
  name (`facture.pdf.rapport.pdf`, `facture.pdf.lettre.pdf`, and `.txt` to adapt);
- what cannot be written is refused before anything is verified; never over another file without
  `--force`, and never over a document that is being verified;
- a document that raises no doubt gets no letter: said as an error for one document, left out in a
  folder;
- a paper that fails takes nothing from the verdict, which is told first.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Final, Self

from cli.files import STANDARD, NoFolderError, refuse_existing, writing
from cli.main import explain
from cli.output import Output, plain
from storage.errors import CoffreError
from storage.language import N_
from storage.settings import TownSettings
from verifier.reports.as_pdf import report_pdf
from verifier.reports.doubt_letter import DoubtLetter, NoDoubtError, OwnDoubtError
from verifier.reports.received import Received
from verifier.reports.words import Maker, Words
from verifier.verdict import Verdict

PDF: Final = ".pdf"
TEXT: Final = ".txt"
REPORT: Final = ".rapport.pdf"
LETTER: Final = ".lettre"


class PaperNameError(CoffreError):
    """A report or a letter cannot have this name. Details: `path`."""

    code: ClassVar[str] = "usage.paper-name"


class PaperFolderError(CoffreError):
    """Several documents are given, and one name for their papers. Details: `path`."""

    code: ClassVar[str] = "usage.paper-folder"


class PaperTwiceError(CoffreError):
    """Two documents of one name would have the same papers. Details: `name`."""

    code: ClassVar[str] = "usage.paper-twice"


@dataclass(frozen=True, slots=True)
class Papers:
    """What is to be written beside each verdict, and by whom."""

    report: Path | None
    letter: Path | None
    maker: Maker
    force: bool = False
    of_many: bool = False

    @classmethod
    def asked(
        cls,
        report: Path | None,
        letter: Path | None,
        documents: Sequence[Path],
        town: TownSettings,
        *,
        force: bool,
    ) -> Self:
        """Take the order for some documents; raise what forbids it, before any work."""
        named = town.name if town.name != TownSettings().name else None
        papers = cls(report, letter, Maker(version("coffre"), named), force, len(documents) > 1)
        papers._require_names(documents)
        return papers

    def write(
        self, verdict: Verdict, data: bytes, now: datetime, name: str, output: Output
    ) -> bool:
        """Write the papers of one verdict, and say where; tell whether one failed."""
        failed = False
        if self.report is None and self.letter is None:
            return failed
        given = Received.of(Path(name).name, data, now)
        for paper in (self._report, self._letter):
            try:
                for path in paper(verdict, given, output):
                    if not self.of_many:
                        output.say(output.tr(N_("écrit : {path}")).format(path=plain(str(path))))
            except (CoffreError, OSError) as error:
                explain(error, output, about=name if self.of_many else "")
                failed = True
        return failed

    def _report(self, verdict: Verdict, given: Received, output: Output) -> Iterator[Path]:
        if self.report is None:
            return
        path = self.report / f"{given.name}{REPORT}" if self.report.is_dir() else self.report
        yield self._written(
            path, report_pdf(verdict, given, self.maker, Words(output.lang, output.tr))
        )

    def _letter(self, verdict: Verdict, given: Received, output: Output) -> Iterator[Path]:
        if self.letter is None:
            return
        in_folder = self.letter.is_dir()
        try:
            letter = DoubtLetter.of(verdict, given, self.maker, Words(output.lang, output.tr))
        except (NoDoubtError, OwnDoubtError):
            if in_folder and self.of_many:
                return
            raise
        path = self.letter / f"{given.name}{LETTER}{PDF}" if in_folder else self.letter
        if in_folder or path.suffix.lower() == PDF:
            yield self._written(path, letter.pdf())
        if in_folder or path.suffix.lower() == TEXT:
            yield self._written(path.with_suffix(TEXT), letter.text().encode())

    def _written(self, path: Path, content: bytes) -> Path:
        with writing(path, force=self.force) as file:
            file.write(content)
        return path

    def _require_names(self, documents: Sequence[Path]) -> None:
        asked = [path for path in (self.report, self.letter) if path is not None]
        if not asked:
            return
        if self.report is not None:
            _require_place(self.report, {PDF}, documents)
        if self.letter is not None:
            _require_place(self.letter, {PDF, TEXT}, documents)
        files = [path for path in asked if not path.is_dir()]
        if len(files) == 2 and files[0].absolute() == files[1].absolute():  # noqa: PLR2004 - both
            raise PaperNameError("got one name for a report and a letter", path=str(files[1]))
        for path in files:
            refuse_existing(path, force=self.force)
        if len(files) < len(asked):
            _require_own_names(documents)


NO_PAPERS: Final = Papers(None, None, Maker(""))


def _require_place(path: Path, endings: set[str], documents: Sequence[Path]) -> None:
    """Refuse a paper's place: a folder for several documents, a name of its own for one."""
    if path.is_dir():
        return
    if len(documents) > 1:
        raise PaperFolderError(f"got {len(documents)} documents for one paper", path=str(path))
    if str(path) == STANDARD or path.suffix.lower() not in endings:
        raise PaperNameError("got a name of another ending", path=str(path))
    if any(_is_same(path, document) for document in documents):
        raise PaperNameError("got the name of a document to verify", path=str(path))
    if not path.parent.is_dir():
        raise NoFolderError(f"got no folder {path.parent}", path=str(path.parent))


def _is_same(path: Path, document: Path) -> bool:
    try:
        return path.samefile(document)
    except OSError:
        return False


def _require_own_names(documents: Sequence[Path]) -> None:
    names = Counter(path.name for path in documents)
    if twice := next((name for name, count in names.items() if count > 1), None):
        raise PaperTwiceError("got two documents of one name", name=twice)
