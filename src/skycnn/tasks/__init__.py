"""The registry of tasks is this folder: a file here, or an entry point ``skycnn.tasks``, is a task."""

import pkgutil
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from skycnn.errors import InputError

if TYPE_CHECKING:  # listing the names must not import torch
    from skycnn.task import Task


def names() -> list[str]:
    """Return the names of all tasks, without importing any of them."""
    found = {module.name for module in pkgutil.iter_modules(__path__)}
    return sorted(found | {point.name for point in entry_points(group="skycnn.tasks")})


def load(name: str) -> "Task":
    """Import one task by name, and no other.

    Raises
    ------
    InputError
        When there is no such task.
    """
    if name in {module.name for module in pkgutil.iter_modules(__path__)}:
        return cast("Task", import_module(f"{__name__}.{name}").TASK)
    for point in entry_points(group="skycnn.tasks"):
        if point.name == name:
            return cast("Task", point.load())
    close = get_close_matches(name, names(), 1)
    raise InputError(
        f"no task {name!r}",
        expected=", ".join(names()),
        hint=f"Did you mean --task {close[0]}?" if close else None,
    )
