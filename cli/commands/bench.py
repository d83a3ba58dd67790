"""`coffre bench`: our own speed, against the physical limit and the peers that are installed."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from cli.bench.runner import Bench
from cli.help import Command, group
from cli.output import Output, of
from storage.language import N_

app = group()


class Name(StrEnum):
    """What can be measured."""

    SEAL = "seal"
    TWODDOC = "twoddoc"
    READ = "read"
    VERIFY = "verify"
    VAULT = "vault"
    ALL = "all"


@app.command(
    cls=Command,
    help=N_(
        "Mesurer Coffre, la limite physique et d'autres programmes, tour à tour, en une fois.\n"
        "Seuls les rapports comptent : les nombres sont ceux de cette machine, aujourd'hui."
    ),
    epilog="coffre bench vault --quick --json",
)
def command(
    ctx: typer.Context,
    name: Annotated[
        Name,
        typer.Argument(
            metavar="NAME", help=N_("Le travail : seal, twoddoc, read, verify, vault ou all.")
        ),
    ],
    quick: Annotated[
        bool, typer.Option("--quick", help=N_("Peu de tours : pour voir que cela marche."))
    ] = False,
    json: Annotated[bool, typer.Option("--json", help=N_("Répondre en JSON."))] = False,
) -> None:
    """Measure one work, or all."""
    output = of(ctx)
    for bench in run(name, quick=quick):
        if json:
            output.give("bench", **bench.members())
        else:
            say(output, bench)


def run(name: Name, *, quick: bool) -> list[Bench]:
    """Measure; each bench is imported when it is asked for."""
    found: list[Bench] = []
    if name in {Name.SEAL, Name.ALL}:
        from cli.bench import evidence, mailings, sealing, stamps, tokens  # noqa: PLC0415 - half a second

        module, letters = tokens.module(), sealing.benches(quick=quick)
        rows = [] if module is None else tokens.benches(module, quick=quick)
        found += letters if rows else [replace(letters[0], absent=(tokens.NAME,)), *letters[1:]]
        found += [*rows, mailings.bench(quick=quick)]
        found += [*stamps.benches(quick=quick), *evidence.benches(quick=quick)]
    if name in {Name.TWODDOC, Name.ALL}:
        from cli.bench import twoddoc  # noqa: PLC0415 - as above

        found += twoddoc.benches(quick=quick)
    if name in {Name.READ, Name.ALL}:
        from cli.bench import reading  # noqa: PLC0415 - as above

        found.append(reading.bench(quick=quick))
    if name in {Name.VERIFY, Name.ALL}:
        from cli.bench import verifying  # noqa: PLC0415 - as above

        found += verifying.benches(quick=quick)
    if name in {Name.VAULT, Name.ALL}:
        from cli.bench import vault  # noqa: PLC0415 - as above

        found += vault.benches(quick=quick)
    return found


def say(output: Output, bench: Bench) -> None:
    """Say one measured work as a small table."""
    output.show(f"{bench.name} ({bench.unit})")
    ours = bench.ours.median
    rows = [("Coffre", bench.ours), *bench.peers.items()]
    if bench.limit is not None:
        rows.insert(1, (output.tr(N_("limite physique")), bench.limit))
    for who, figure in rows:
        spread = f"{figure.low:.4g} – {figure.high:.4g}"
        ratio = "" if figure is bench.ours else f"× {ours / figure.median:.2f}"
        output.show(f"  {who:<28} {figure.median:>10.4g}   ({spread})   {ratio}")
    named = {"ours": "Coffre", "limit": output.tr(N_("limite physique"))}
    for who, count in (bench.counts or {}).items():
        sentence = N_("  {who} : {read} pages lues sur {pages}, {wrong} lues de travers")
        output.show(output.tr(sentence).format(who=named.get(who, who), **count))
    for who in bench.absent:
        output.show(output.tr(N_("  {who} : absent de cet environnement")).format(who=who))
