"""Completion by the TAB key: names from listed folders, without torch; scripts for the shells."""

from pathlib import Path

from skycnn.errors import InputError

SHELLS = ("bash", "zsh", "fish")
SWITCHES = ("--install-completion", "--show-completion")


def task_names(incomplete: str) -> list[str]:
    """Complete ``--task`` from the folder of tasks and the entry points, importing none of them."""
    from skycnn import tasks

    return [name for name in tasks.names() if name.startswith(incomplete)]


def model_names(incomplete: str) -> list[str]:
    """Complete ``--model`` from the folders of models, reading none of them; loads numpy but not torch."""
    from skycnn.network.model import installed

    return sorted({path.stem for path in installed() if path.stem.startswith(incomplete)})


def survey_names(incomplete: str) -> list[str]:
    """Complete ``--survey`` from the folder of surveys."""
    files = (Path(__file__).parents[1] / "surveys").glob("*.toml")
    return sorted(file.stem for file in files if file.stem.startswith(incomplete))


def answer(args: list[str]) -> bool:
    """Run ``--show-completion SHELL`` or ``--install-completion SHELL``; return whether it was one of them.

    typer's own two options ignore a name and detect the shell, which the build of a package cannot use.
    """
    if len(args) != 2 or args[0] not in SWITCHES:
        return False
    switch, shell = args
    if shell not in SHELLS:
        raise InputError(f"{switch}: no completion for {shell!r}", expected=", ".join(SHELLS))
    from typer._completion_shared import get_completion_script, install

    if switch == "--show-completion":
        print(get_completion_script(prog_name="skycnn", complete_var="_SKYCNN_COMPLETE", shell=shell))
    else:
        _, path = install(shell=shell, prog_name="skycnn")
        print(f"Completion for {shell} is installed in {path}; it works in the next shell.")
    return True
