"""Cards of models that are not there, as far as they tell of input."""

from skycnn.network.card import Card


def card(name, inputs, bands, survey="", pixel_unit=None, **more):
    sample = {"pixel_unit": pixel_unit}
    return Card(
        name=name, task="toy", network="", survey=survey, inputs=inputs, bands=tuple(bands), sample=sample, **more
    )
