"""Sealing: a trained network and what is known of its training, as a model with its card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skycnn import __version__
from skycnn.fits.provenance import now
from skycnn.inputs import columnkind
from skycnn.inputs.trainingrows import TrainingRows
from skycnn.network import likenessfit, model, ranges
from skycnn.network.fitting import Trained
from skycnn.network.groups import CALIB, TRAIN, VALID
from skycnn.network.prior import Prior
from skycnn.network.trainingset import SEEN, TrainingSet
from skycnn.task import Task

UNTOLD = ("bare", "named", "other")
"""Photometric families that do not say how the light was measured."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """What the user says of a model, for its card."""

    name: str
    network: str
    dereddened: str = "unknown"
    seed: int = 1
    note: str = ""
    licence: str = ""


def sealed(
    task: Task,
    label: Label,
    rows: TrainingRows,
    sample: TrainingSet,
    fitted: Trained,
    scores: Mapping[str, Any],
    parents: Sequence[model.Model],
) -> model.Model:
    """Return the model with its card.

    Parameters
    ----------
    task : Task
    label : Label
    rows : TrainingRows
    sample : TrainingSet
        The rows on the sides that this model was trained with.
    fitted : Trained
    scores : mapping
        Of its test rows.
    parents : sequence of Model
        That training began with.
    """
    feed, photometry, inputs = rows.feed, rows.feed.photometry, sample.inputs
    trained = sample.division.side == TRAIN
    bands, seen = tuple(feed.card.bands), {}
    if photometry is not None:
        flux, error = np.asarray(inputs["flux"]), np.asarray(inputs["error"])
        seen = ranges.measure(flux[trained], error[trained], bands)
    likeness = likenessfit.fit(fitted.module, sample.part(TRAIN), sample.part(VALID, CALIB), label.seed)
    facts = (
        sample.facts(tuple(rows.truths))
        | {
            "source": rows.source,
            "truth": rows.truth,
            "left_out": dict(rows.left_out),
            "init": ", ".join(f"{parent.card.name} {parent.card.sha256}" for parent in parents),
            "note": label.note,
        }
        | dict(rows.facts)
    )
    of_rows = {name: np.asarray(inputs[name])[trained] for name in task.columns if name in inputs}
    if of_rows:
        facts["columns"] = columnkind.trained(of_rows)
    temperature = fitted.temperature
    if isinstance(temperature, tuple):
        parts = zip(fitted.posterior.parts, temperature, strict=True)
        facts["temperatures"] = {column: value for part, value in parts for column in part.posterior.values}
        temperature = 1.0
    if feed.stamps is not None:
        facts["pixel_unit"] = feed.stamps.pixel_unit
    card = model.Card(
        name=label.name,
        task=task.name,
        network=label.network,
        survey=rows.survey,
        inputs=task.networks[label.network].inputs,
        bands=bands,
        photometry=photometry.family if photometry and photometry.family not in UNTOLD else "unknown",
        dereddened=label.dereddened,
        settings=dict(fitted.settings),
        posterior=fitted.posterior.settings(),
        ranges=seen,
        sample=facts,
        seed=label.seed,
        temperature=temperature,
        scores=dict(scores),
        learning_curve=fitted.curves,
        citation=task.citation,
        licence=label.licence,
        created=now(),
        version=__version__,
        pixel_scale=feed.stamps.pixel_scale if feed.stamps else None,
        stamp=feed.card.stamp,
        adaptation=dict(fitted.adaptation),
    )
    tensors = {name: value.numpy() for name, value in fitted.module.state_dict().items()}
    tensors |= likeness.tensors()
    prior = Prior.fit(fitted.posterior, sample.part(TRAIN))
    tensors |= prior.tensors() if prior is not None else {}
    tensors |= fitted.tempering.tensors() if fitted.tempering else {}
    before = [parent.tensors[SEEN] for parent in parents if SEEN in parent.tensors]  # and by whom they began with
    return model.seal(card, tensors | {SEEN: np.unique(np.concatenate([sample.division.seen(), *before]))})
