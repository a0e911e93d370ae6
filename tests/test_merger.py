"""merger: the published network's size, networks that take any stamp, and stamps through every verb."""

import numpy as np
import pytest
import torch
from astropy.table import Table

import galaxies
import mergerlike
from skycnn.errors import InputError
from skycnn.files.pixelstore import PixelStore
from skycnn.network import likenessfit
from skycnn.network.model import read
from skycnn.network.sample import sample
from skycnn.schema import Flag
from skycnn.simulate.noise import Noise
from skycnn.tasks.merger import TASK, Paper
from skycnn.verbs import predict, score, train

NETWORKS = sorted(TASK.networks)
SIDE = 75


def fresh(network, images, outputs=1):
    """Return a network as training begins it, ready to answer."""
    torch.manual_seed(1)
    module = TASK.networks[network].module(bands=images.shape[1], outputs=outputs)
    module.normalise({"image": torch.from_numpy(images)})
    return module.eval()


@pytest.fixture(scope="module")
def images():
    return mergerlike.stamps(400, 1, 3)[0]


@pytest.mark.parametrize(("bands", "parameters"), [(2, 174_505), (3, 174_705)])
def test_the_published_network_has_its_size(bands, parameters):
    """Keras counts the running mean and variance of each channel as parameters."""
    state = Paper(bands, 1).state_dict()
    assert sum(value.numel() for name, value in state.items() if name not in ("centre", "scale")) == parameters


@pytest.mark.parametrize("network", NETWORKS)
def test_flat_features_and_the_last_hidden_layer_are_shown(network, images):
    module, some = fresh(network, images), torch.from_numpy(images[:5])
    features = module.features(image=some)
    raw, hidden = module.with_hidden(image=some)
    assert features.ndim == 2 and features.shape[1] == {"paper": 32 * 9 * 9, "residual": 64 * 6 * 6}[network]
    assert raw.shape == (5, 1) and hidden.ndim == 2
    assert torch.equal(module(image=some), raw)
    some.requires_grad_(True)
    module.features(image=some).square().sum().backward()
    assert (some.grad != 0).flatten(1).any(1).all()  # what adapts them reaches every stamp


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("side", [8, 31, 75, 80])
def test_stamps_of_any_size_get_an_answer(network, side):
    images = mergerlike.stamps(20, 2, 2, side)[0]
    assert fresh(network, images)(image=torch.from_numpy(images)).isfinite().all()


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 0.0])
def test_odd_pixels_give_numbers_and_leave_other_rows_alone(network, value, images):
    module, some = fresh(network, images), images[:6].copy()
    whole = module(image=torch.from_numpy(some))
    some[1, 0, 3, 4] = some[2, 1] = some[3] = value
    with torch.inference_mode():
        raw = module(image=torch.from_numpy(some))
    assert raw.isfinite().all()
    np.testing.assert_allclose(raw[[0, 4, 5]].numpy(), whole[[0, 4, 5]].detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_constants_are_those_of_the_training_rows(network, noise):
    """Stamps in another unit, normalised in it, look the same; so do those with gaps."""
    images = mergerlike.stamps(200, 3, 2, noise=noise)[0]
    gaps = np.where(np.random.default_rng(0).random(images.shape) < 0.01, np.nan, images).astype(np.float32)
    answers = [fresh(network, used)(image=torch.from_numpy(used[:20])) for used in (images, 1e-3 * images)]
    torch.testing.assert_close(answers[0], answers[1], rtol=1e-3, atol=1e-4)
    for one, other in zip(fresh(network, images).buffers(), fresh(network, gaps).buffers(), strict=True):
        assert other.isfinite().all()
        torch.testing.assert_close(one, other, rtol=0.1, atol=1e-3)


def test_missing_bands_are_told_apart_from_dark_ones(images):
    module, some = fresh("residual", images), torch.from_numpy(images[:8].copy())
    bare, dark = some.clone(), some.clone()
    bare[:, 1], dark[:, 1] = torch.nan, 0.0
    assert not torch.allclose(module(image=bare), module(image=dark))


def test_every_pose_has_the_same_answer(images):
    torch.manual_seed(1)
    one, some = TASK.networks["residual"], torch.from_numpy(images[:20])
    module = one.module(bands=3, outputs=1, **one.settings)
    module.normalise({"image": some})
    module.eval()
    with torch.inference_mode():
        found = [module.with_hidden(image=pose) for pose in galaxies.poses(some)]
    assert len(found) == 8
    for raw, hidden in found:
        torch.testing.assert_close(raw, found[0][0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(hidden, found[0][1], rtol=1e-4, atol=1e-5)
    module.all_poses = False
    assert not torch.allclose(module(image=some), module(image=some.flip(-1)), rtol=1e-4, atol=1e-5)


def test_training_shows_every_pose_and_sometimes_fewer_bands(images):
    generator, module = torch.Generator().manual_seed(1), fresh("residual", images)
    seen = module.augment({"image": torch.from_numpy(images)}, generator)["image"]
    bands = (~seen.isnan().all(3).all(2)).sum(1)
    assert set(bands.tolist()) == {2, 3} and 0.15 < (bands == 2).float().mean() < 0.35
    pose = np.rot90(images[0, 0]).copy()
    poses = [
        module.augment({"image": torch.from_numpy(images[:1])}, generator)["image"][0, 0].numpy() for _ in range(80)
    ]
    assert any(np.array_equal(pose, other) for other in poses)


STAR = np.hypot(*(np.mgrid[:SIDE, :SIDE] - SIDE // 2))


def odd(kind):
    """Return stamps of two bands unlike those that a network was trained on."""
    sigma = Noise.of(mergerlike.SURVEY).sigma[:2, None, None]
    sky = sigma * np.random.default_rng(4).normal(size=(60, 2, SIDE, SIDE))
    star = 3 * np.exp(-0.5 * (STAR / 0.4) ** 2)
    drawn = {"rows": 60, "seed": 5, "bands": 2}
    match kind:
        case "sky alone":
            return sky
        case "blank":
            return 0 * sky
        case "a star":
            return sky + star
        case "deeper":
            return mergerlike.stamps(**drawn, noise=0.5)[0]
        case "noise of twice the width":
            return mergerlike.stamps(**drawn, noise=2)[0]
        case "larger pixels":
            return mergerlike.stamps(**drawn, noise=2, zoom=2)[0]
        case "smaller pixels":
            return mergerlike.stamps(**drawn, noise=0.5, zoom=0.5)[0]
        case "four times the size":  # and as bright a pixel
            return 16 * mergerlike.stamps(**drawn, noise=0, size=4, merging=False)[0] + sky
        case "nanojansky":
            return 1e3 * mergerlike.stamps(**drawn)[0]
        case "swapped bands":
            return mergerlike.stamps(**drawn)[0][:, ::-1].copy()
    raise ValueError(kind)


@pytest.fixture(scope="module")
def known():
    def part(rows, seed):
        images, labels = mergerlike.stamps(rows, seed, 2)
        return sample({"image": PixelStore(images, np.arange(rows))}, labels)

    first = part(1500, 1)
    module = fresh("residual", first.inputs["image"][:])
    return module, likenessfit.fit(module, first, part(800, 2))


@pytest.mark.parametrize(
    "kind",
    [
        "sky alone", "blank", "a star", "deeper", "noise of twice the width", "larger pixels", "smaller pixels",
        "four times the size", "nanojansky", "swapped bands",
    ],
)  # fmt: skip
def test_rows_unlike_the_training_sample_are_told(kind, known):
    module, likeness = known
    image = torch.from_numpy(odd(kind).astype(np.float32))
    with torch.inference_mode():
        assert likeness.unlike({"image": image}, module.with_hidden(image=image)[1]).float().mean() > 0.9


def test_few_others_are(known):
    module, likeness = known
    image = torch.from_numpy(mergerlike.stamps(800, 6, 2)[0])
    with torch.inference_mode():
        assert likeness.unlike({"image": image}, module.with_hidden(image=image)[1]).float().mean() < 0.02


def made(folder, rows, seed, name="stamps.fits", **more):
    images, labels = mergerlike.stamps(rows, seed, **more)
    return mergerlike.write(folder / name, images, labels)


@pytest.mark.parametrize(("network", "members"), [("paper", 1), ("residual", 2)])
def test_stamps_go_through_train_predict_and_score(network, members, tmp_path):
    path, new = made(tmp_path, 600, 1, side=40), made(tmp_path, 200, 2, "new.fits", side=40)
    model = str(tmp_path / "m.safetensors")
    options = {"task": "merger", "network": network, "members": members, "epochs": 3}
    done = train.train(path, train.Options(out=model, **options))
    assert (done.truth, tuple(done.bands), done.survey) == ("MERGER_TRUE", ("F814W", "F160W"), "deepmerge-noisy")
    assert done.rows["calib"] > 0
    assert ("reach" in read(model).card.posterior) == (members > 1)  # the interval is calibrated by the members
    predict.predict(new, predict.Options(task="merger", model=model, out=str(tmp_path / "out.fits"), table_only=True))
    answers = Table.read(tmp_path / "out.fits")
    low, value, high = (np.asarray(answers[name]) for name in ("P_MERGER_LO", "P_MERGER", "P_MERGER_HI"))
    assert set(answers.colnames) == {"ID", "MERGER_TRUE", "P_MERGER", "P_MERGER_LO", "P_MERGER_HI", "MERGER_FLAG"}
    assert ((value > 0) & (value < 1)).all() and (answers["MERGER_FLAG"] & ~Flag.UNLIKE_TRAINING == 0).all()
    if members > 1:
        assert ((low <= value) & (value <= high)).all() and (low < high).any()
    else:
        assert np.isnan(low).all() and np.isnan(high).all()
    asked = score.Options(task="merger", baselines=(), resamples=20, prevalence=0.03)
    (scored,) = score.score([str(tmp_path / "out.fits")], asked).answers
    assert (scored.value, scored.truth, scored.kind, scored.rows) == ("P_MERGER", "MERGER_TRUE", "class", 200)
    assert {"auc", "brier", "ece"} <= scored.entries[0].scores.keys()


def test_a_stamp_file_of_other_pixels_is_refused(tmp_path):
    model = str(tmp_path / "m.safetensors")
    options = {"task": "merger", "network": "residual", "members": 1, "epochs": 1}
    train.train(made(tmp_path, 300, 1, side=32), train.Options(out=model, **options))
    images = mergerlike.stamps(5, 2, side=32)[0]
    for cards, what in (({"PIXSCALE": 0.06}, "pixel"), ({}, "needs stamps of 32 pixels")):
        used = images if cards else images[..., :20, :20]
        path = mergerlike.write(tmp_path / "other.fits", used, **cards)
        with pytest.raises(InputError, match=what):
            predict.predict(path, predict.Options(task="merger", model=model, out=str(tmp_path / "o.fits")))
