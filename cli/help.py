"""The frame of a help page and of a usage error, in the person's language.

Typer's own words ("Usage", "Show this message and exit.", pydantic's sentence for a bad number) are
English and only part of them passes through gettext: nothing of them is shown. A command's help,
its options' help and its example are French sentences marked with `N_`.
"""

import textwrap
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar

import typer
from typer._click.exceptions import (
    BadOptionUsage,
    BadParameter,
    MissingParameter,
    NoSuchOption,
    UsageError,
)
from typer.core import TyperCommand, TyperGroup

from cli.output import of
from storage.errors import CoffreError
from storage.language import N_, Translator

_MARGIN = 2
_WIDTH = 100
_COLUMN = 34

# Typer keeps the types of contexts and parameters to itself.
Context = Any
Parameter = Any


class UnknownCommandError(CoffreError):
    """No command bears this name. Details: `name`."""

    code: ClassVar[str] = "usage.unknown-command"


class MistypedCommandError(UnknownCommandError):
    """No command bears this name, but one bears nearly this name. Details: `name`, `near`."""

    code: ClassVar[str] = "usage.mistyped-command"


class Command(TyperCommand):
    """A command whose help page speaks the person's language."""

    def get_help(self, ctx: Context) -> str:
        """Write the help page."""
        return help_page(ctx, of(ctx).tr)


class Group(TyperGroup):
    """A group of commands whose help page speaks the person's language."""

    def get_help(self, ctx: Context) -> str:
        """Write the help page."""
        return help_page(ctx, of(ctx).tr)

    def resolve_command(self, ctx: Context, args: list[str]) -> Any:  # noqa: ANN401 - as in Typer
        """Find the command that is called; raise UnknownCommandError or its child."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            if near := get_close_matches(name, self.commands):
                raise MistypedCommandError(f"got the command {name}", name=name, near=near[0])
            raise UnknownCommandError(f"got the command {name}", name=name)
        return name, command, args[1:]


def group(sentence: str = "") -> typer.Typer:
    """Begin a command file: one command, or several when it also has a callback."""
    return typer.Typer(
        cls=Group,
        help=sentence,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def help_page(ctx: Context, tr: Translator) -> str:
    """Write a command's help: usage, sentence, arguments, options, commands, example."""
    command = ctx.command
    parameters = command.get_params(ctx)
    arguments = [item for item in parameters if item.param_type_name == "argument"]
    options = [item for item in parameters if item.param_type_name == "option"]
    lines = [usage(ctx, tr), ""]
    if command.help:
        lines += [*_paragraphs(tr(command.help)), ""]
    lines += _section(tr(N_("Arguments :")), (_argument(item, tr) for item in arguments))
    if isinstance(command, TyperGroup):
        rows = (_subcommand(name, item, tr) for name, item in command.commands.items())
        lines += _section(tr(N_("Commandes :")), rows)
    lines += _section(tr(N_("Options :")), (_option(item, tr) for item in options))
    if command.epilog:
        lines += [tr(N_("Exemple :")), textwrap.indent(command.epilog, " " * _MARGIN), ""]
    return "\n".join(lines).rstrip()


def usage(ctx: Context, tr: Translator) -> str:
    """Write the line that shows how a command is called."""
    pieces = [tr(N_("Usage :")), ctx.command_path, tr(N_("[OPTIONS]"))]
    if isinstance(ctx.command, TyperGroup):
        pieces.append(tr(N_("COMMANDE [ARGUMENTS]…")))
    for item in ctx.command.get_params(ctx):
        if item.param_type_name == "argument":
            many = "…" if item.nargs != 1 else ""
            pieces.append(f"{_name(item)}{many}" if item.required else f"[{_name(item)}]{many}")
    return " ".join(pieces)


def usage_error(error: UsageError, tr: Translator) -> tuple[str, str]:
    """Say what is wrong with a call, and where to read how it is made."""
    path = error.ctx.command_path if error.ctx is not None else "coffre"
    advice = tr(N_("voyez {command}")).format(command=f"{path} --help")
    match error:
        case NoSuchOption():
            sentence = tr(N_("l'option {name} n'existe pas")).format(name=error.option_name)
            if error.possibilities:
                near = ", ".join(error.possibilities)
                advice = tr(N_("peut-être {near} ; voyez {command}")).format(
                    near=near, command=f"{path} --help"
                )
        case MissingParameter():
            sentence = tr(N_("il manque {name}")).format(name=_name(error.param))
        case BadParameter():
            sentence = tr(N_("la valeur de {name} ne convient pas")).format(name=_name(error.param))
        case BadOptionUsage():
            sentence = tr(N_("l'option {name} est mal employée")).format(name=error.option_name)
        case _:
            sentence = tr(N_("la commande est mal écrite (argument en trop ?)"))
    return sentence, advice


def _name(item: Parameter) -> str:
    """Give the name by which a person knows a parameter."""
    if item is None:
        return "?"
    if item.param_type_name == "argument":
        return str(item.metavar or item.name.upper())
    return str(max(item.opts, key=len))


def _argument(item: Parameter, tr: Translator) -> tuple[str, str]:
    return _name(item), tr(item.help or "")


def _option(item: Parameter, tr: Translator) -> tuple[str, str]:
    names = ", ".join([*item.opts, *item.secondary_opts])
    if "--help" in item.opts:
        return names, tr(N_("Affiche cette page."))
    if not item.is_flag:
        names = f"{names} {item.metavar or item.name.upper()}"
    sentence = tr(item.help or "")
    shown = isinstance(item.default, str | int) and not isinstance(item.default, bool)
    if shown and item.default != "":
        default = tr(N_("(défaut : {value})")).format(value=item.default)
        sentence = f"{sentence} {default}"
    return names, sentence


def _subcommand(name: str, item: Parameter, tr: Translator) -> tuple[str, str]:
    sentence = item.short_help or item.help or ""
    return name, tr(sentence)


def _section(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    """Lay out names and sentences in two columns; a long name has a line of its own."""
    listed = list(rows)
    if not listed:
        return []
    width = min(max(len(name) for name, _ in listed), _COLUMN)
    margin = " " * _MARGIN
    lines = [title]
    for name, sentence in listed:
        wrapped = textwrap.wrap(sentence, _WIDTH - width - 2 * _MARGIN) or [""]
        if len(name) > width:
            lines.append(margin + name)
        else:
            lines.append(f"{margin}{name:<{width}}{margin}{wrapped.pop(0)}".rstrip())
        lines += [" " * (width + 2 * _MARGIN) + line for line in wrapped]
    return [*lines, ""]


def _paragraphs(text: str) -> list[str]:
    return [line for part in text.split("\n") for line in (textwrap.wrap(part, _WIDTH) or [""])]
