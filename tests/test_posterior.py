"""What all posteriors have in common: settings that build them again, columns that match, cards of old."""

import numpy as np
import pytest
import torch

from gridded import axis
from skycnn import tasks
from skycnn.network import model
from skycnn.posterior import Axis, Bernoulli, Grid, Joint, Posterior

TWO = Grid([Axis("LOG_AGE", 6.0, 10.0, 8), Axis("A_V", 0.0, 3.0, 6)])
ALL = {
    "grid": Grid([axis("log1p")]),
    "grid of two": TWO,
    "yes or no": Bernoulli("P_CAT", "is a cat"),
    "learnt yes or no": Bernoulli("P_CAT", "is a cat", spread=True),
    "joint": Joint(TWO, Bernoulli("P_CAT")),
}


def again(posterior: Posterior) -> Posterior:
    """The posterior that its settings build."""
    if isinstance(posterior, Joint):
        return Joint(*(again(member) for member in posterior.members))
    return type(posterior)(**posterior.settings())


@pytest.mark.parametrize("posterior", ALL.values(), ids=ALL)
def test_settings_build_it_again_and_columns_match_the_summary(posterior: Posterior) -> None:
    built = again(posterior)
    assert built.settings() == posterior.settings()
    for pdf in (False, True):
        assert built.columns(pdf) == posterior.columns(pdf)
        values, bits = posterior.summarise(torch.zeros(5, posterior.outputs), pdf)
        assert list(values) and set(values) == {column.name for column in posterior.columns(pdf)}
        for column in posterior.columns(pdf):
            assert values[column.name].shape == ((5, column.width) if column.width > 1 else (5,))
            assert values[column.name].dtype == np.float32
        assert bits.dtype == np.int32
    assert posterior.value == posterior.columns()[0].name
    assert list(posterior.kinds) == list(posterior.values)


@pytest.mark.parametrize("posterior", ALL.values(), ids=ALL)
def test_parts_cover_outputs_and_truths(posterior: Posterior) -> None:
    outputs = np.concatenate([np.arange(posterior.outputs)[part.outputs] for part in posterior.parts])
    assert outputs.tolist() == list(range(posterior.outputs))
    assert sum((part.posterior.values for part in posterior.parts), ()) == posterior.values
    assert not posterior.outside(np.full((3, len(posterior.values)), np.nan)).any()


def test_cards_of_the_first_release_build_their_posterior() -> None:
    posterior = tasks.load("photoz").posterior
    card = model.read_card(model.locate("photoz-sdss-flux"))
    assert "odds" in card.posterior or "odds" in card.posterior["axes"][0]
    plain = {key: card.posterior["axes"][0][key] for key in ("column", "low", "high", "bins", "spacing", "blur")}
    for settings in (card.posterior, {"axes": [plain], "odds": True}):
        built = posterior(**settings)
        assert built.kinds == {"Z_PHOT": "redshift"}
        assert [column.name for column in built.columns()] == ["Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_ODDS"]


@pytest.mark.parametrize("tempered", [False, True])
@pytest.mark.parametrize("posterior", ALL.values(), ids=ALL)
def test_what_can_be_explained_is_what_the_columns_say(posterior: Posterior, tempered: bool) -> None:
    raw = torch.randn(6, posterior.outputs, generator=torch.Generator().manual_seed(0)).requires_grad_()
    temperatures = torch.full((6, len(posterior.values)), 1.7) if tempered else None
    columns, _ = posterior.summarise(raw.detach(), True, temperatures)
    units = {column.name: column.unit for column in posterior.columns()}
    assert next(iter(posterior.targets)) == posterior.value and set(posterior.values) <= set(posterior.targets)
    for name, target in posterior.targets.items():
        value = posterior.explained(raw, name, temperatures)
        (gradient,) = torch.autograd.grad(value.sum(), raw)
        assert value.shape == (6,) and gradient.isfinite().all() and gradient.any()
        assert target.meaning and target.unit == units.get(name, "")
        found, stem = value.detach().numpy(), name.removesuffix("_LOGP")
        bins = posterior.median_bins(raw, name, temperatures)
        if stem not in columns or posterior.kinds[stem] == "class":
            np.testing.assert_allclose(found, np.log(columns[name] / (1 - columns[name])), rtol=1e-3, atol=1e-5)
            assert bins is None
            continue
        behind, mass = posterior.distribution(stem, columns), columns[f"{stem}_PDF"]
        if name == stem:
            middle = (behind.edges[1:] + behind.edges[:-1]) / 2
            np.testing.assert_allclose(found, mass @ middle, rtol=1e-4)
            assert bins is None
        else:
            place = np.searchsorted(behind.edges, columns[stem]) - 1
            np.testing.assert_allclose(found, np.log(mass[np.arange(6), place]), rtol=1e-4)
            assert bins.tolist() == place.tolist()
            other = posterior.explained(raw, name, temperatures, torch.zeros_like(bins)).detach().numpy()
            np.testing.assert_allclose(other, np.log(mass[:, 0]), rtol=1e-4)
