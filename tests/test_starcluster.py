"""starcluster: the published network's size, what the fast one sees, the posterior, and stamps through every verb."""

import numpy as np
import pytest
import torch
from astropy.table import Table

from skycnn.network.model import read
from skycnn.posterior import Grid
from skycnn.schema import TASK_BITS, Flag
from skycnn.tasks.starcluster import TASK, Fast, Paper, darkened, old, parsecs, posterior, posterior_for
from skycnn.verbs import mock, predict, score, train

BANDS, SIDE = 3, 64
COLUMNS = ("LOG_AGE", "A_V", "LOG_MASS", "R_H", "P_CLUSTER", "VISIBILITY")
SMALL = {
    "paper": {"first": 8, "channels": (8, 16), "blocks": (1, 2), "width": 24, "gain": 0.0},
    "fast": {"channels": (16, 16), "blocks": (1, 1), "width": 24, "drop": 0.0},
}
CLASSES = {"paper": Paper, "fast": Fast}


def clusters(rows=60, seed=1, side=SIDE):
    """Return stamps (n, band, y, x) of round blobs on light of their own, as noisy as it is bright."""
    rng = np.random.default_rng(seed)
    place = np.arange(side) - (side - 1) / 2
    width, flux = rng.uniform(1, 4, (rows, 1, 1, 1)), 10 ** rng.uniform(-1, 1, (rows, BANDS, 1, 1))
    blob = np.exp(-(place**2 + place[:, None] ** 2) / (2 * width**2)) / (2 * np.pi * width**2)
    level = rng.uniform(0.01, 0.1, (rows, BANDS, 1, 1))
    noise = rng.normal(size=(rows, BANDS, side, side)) * 0.01 * np.sqrt(level / 0.05)
    return torch.from_numpy((flux * blob + level + noise).astype(np.float32))


def fresh(network, images, outputs=7, **settings):
    """Return a small network as training begins it, ready to answer."""
    torch.manual_seed(1)
    module = CLASSES[network](bands=BANDS, outputs=outputs, **{**SMALL[network], **settings})
    module.normalise({"image": images})
    return module.eval()


@pytest.fixture(scope="module")
def images():
    return clusters()


@pytest.mark.parametrize(
    ("bands", "outputs", "parameters"), [(3, 2835, 9_858_003), (5, 2835, 9_864_275), (3, 7, 6_959_303)]
)
def test_the_published_network_has_its_size(bands, outputs, parameters):
    """The first convolution 7x7 to 64 channels, and its norm: 49 * 64 a band + 128.

    A bottleneck from i to o channels, o / 4 = k in its middle: i k + 9 k^2 + k o + 2 (2 k + o), and i o + 2 o where it
    is the first of its stage. Of 128, 256, 512 and 1024 channels there are 3, 4, 6 and 3: 5,892,992 in all. The hidden
    layer: 1024 * 1024 + 1024; the outputs: 1025 each.
    """
    with torch.device("meta"):
        module = Paper(bands, outputs)
    first, blocks, hidden = 49 * 64 * bands + 128, 0, 1024 * 1024 + 1024
    into = 64
    for out, count in ((128, 3), (256, 4), (512, 6), (1024, 3)):
        for block in range(count):
            k = out // 4
            blocks += into * k + 9 * k**2 + k * out + 2 * (2 * k + out) + (0 if block else into * out + 2 * out)
            into = out
    assert sum(value.numel() for value in module.parameters()) == first + blocks + hidden + 1025 * outputs == parameters
    weighted = [part for part in module.modules() if isinstance(part, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(weighted) == 50 + 4 + 1  # beside the 50 layers: one convolution past each stage's first block, outputs
    with torch.device("meta"):
        maps, x = [], torch.empty(1, bands, SIDE, SIDE)
        for layer in module.look:
            x = layer(x)
            maps.append(tuple(x.shape[1:]))
    pixels = [(64, SIDE, SIDE), (64, 32, 32), (128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4)]
    assert list(dict.fromkeys(maps)) == pixels


def test_the_fast_network_is_small():
    with torch.device("meta"):
        module = Fast(BANDS, posterior().outputs)
    assert sum(value.numel() for value in module.state_dict().values()) * 4 <= 6e6  # and a million for the rows' hashes


@pytest.mark.parametrize("network", SMALL)
def test_maps_features_and_the_last_hidden_layer_are_shown(network, images):
    module, some = fresh(network, images), images[:5].clone()
    seen = module.with_maps(image=some)
    raw, hidden = module.with_hidden(image=some)
    assert (
        seen["maps"].shape[:2] == (5, SMALL[network]["channels"][-1])
        and raw.shape == (5, 7)
        and hidden.shape == (5, 24)
    )
    assert torch.equal(module(image=some), raw) and torch.equal(module.from_maps(**seen), raw)
    some.requires_grad_(True)
    features = module.features(image=some)
    assert features.shape == seen["maps"].flatten(1).shape
    features.square().sum().backward()
    assert some.grad.isfinite().all() and (some.grad != 0).flatten(1).any(1).all()  # what adapts them reaches all


@pytest.mark.parametrize("network", SMALL)
@pytest.mark.parametrize("side", [8, 33, 64, 70])
def test_stamps_of_any_size_get_an_answer(network, side):
    images = clusters(8, side=side)
    assert fresh(network, images)(image=images).isfinite().all()


@pytest.mark.parametrize("network", SMALL)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 0.0])
def test_odd_pixels_give_numbers_and_leave_other_rows_alone(network, value, images):
    module, some = fresh(network, images), images[:6].clone()
    whole = module(image=some).detach()
    some[1, 0, 3, 4] = some[2, 1] = some[3] = some[4, :, :2] = value
    some.requires_grad_(True)
    raw = module(image=some)
    raw.sum().backward()
    assert raw.isfinite().all() and some.grad.isfinite().all()
    torch.testing.assert_close(raw[[0, 5]].detach(), whole[[0, 5]], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", SMALL)
def test_constants_are_those_of_the_training_rows(network, images):
    """Stamps in another unit, normalised in it, look the same; gaps change little."""
    answers = [fresh(network, used)(image=used[:20]) for used in (images, 1e-3 * images)]
    torch.testing.assert_close(answers[0], answers[1], rtol=1e-3, atol=1e-4)
    gaps = images.masked_fill(torch.rand(images.shape, generator=torch.Generator().manual_seed(0)) < 0.01, torch.nan)
    for one, other in zip(fresh(network, images).buffers(), fresh(network, gaps).buffers(), strict=True):
        assert other.isfinite().all()
        torch.testing.assert_close(one, other, rtol=0.2, atol=0.05)


def test_the_galaxy_s_light_is_taken_off_and_told(images):
    level = torch.tensor([0.5, -2.0, 0.0])
    dark, below = darkened(images)
    bright, above = darkened(images + level[:, None, None])
    torch.testing.assert_close(bright, dark, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(above, below + level, atol=1e-5, rtol=1e-4)
    bare = images.clone()
    bare[0, 1], bare[1, 0, :, 3:] = torch.nan, torch.nan  # a band that is not there, and one with little of its border
    dark, below = darkened(bare)
    assert below[0, 1].isnan() and dark[0, 1].isnan().all() and below[1, 0].isfinite()
    module = fresh("fast", images)
    assert not torch.allclose(module(image=images), module(image=images + 0.1))  # it sees how bright it is there


def test_brighter_clusters_are_seen_as_that_and_not_only_their_colours(images):
    module = fresh("fast", images)
    image, level, there = module._seen(images)
    values, known = module.quantities(image, level, there)
    brighter, _ = module.quantities(10 * image, level, there)
    circles = len(module.apertures.radii)
    magnitudes, colours = slice(0, BANDS * circles), slice(BANDS * circles, (2 * BANDS - 1) * circles)
    seen = values[:, magnitudes] < values[:, magnitudes].median()  # the fainter half is noise, at large radii
    assert (brighter - values)[:, magnitudes][seen].median() == pytest.approx(-2.5, abs=0.1)
    assert (brighter - values)[:, colours].abs().median() < 0.1
    assert known.all() and values.shape == (len(images), len(module.centre))
    bare = images.clone()
    bare[:, 1] = torch.nan
    _, known = module.quantities(*module._seen(bare))
    lacking = (~known[0]).sum()
    assert lacking == circles + 2 * circles + (circles + 1)  # magnitudes, both colours, growth, level and noise


def test_missing_bands_are_told_apart_from_dark_ones(images):
    module, bare, dark = fresh("fast", images), images.clone(), images.clone()
    bare[:, 1], dark[:, 1] = torch.nan, 0.0
    assert not torch.allclose(module(image=bare), module(image=dark))


@pytest.mark.parametrize("network", SMALL)
def test_training_shows_every_pose_fewer_bands_and_other_gains(network, images):
    generator = torch.Generator().manual_seed(1)
    plain = fresh(network, images).augment({"image": images}, generator)["image"]
    torch.testing.assert_close(plain.sum((2, 3)), images.sum((2, 3)))  # turned, and no more
    assert 0.02 < plain.isclose(images).flatten(1).all(1).float().mean() < 0.35
    many = images[:1].expand(4000, BANDS, SIDE, SIDE)[..., 24:40, 24:40]
    seen = fresh(network, images, drop=0.25, gain=0.15).augment({"image": many}, generator)["image"].sum((2, 3))
    factor = torch.log(seen / many.sum((2, 3)))
    bands = factor.isfinite().sum(1)
    assert set(bands.tolist()) == {2, 3} and 0.22 < (bands == 2).float().mean() < 0.28
    whole = factor[bands == 3]
    assert whole.std(0).numpy() == pytest.approx(0.15, rel=0.06) and whole.mean(0).abs().max() < 0.012
    assert torch.corrcoef(whole.T).fill_diagonal_(0).abs().max() < 0.08  # each band's own


def test_the_posterior_is_a_grid_of_three_a_radius_a_yes_or_no_and_a_visibility():
    whole = posterior()
    assert whole.values == COLUMNS and tuple(TASK.truths) == COLUMNS
    assert [member.outputs for member in whole.members] == [20 * 10 * 14, 14, 1, 20]
    assert whole.kinds == {name: "class" if name == "P_CLUSTER" else "value" for name in COLUMNS}
    names = [column.name for column in whole.columns(pdf=True)]
    assert names[9:13] == ["LOG_AGE_PDF", "A_V_PDF", "LOG_MASS_PDF", "LOG_AGE_JOINT_PDF"]
    joint = next(column for column in whole.columns(pdf=True) if column.name == "LOG_AGE_JOINT_PDF")
    assert joint.shape == (20, 10, 14)


def test_visibilities_reach_as_far_as_those_trained_on():
    truth = np.full((400, len(COLUMNS)), np.nan)
    assert posterior_for(truth).settings() == posterior().settings()
    truth[:200, -1] = np.geomspace(1, 100, 200)
    assert posterior_for(truth).settings() == posterior().settings()
    truth[:200, -1] = np.geomspace(0.02, 40_000, 200)
    found = posterior_for(truth)
    (axis,) = found.members[-1].axes
    assert (axis.low, axis.high, axis.bins, axis.spacing) == (0.02, 40_000, 20, "log")
    assert posterior(**found.settings()).settings() == found.settings()
    assert found.members[0].settings() == posterior().members[0].settings()


def test_two_peaks_an_end_of_the_grid_and_old_clusters_are_flagged():
    """Of a joint posterior too: young and dusty or old and bare."""
    whole = posterior()
    grid = whole.members[0]
    assert isinstance(grid, Grid)
    raw = torch.full((5, whole.outputs), -20.0)
    raw[:, grid.outputs :] = 0.0
    place = torch.arange(20)[:, None, None], torch.arange(10)[:, None], torch.arange(14)

    def peak(age, dust, mass):
        return -((place[0] - age) ** 2 + (place[1] - dust) ** 2 + (place[2] - mass) ** 2).flatten() / 2.0

    raw[0, : grid.outputs] = peak(6, 5, 7)
    raw[1, : grid.outputs] = torch.logaddexp(peak(3, 6, 7), peak(13, 2, 7))
    raw[2, : grid.outputs] = peak(6, 5, 13)
    raw[3, : grid.outputs] = peak(14, 5, 7)
    raw[4, : grid.outputs] = peak(6, 0, 7)  # without dust, as clusters may be
    values, bits = whole.summarise(raw)
    assert (bits & Flag.MULTIMODAL != 0).tolist() == [False, True, False, False, False]
    assert (bits & Flag.VALUE_OUTSIDE != 0).tolist() == [False, False, True, False, False]
    assert old(values).tolist()[0::2] == [False] * 3 and old(values)[3]
    some = {"LOG_AGE": np.array([np.nan, 9, 9], "f4"), "P_CLUSTER": np.array([np.nan, 0.9, 0.1], "f4")}
    assert old(some).tolist() == [False, True, False]
    raw[:, grid.outputs + whole.members[1].outputs] = -3.0  # an empty place
    assert not whole.summarise(raw)[1].any()
    (flag,) = TASK.flags
    assert flag.bit == TASK_BITS and "less reliable" in flag.meaning


def test_an_arcsec_is_as_many_parsec_as_the_distance_makes_it():
    assert parsecs({"distance": 4.5}) == pytest.approx(21.817, rel=1e-4)  # 4.5e6 pc / 206265
    assert parsecs({"distance": 10}) == pytest.approx(48.481, rel=1e-4)
    for unknown in ({}, {"distance": None}, {"distance": "far"}, {"distance": -1.0}, {"distance": float("nan")}):
        assert parsecs(unknown) is None


def test_stamps_go_through_mock_train_predict_and_score(tmp_path):
    known, new = str(tmp_path / "known.fits"), str(tmp_path / "new.fits")
    model, out = str(tmp_path / "m.safetensors"), str(tmp_path / "out.fits")
    sample = {"task": "starcluster", "survey": "m83-wfc3", "size": 32, "settings": {"distance": "9.0"}}
    mock.mock(mock.Options(out=known, number=240, seed=1, **sample))
    mock.mock(mock.Options(out=new, number=60, seed=2, **sample))
    done = train.train(known, train.Options(out=model, task="starcluster", network="fast", epochs=1))
    assert tuple(done.bands) == ("F336W", "F438W", "F814W") and done.survey == "m83-wfc3"
    card = read(model).card
    assert card.options == {"distance": 9.0, "mass_slope": 1.0}
    predict.predict(new, predict.Options(task="starcluster", model=model, out=out, pdf=True))
    answers = Table.read(out, hdu="CATALOGUE")
    for end in ("", "_LO", "_HI"):
        assert np.asarray(answers[f"R_H_PC{end}"]) == pytest.approx(np.asarray(answers[f"R_H{end}"]) * 43.633, rel=1e-4)
    assert (str(answers["R_H"].unit), str(answers["R_H_PC"].unit)) == ("arcsec", "pc")
    assert answers["LOG_AGE_JOINT_PDF"].shape == (60, 20, 10, 14)
    assert np.asarray(answers["LOG_AGE_JOINT_PDF"]).sum((1, 2, 3)) == pytest.approx(1, abs=1e-4)
    asked = score.Options(task="starcluster", baselines=(), resamples=20)
    scored = score.score([out], asked).answers
    assert [answer.value for answer in scored] == list(COLUMNS)
    clusters = int((np.asarray(answers["CLUSTER_TRUE"]) == 1).sum())
    assert [answer.rows for answer in scored] == [60 if name == "P_CLUSTER" else clusters for name in COLUMNS]
    for answer in scored:
        keys = answer.entries[0].scores.keys()
        assert ({"auc", "brier"} if answer.value == "P_CLUSTER" else {"half_width", "coverage_68", "crps"}) <= keys
