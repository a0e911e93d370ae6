"""``skycnn models``: what is installed."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from skycnn.cli import console, options

EXAMPLES = (
    ("skycnn models", "List the installed models."),
    ("skycnn models photoz-sdss-flux", "Show one model's card: its sample, ranges, scores and citation."),
    ("skycnn models --json | jq '.models[].name'", "Names alone, for a script."),
)


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME|FILE", show_default=False, help="The model whose card is shown."),
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    traceback: options.Traceback = False,
) -> None:
    """List the installed models, or show the card of one.

    A model is a task trained for one survey and one kind of input. Its card says on which rows it was trained, within
    which magnitudes and colours, how well it did on rows it never saw, and whom to cite. Models are looked for in the
    folders that the variable SKYCNN_MODELS names, with ':' between them, and among those that came with skycnn.
    """
    from skycnn.verbs import models as verb

    cards = verb.models(name, say=console.say)
    if json:
        console.emit(asdict(cards[0]) if name is not None else {"models": [asdict(card) for card in cards]})
    elif name is not None:
        console.table(("FIELD", "VALUE"), verb.fields(cards[0]).items())
    elif cards:
        console.table(("MODEL", "TASK", "NETWORK", "SURVEY", "BANDS", "SCORES"), map(_row, cards))
    else:
        console.say("no model is installed; train one with skycnn train, or name a folder in SKYCNN_MODELS")


def _row(card: Any) -> tuple[str, ...]:
    from skycnn.verbs.models import headline

    scores = " ".join(f"{name}={value:.4g}" for name, value in headline(card).items())
    if scores and isinstance(rows := card.scores.get("rows"), int):
        scores += f" rows={rows}"
    return card.name, card.task, card.network, card.survey or "-", " ".join(card.bands), scores or "-"
