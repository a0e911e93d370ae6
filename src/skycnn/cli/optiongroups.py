"""Option groups: options that verbs share as one parameter of a command, read by one function."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_origin

Reader = Callable[..., Any]
"""Returns the options of a group, with what was typed bound to it."""
Command = TypeVar("Command", bound=Callable[..., None])


def grouped(**readers: Reader) -> Callable[[Command], Command]:
    """Return a decorator that puts the options of a reader in the place of a command's parameter.

    The parameter gets the reader with what was typed bound to it, to be called once threads are settled, for readers
    load numpy.

    Parameters
    ----------
    **readers : callable
        By the parameter's name. The reader's annotated parameters are options; see ``options.photometry_options``.
    """

    def decorate(command: Command) -> Command:
        own = inspect.signature(command)
        groups = {name: _options(reader) for name, reader in readers.items()}
        parameters = [
            option.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in own.parameters.values()
            for option in groups.get(parameter.name, [parameter])
        ]

        @functools.wraps(command)
        def run(**typed: Any) -> None:
            bound = {
                name: functools.partial(readers[name], **{option.name: typed.pop(option.name) for option in options})
                for name, options in groups.items()
            }
            command(**typed, **bound)

        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run  # type: ignore[return-value]

    return decorate


def without(reader: Reader, *names: str) -> Reader:
    """Return a reader that lacks some of its options."""
    signature = inspect.signature(reader)
    fewer = functools.partial(reader)
    kept = [parameter for name, parameter in signature.parameters.items() if name not in names]
    fewer.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return fewer


def _options(reader: Reader) -> list[inspect.Parameter]:
    parameters = inspect.signature(reader).parameters.values()
    return [parameter for parameter in parameters if get_origin(parameter.annotation) is Annotated]
