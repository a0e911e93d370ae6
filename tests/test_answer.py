"""A model ready to answer: which rows it answers, and which flags it raises."""

import dataclasses

import numpy as np
import pytest
import torch

import redness
from carding import card
from galaxies import stamps
from skycnn import tasks
from skycnn.errors import InputError
from skycnn.network import likeness, likenessfit, model
from skycnn.network.answer import Answerer
from skycnn.network.inference import BATCH, IMAGE_BATCH
from skycnn.network.prior import Prior
from skycnn.network.sample import sample
from skycnn.network.tempering import Tempering
from skycnn.schema import Flag
from skycnn.task import Network, TaskFlag
from skycnn.tasks import photoz


@pytest.fixture
def sound(standin):
    return model.read(standin / "standin-sdss-flux.safetensors")


def fluxes(rows):
    flux = np.full((rows, 5), 30.0, "f4") * np.linspace(0.7, 1.4, 5, dtype="f4")
    return {"flux": flux, "error": 0.05 * flux}


def answer(answerer, inputs, bad):
    known = np.where(bad, Flag.BAD_ROW, 0).astype("i4")
    return answerer.answer(0, inputs, np.isfinite(inputs["flux"]), known)


def test_columns_are_the_posterior_s_and_the_flag(sound):
    task = tasks.load("standin")
    names = [column.name for column in Answerer(task, sound).columns]
    assert names == ["Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_ODDS", "Z_PHOT_FLAG"]
    inputs = fluxes(3)
    wide = Answerer(task, sound, pdf=True)
    values = answer(wide, inputs, np.zeros(3, bool))
    assert [column.name for column in wide.columns] == [*names[:-1], "Z_PHOT_PDF", "Z_PHOT_FLAG"]
    assert [value.shape for value in values] == [(3,)] * 4 + [(3, 40), (3,)]


def test_flags(sound):
    inputs = fluxes(6)
    inputs["flux"][1, 0] = np.nan
    inputs["flux"][2, 1:] = np.nan
    inputs["flux"][3] = np.nan
    bad = np.array([False, False, False, False, True, False])
    few, missing, outside = Flag.TOO_FEW_BANDS, Flag.MISSING_BAND, Flag.COLOUR_OUTSIDE
    known = np.where(bad, Flag.BAD_ROW, 0).astype("i4") | outside
    present = np.isfinite(inputs["flux"])
    value, low, high, odds, flag = Answerer(tasks.load("standin"), sound).answer(0, inputs, present, known)
    rest = few | missing | outside | Flag.BAD_ROW  # where there is no answer, it lies outside nothing
    assert (flag & rest).tolist() == [outside, missing | outside, few, few, Flag.BAD_ROW, outside]
    answered = [True, True, False, False, False, True]
    for column in (value, low, high, odds):
        assert np.isfinite(column).tolist() == answered
    assert flag[~np.array(answered)].tolist() == [few, few, Flag.BAD_ROW]


def test_a_bad_row_without_bands_says_both(sound):
    inputs = fluxes(1)
    inputs["flux"][:] = np.nan
    *_, flag = answer(Answerer(tasks.load("standin"), sound), inputs, np.ones(1, bool))
    assert flag.tolist() == [Flag.TOO_FEW_BANDS | Flag.BAD_ROW]


def test_interval_odds_and_posterior_are_tempered_together(sound):
    """Rows that lack a band by another temperature; a model without temperatures answers as before."""
    task, inputs = tasks.load("standin"), fluxes(3)
    inputs["flux"][2, 1] = np.nan
    curves = np.log([[[1.5] * 3, [1.0] * 3, [2.5] * 3, *[[1.0] * 3] * 4]]).astype("f4")
    warm = Tempering(np.array([[0, 1, 2]], "f4"), curves).tensors()
    plain = Answerer(task, sound, pdf=True)
    tempered = Answerer(task, model.Model(sound.card, {**sound.tensors, **warm}), pdf=True)
    cold, found = (dict(zip([c.name for c in own.columns], answer(own, inputs, np.zeros(3, bool)), strict=True))
                   for own in (plain, tempered))  # fmt: skip
    for row, temperature in enumerate((1.5, 1.5, 2.5)):
        powered = cold["Z_PHOT_PDF"][row].astype("f8") ** (1 / temperature)
        np.testing.assert_allclose(found["Z_PHOT_PDF"][row], powered / powered.sum(), rtol=1e-3, atol=1e-7)
    behind = tempered.posterior.distribution("Z_PHOT", found)
    for end, level in (("_LO", 0.16), ("", 0.5), ("_HI", 0.84)):
        np.testing.assert_allclose(behind.quantile(level), found[f"Z_PHOT{end}"], atol=1e-3)
    reach = 0.06 * (1 + found["Z_PHOT"].astype("f8"))
    within = behind.cdf(found["Z_PHOT"] + reach) - behind.cdf(found["Z_PHOT"] - reach)
    np.testing.assert_allclose(found["Z_PHOT_ODDS"], within, atol=2e-3)
    assert (found["Z_PHOT_PDF"].max(axis=1) < cold["Z_PHOT_PDF"].max(axis=1)).all()


def test_temperatures_that_do_not_fit_the_bands_are_refused(sound):
    odd = Tempering(np.array([[0, 1, 2]], "f4"), np.zeros((1, 4, 3), "f4")).tensors()
    with pytest.raises(InputError, match="do not fit its 1 columns of answers and 5 bands"):
        Answerer(tasks.load("standin"), model.Model(sound.card, {**sound.tensors, **odd}))


def test_a_network_that_the_task_has_not_is_refused(sound):
    other = model.Model(dataclasses.replace(sound.card, network="image"), sound.tensors)
    with pytest.raises(InputError, match=r"needs network 'image' \(expected one of flux\)"):
        Answerer(tasks.load("standin"), other)


def test_a_task_s_own_flags_are_those_of_its_answers(sound):
    own = TaskFlag("LOW", 1 << 16, "the redshift is low", lambda values: values["Z_PHOT"] < values["pixel_scale"])
    task = dataclasses.replace(tasks.load("standin"), flags=(own,))
    sound = model.Model(dataclasses.replace(sound.card, pixel_scale=9.0), sound.tensors)
    inputs = fluxes(3)
    inputs["flux"][1] = np.nan
    *_, flag = answer(Answerer(task, sound), inputs, np.array([False, False, True]))
    assert (flag & own.bit != 0).tolist() == [True, False, False]


def test_a_model_without_bands_answers_all_rows():
    class Column(redness.Toy):
        def forward(self, z):
            return torch.stack([z] * 1, dim=1).nan_to_num(0.0)

    task = dataclasses.replace(redness.TASK, networks={"z": Network(lambda bands, outputs: Column(1, outputs), ("z",))})
    tensors = {name: value.numpy() for name, value in Column(1, 1).state_dict().items()}
    made = model.Model(card("m", ("z",), (), posterior=task.posterior().settings()), tensors)
    made = dataclasses.replace(made, card=dataclasses.replace(made.card, network="z"))
    z = np.array([0.5, np.nan], "f4")
    value, *_, flag = Answerer(task, made).answer(
        0, {"z": z}, np.zeros((2, 0), bool), np.array([0, Flag.MISSING_INPUT], "i4")
    )
    assert np.isfinite(value).all()
    assert flag.tolist() == [0, Flag.MISSING_INPUT]


def test_seconds_a_row_are_measured_on_what_is_imagined(sound):
    answerer, asked = Answerer(tasks.load("standin"), sound, batch=5), []
    assert 0 < answerer.seconds_a_row(lambda rows: asked.append(rows) or fluxes(rows)) < 1
    assert asked == [10]


def picture(bands):
    """Return a model that looks at stamps of 6 pixels, its numbers never trained."""
    torch.manual_seed(0)
    posterior = redness.TASK.posterior()
    module = redness.TASK.networks["picture"].module(bands=len(bands), outputs=posterior.outputs)
    known = model.Card(
        name="toy-x", task="toy", network="picture", survey="", inputs=("image",), bands=tuple(bands), stamp=6,
        pixel_scale=0.4, posterior=posterior.settings(), ranges={bands[0]: [0.0, 1.0]},
    )  # fmt: skip
    return model.Model(known, {name: value.numpy() for name, value in module.state_dict().items()})


def look(answerer, pixels, known=0):
    """Return the answers and flags of stamps (n, band, 6, 6)."""
    present = ~np.isnan(pixels).all(axis=(2, 3))
    return answerer.answer(0, {"image": pixels}, present, np.full(len(pixels), known, "i4"))


def sky(rows, bands):
    return np.random.default_rng(1).normal(size=(rows, bands, 6, 6)).astype("f4")


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        ("r", [0, Flag.TOO_FEW_BANDS, 0, 0]),  # one band is enough where there is no other
        ("gr", [0, Flag.TOO_FEW_BANDS, Flag.TOO_FEW_BANDS, 0]),
        ("gri", [0, Flag.TOO_FEW_BANDS, Flag.MISSING_BAND, 0]),
    ],
)
def test_bands_that_a_model_of_images_needs(bands, expected):
    pixels = sky(4, len(bands))
    pixels[1] = pixels[2, 1:2] = np.nan  # no band at all; without the second, if there is one
    pixels[3, :, 0] = np.nan  # an edge is no missing band
    value, *_, flag = look(Answerer(redness.TASK, picture(bands)), pixels)
    assert flag.tolist() == expected  # never a colour: no fluxes are there
    assert np.isfinite(value).tolist() == [word & Flag.TOO_FEW_BANDS == 0 for word in expected]


@pytest.mark.parametrize("known", Flag)
def test_rows_without_a_stamp_of_theirs_get_no_answer_and_keep_their_flags(known):
    value, *_, flag = look(Answerer(redness.TASK, picture("gr")), sky(3, 2), known)
    assert flag.tolist() == [known] * 3
    silent = known in (Flag.BAD_ROW, Flag.OFF_IMAGE, Flag.NO_POSITION)
    assert (np.isnan(value) == silent).all()


def test_an_answer_is_that_of_its_stamp():
    answerer, pixels = Answerer(redness.TASK, picture("gr"), batch=4), sky(11, 2)
    whole = look(answerer, pixels)[0]
    assert len(set(whole.tolist())) == 11
    np.testing.assert_allclose(look(answerer, pixels[::-1])[0][::-1], whole, atol=1e-6)
    np.testing.assert_allclose(
        np.concatenate([look(answerer, pixels[i : i + 1])[0] for i in range(11)]), whole, atol=1e-6
    )


def test_a_stamp_that_shows_next_to_nothing_is_answered_by_the_prior_untempered():
    toy, pixels = picture("gr"), sky(4, 2)
    prior = Prior(np.linspace(1, 3, redness.TASK.posterior().outputs, dtype="f4"), 0.2)
    tempering = Tempering(np.array([[0.0, 1.0, 2.0]]), np.full((1, 4, 3), -0.9))
    pixels[1, :, :, 1:] = np.nan  # a sixth
    pixels[2, :, :, 2:] = np.nan  # a third
    toy = model.Model(toy.card, toy.tensors | prior.tensors() | tempering.tensors())
    answerer = Answerer(redness.TASK, toy)
    *values, flags = look(answerer, pixels)
    beyond = look(answerer, pixels, Flag.UNLIKE_TRAINING)  # by its columns
    expected, _ = redness.TASK.posterior().summarise(torch.from_numpy(prior.raw)[None])
    assert flags.tolist() == [0, Flag.UNLIKE_TRAINING, 0, 0]
    assert values[0][1] == pytest.approx(expected[redness.TASK.posterior().value][0])
    assert values[0][2] != pytest.approx(values[0][1])
    assert (beyond[0] == values[0][1]).all() and (beyond[-1] == Flag.UNLIKE_TRAINING).all()


def test_batches_of_images_are_smaller(sound):
    flux, image = tasks.load("standin"), picture("gr")
    assert Answerer(redness.TASK, image, "cpu").inference.batch == IMAGE_BATCH["cpu"] < BATCH["cpu"]
    assert Answerer(flux, sound, "cpu").inference.batch == BATCH["cpu"]
    assert Answerer(redness.TASK, image, "cpu", 7).inference.batch == 7


@pytest.fixture(scope="module")
def likened():
    """A model of photoz's stamps, never trained, with what tells rows unlike its sample; and the sample."""
    task, images = tasks.load("photoz"), stamps(2000, 1)[3]
    torch.manual_seed(1)
    posterior = task.posterior()
    module = task.networks["image"].module(3, posterior.outputs, width=24, depth=2, channels=8)
    module.normalise({"image": torch.from_numpy(images[:500])})
    rows = (sample({"image": images[part]}, np.zeros(len(images[part]))) for part in np.s_[:1500, 1500:])
    known = model.Card(
        name="photoz-x", task="photoz", network="image", survey="", inputs=("image",), bands=("g", "r", "i"), stamp=16,
        pixel_scale=0.4, posterior=posterior.settings(), settings={"width": 24, "depth": 2, "channels": 8},
    )  # fmt: skip
    tensors = {name: value.numpy() for name, value in module.state_dict().items()}
    return model.Model(known, tensors | likenessfit.fit(module, *rows).tensors()), images


def test_stamps_unlike_the_sample_are_flagged_in_one_pass_and_answered_as_before(likened, monkeypatch):
    made, images = likened
    plain = model.Model(made.card, {name: part for name, part in made.tensors.items() if not name.startswith("_")})
    pixels = np.concatenate([images[:200], -images[:200]])
    present = np.ones((400, 3), bool)
    known = np.zeros(400, "i4")
    before = Answerer(tasks.load("photoz"), plain, "cpu").answer(0, {"image": pixels}, present, known)
    answerer, looked = Answerer(tasks.load("photoz"), made, "cpu"), []
    hidden = photoz.Image.hidden
    monkeypatch.setattr(photoz.Image, "hidden", lambda own, image: looked.append(len(image)) or hidden(own, image))
    after = answerer.answer(0, {"image": pixels}, present, known)
    assert sum(looked) == 400
    unlike = after[-1] & Flag.UNLIKE_TRAINING != 0
    assert unlike[:200].mean() < 0.05
    assert unlike[200:].all()
    assert all(np.array_equal(one, other) for one, other in zip(before[:-1], after[:-1], strict=True))
    assert np.array_equal(after[-1] & ~Flag.UNLIKE_TRAINING, before[-1])
    assert not (before[-1] & Flag.UNLIKE_TRAINING).any()


def test_a_hidden_layer_that_is_not_the_network_s_is_refused(likened):
    made, _ = likened
    width = made.tensors[likeness.AXES].shape[1]
    wider = {likeness.CENTRE: np.zeros(25, "f4"), likeness.AXES: np.ones((25, width), "f4")}
    with pytest.raises(InputError, match="photoz-x: its card does not fit this version"):
        Answerer(tasks.load("photoz"), model.Model(made.card, made.tensors | wider), "cpu")
    toy = picture("gri")
    hidden = {name: part for name, part in made.tensors.items() if name.startswith("_hidden")}
    with pytest.raises(InputError, match="toy-x: it knows a hidden layer that network picture does not show"):
        Answerer(redness.TASK, model.Model(toy.card, toy.tensors | hidden), "cpu")
