"""A mailing or a merge under way: what it reads and seals is told, and Ctrl-C is heard."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from cli.output import Output, plain
from cli.progress import Interrupts, Progress, interrupts
from sealing.batch.engine import Standing
from sealing.batch.files.letters_csv import UTF8, LetterList, LineError
from sealing.batch.job import Wish
from sealing.batch.ledger.intake import Reading
from sealing.batch.ledger.rows import Counts
from storage.language import N_, Translator


@dataclass(slots=True)
class UnderWay:
    """Shows how a run goes on, and hears Ctrl-C once its letters are in hand."""

    output: Output
    stack: ExitStack
    wrong_line: Callable[[LineError], None]
    asked: Interrupts = field(default_factory=Interrupts)
    bar: Progress | None = None

    def wrong(self, line: LineError) -> None:
        """Say what is wrong with a line."""
        self.close()
        self.wrong_line(line)

    def reading(self, lines: int, of: int) -> None:
        """Show how far a long list is read."""
        if self.bar is None:
            doing = self.output.tr(N_("vérification de la liste"))
            self.bar = Progress(self.output, of, 0, doing)
        self.bar.show(lines)

    def begin(self, found: Reading, counts: Counts, changed: str, told: str) -> None:
        """Say what is to be done; show progress from here on, and hear Ctrl-C."""
        self.close()
        if found.changed:
            self.output.remark(changed.format(count=found.changed))
        if found.gone:
            self.output.remark(gone(found, self.output.tr))
        if found.altered:
            self.output.remark(altered(found, self.output.tr))
        self.output.say(told.format(letters=counts.letters, waiting=counts.waiting))
        self.bar = Progress(self.output, counts.letters, counts.letters - counts.waiting)
        self.asked = self.stack.enter_context(interrupts())

    def progress(self, counts: Counts, standing: Standing) -> None:
        """Show how it goes."""
        if self.bar is not None and standing.working:
            self.bar.show(counts.letters - counts.waiting, counts.failed, counts.refused)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def wish(self) -> Wish:
        """Give what Ctrl-C asked for."""
        return Wish(min(self.asked.count, Wish.KILL))


@dataclass(slots=True)
class Watching(UnderWay):
    """Tells a run while it goes on, and hears Ctrl-C once letters are being sealed."""

    def read(self, listed: LetterList, found: Reading, counts: Counts) -> None:
        """Say what is to be done."""
        tr = self.output.tr
        self.close()
        if listed.encoding != UTF8:
            self.output.remark(tr(N_("liste lue en Windows-1252")))
        changed = tr(N_("{count} lettres ont changé depuis leur cachet : scellées de nouveau"))
        told = tr(N_("{letters} lettres dans la liste, {waiting} à sceller"))
        self.begin(found, counts, changed, told)


def altered(found: Reading, tr: Translator) -> str:
    """Say which letters are no longer what they were: the first, by their names."""
    told = tr(N_("lettres faites, puis modifiées : {count} (voyez --force) : {files}"))
    return told.format(count=found.altered, files=_named(found.marred, found.altered))


def _named(names: list[str], count: int) -> str:
    return ", ".join(plain(file) for file in names) + (", …" if count > len(names) else "")


def gone(found: Reading, tr: Translator) -> str:
    """Say which letters are no longer where they were put: the first, by their names."""
    files = _named(found.missed, found.gone)
    if found.gone == 1:
        told = tr(N_("une lettre déjà faite n'est plus dans le dossier (voyez --force) : {files}"))
    else:
        told = tr(
            N_("{count} lettres déjà faites ne sont plus dans le dossier (voyez --force) : {files}")
        )
    return told.format(count=found.gone, files=files)
