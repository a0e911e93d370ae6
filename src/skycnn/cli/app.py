"""App: the command tree of ``skycnn``; a command is a file of this folder with one of the same name in ``verbs``."""

import gc
import pkgutil
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from skycnn import cli, interrupt, verbs
from skycnn.cli import completion, console
from skycnn.errors import InputError

HELP_NAMES = {"help_option_names": ["--help", "-h"]}
EXAMPLES = (
    ("skycnn predict cat.fits --task photoz", "Add photometric redshifts to a catalogue, in place."),
    ("skycnn predict cat.fits --task photoz --dry-run", "See what would be read and written; touch nothing."),
    ("skycnn score cat.fits --task photoz --truth Z_SPEC", "Compare them with spectroscopic redshifts."),
    ("0 * * * * skycnn predict -q /data/cat.fits --task photoz", "From cron: silent, and a second run does nothing."),
)
AFTER_COMMAND = ("-q", "--quiet", "--traceback")


def names() -> list[str]:
    """Return the names of all commands, without importing any of them."""
    return sorted(_modules(cli.__path__) & _modules(verbs.__path__))


def _modules(path: Any) -> set[str]:
    return {module.name for module in pkgutil.iter_modules(path)}


class Commands(TyperGroup):
    """The commands of the folder, each imported when it is used."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Build a command from ``command`` and ``EXAMPLES`` in the file of its name."""
        if cmd_name not in names():
            return None
        verb = _plain(complete=False)
        module = import_module(f"skycnn.cli.{cmd_name}")
        first = "".join(f"Example: {typed}" for typed, _ in getattr(module, "EXAMPLES", ())[:1])
        verb.command(cmd_name, context_settings=HELP_NAMES, epilog=first)(module.command)
        return get_command(verb)

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help`` with a default that typer need not convert, which would import pydantic (80 ms)."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or raise with the closest name as the hint."""
        if args[0] not in names() and not ctx.resilient_parsing:
            raise _unknown(f"there is no command {args[0]!r}", args[0], names(), before="skycnn ")
        name, command, rest = super().resolve_command(ctx, args)
        console.manners.options = tuple(opt for param in command.params for opt in param.opts) if command else ()
        console.manners.json = "--json" in console.manners.options and "--json" in rest
        return name, command, rest


def _plain(complete: bool, **settings: Any) -> typer.Typer:
    """Return a typer application with plain help: rich takes longer to import than all else that help needs."""
    return typer.Typer(add_completion=complete, rich_markup_mode=None, context_settings=HELP_NAMES, **settings)


def _unknown(what: str, given: str, known: list[str], path: str = "skycnn", before: str = "") -> InputError:
    """Return the error about an unknown word, with the closest known one as the hint."""
    from difflib import get_close_matches

    close = get_close_matches(given, known, 1)
    return InputError(
        what, hint=f"Did you mean {before}{close[0]}?" if close else f"Type {path} --help for what there is."
    )


def _usage(error: Any, args: list[str]) -> InputError | None:
    """Return typer's usage error as skycnn's; None for a call without arguments, which prints help."""
    path = " ".join(["skycnn", *(arg for arg in args[:1] if arg in names())])
    subject = path.split()[-1]
    match type(error).__name__:
        case "NoArgsIsHelpError":
            return None
        case "NoSuchOption" if subject == "skycnn" and error.option_name in AFTER_COMMAND:
            return InputError(
                f"{error.option_name} belongs after the command", hint=f"Type skycnn COMMAND {error.option_name}"
            )
        case "NoSuchOption":
            options = [name for param in error.ctx.command.get_params(error.ctx) for name in param.opts]
            return _unknown(f"{subject} has no option {error.option_name}", error.option_name, options, path)
        case "MissingParameter":
            name = error.param.metavar
            if error.param.param_type_name == "option":
                name = f"{error.param.opts[0]} {name}"
            known = ", ".join(completion.task_names("")) if "--task" in error.param.opts else None
            return InputError(f"{subject} needs {name}", expected=known, hint=f"Type {path} --help for how to call it.")
        case _:
            what = f"{subject}: {error.format_message().partition(', unable')[0].rstrip('.')}"
    return InputError(what, hint=f"Type {path} --help for how to call it.")


def _version(value: bool) -> None:
    if value:
        from skycnn import __version__

        print(f"skycnn {__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Neural networks for FITS catalogues: a catalogue in, new columns out, in place."""


def tree(complete: bool = True) -> Any:
    """Return the command tree; without ``complete`` its completion options, which import pydantic, are left out."""
    app = _plain(complete, cls=Commands, no_args_is_help=True)
    app.callback(epilog="Type skycnn COMMAND --help for a command's options, or man skycnn.")(root)
    root_command: Any = get_command(app)
    for param in root_command.params:
        if f"--{param.name}".replace("_", "-") in completion.SWITCHES:
            param.help = (
                f"{param.help.split(',')[0].rstrip('.')}, or for the shell named: {', '.join(completion.SHELLS)}."
            )
    return root_command


def call(args: list[str]) -> object:
    """Run one command line; return an exit code or None.

    Raises
    ------
    InputError
        When the command line is not understood.
    """
    if completion.answer(args):
        return 0
    try:
        verb_first = bool(args) and args[0] in names()
        return tree(complete=not verb_first).main(args, prog_name="skycnn", standalone_mode=False)
    except typer.TyperException as error:
        usage = _usage(error, args)
        if usage is not None:
            raise usage from None
        print(error, file=sys.stderr)
        return InputError.exit_code
    except typer.Abort:  # the end of standard input
        return InputError.exit_code


def main() -> None:
    """Run the command line, and leave the process with its exit code."""
    interrupt.begin()
    code = console.run(lambda: call(sys.argv[1:]))
    interrupt.end()
    gc.freeze()  # else the last collection looks through all of torch, which takes a second
    sys.exit(code)
