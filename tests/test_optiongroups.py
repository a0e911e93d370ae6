"""Option groups: a command's one parameter stands for several options, which its reader gets as they were typed."""

import inspect
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from skycnn.cli.optiongroups import grouped, without


def place(x: Annotated[int, typer.Option("--x")] = 1, y: Annotated[int, typer.Option("--y")] = 2, scale: int = 1):
    return x * scale, y * scale


def made(reader):
    @grouped(at=reader)
    def command(*, name: Annotated[str, typer.Argument()], at, loud: Annotated[bool, typer.Option("--loud")] = False):
        """Say where it is."""
        print(name, *at(scale=10), loud)

    app = typer.Typer()
    app.command()(command)
    return command, lambda *words: CliRunner().invoke(app, words)


def test_the_options_stand_in_the_place_of_the_parameter():
    command, run = made(place)
    assert list(inspect.signature(command).parameters) == ["name", "x", "y", "loud"]
    assert command.__doc__ == "Say where it is."
    assert run("here", "--y", "5", "--loud").output == "here 10 50 True\n"
    assert run("here").output == "here 10 20 False\n"


def test_a_group_may_lack_an_option():
    command, run = made(without(place, "y"))
    assert list(inspect.signature(command).parameters) == ["name", "x", "loud"]
    assert run("here", "--x", "3").output == "here 30 20 False\n"
    assert run("here", "--y", "3").exit_code == 2


@pytest.mark.parametrize("verb", ["predict", "explain", "train", "cutout", "score"])
def test_the_verbs_that_share_options_take_them_by_group(verb):
    from importlib import import_module

    names = set(inspect.signature(import_module(f"skycnn.cli.{verb}").command).parameters)
    assert {"photometry", "band"} <= names or {"stamps", "images"} <= names
