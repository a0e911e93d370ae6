"""ClusterLight: what moves its answer and what does not - sky, poses, gaps, absent bands and numbers."""

import math

import numpy as np
import pytest
import torch

from clusterstamps import BANDS, NOISE, SIDE, clusters
from skycnn.cosmology import kpc_per_arcsec
from skycnn.network.clusterlight import KPC, PIXELS, ClusterLight
from skycnn.network.featuremaps import shows_maps
from skycnn.network.poses import poses
from skycnn.network.radialwindows import RINGS, rings
from skycnn.network.redfilter import COUNTED

OUT = 8
PLAIN = {"drop": 0.0, "drop_redshift": 0.0, "drop_richness": 0.0, "cut": 0.0, "gain": 0.0, "tilt": 0.0, "blur": 0.0}
NAMES = ("image", "redshift", "richness")


def fresh(inputs, **settings):
    """Return a small network as training begins it, ready to answer."""
    torch.manual_seed(1)
    module = ClusterLight(BANDS, OUT, **{"channels": 4, "width": 12, "pixel": 20.0, **settings})
    torch.nn.init.normal_(module.shift.weight, std=0.2)  # as if it had learned
    module.normalise(inputs)
    return module.eval()


@pytest.fixture(scope="module")
def rows():
    return clusters()[0]


@pytest.fixture(scope="module")
def module(rows):
    return fresh(rows)


def changed(rows, **others):
    return {**{name: value.clone() for name, value in rows.items()}, **others}


def test_maps_features_and_the_last_hidden_layer_are_shown(module, rows):
    some = {name: value[:5] for name, value in rows.items()}
    seen = module.with_maps(**some)
    raw, hidden = module.with_hidden(**some)
    assert shows_maps(module) and seen["maps"].shape == (5, module.lights + 4, SIDE, SIDE)
    assert raw.shape == (5, OUT) and hidden.shape == (5, 12) and all(len(value) == 5 for value in seen.values())
    torch.testing.assert_close(module.from_maps(**seen), raw)
    torch.testing.assert_close(module(*some.values()), raw)
    image = some["image"].requires_grad_()
    module.features(**some).square().sum().backward()
    assert image.grad.isfinite().all() and (image.grad != 0).flatten(1).any(1).all()


def test_a_sky_that_is_left_moves_no_answer(module, rows):
    sky = torch.from_numpy(NOISE * [2, -2, 1, 5]).float()
    other = module(**changed(rows, image=rows["image"] + sky[:, None, None]))
    torch.testing.assert_close(other, module(**rows), atol=1e-3, rtol=1e-3)


def test_turned_stamps_give_nearly_the_same_answer(rows):
    """Windows see the same light; a convolution sees it turned, and here it has learned nothing of the eight."""
    module = fresh(rows)
    torch.nn.init.zeros_(module.second.weight)
    whole = module(**rows)
    for pose in poses(rows["image"]):  # the level's median is that of other pixels
        off = module(**changed(rows, image=pose)) - whole
        assert off.std() < 0.02 * whole.std(0).mean()


def test_light_is_that_of_windows_in_kpc_above_the_field(module, rows):
    """Of one row in float64, with the mean of the outermost windows for the field's."""
    seen = module._light(rows["image"], rows["redshift"])
    sums = rings(torch.cat([seen["light"], seen["red"]], 1))
    light, share = module._windows(sums, seen["area"], rows["redshift"])
    assert light.shape == (len(rows["image"]), len(PIXELS) + len(KPC), module.lights)
    assert share.shape == light.shape[:2] and module.lights == BANDS + 1 + len(COUNTED)
    z = float(rows["redshift"][3])
    pixel = 20.0 * float(kpc_per_arcsec(np.array([z]))[0])
    place = np.arange(SIDE) - (SIDE - 1) / 2
    far = np.hypot(place[:, None], place).ravel()

    def window(radii, scale, number):
        at = np.interp(np.log(np.maximum(RINGS, 0.3) * scale), np.log(radii), np.eye(len(radii))[number])
        return np.interp(far, RINGS, at)

    pixels = seen["light"][3, 1].double().numpy().ravel()
    outer = sum(window(PIXELS, 1.0, number) for number in range(len(PIXELS) - 3, len(PIXELS)))
    field = pixels @ outer / outer.sum()
    own = window(KPC, pixel, 3)
    dim = (pixel * (1 + z) ** 2) ** 2 / 1e3
    assert share[3, len(PIXELS) + 3] == pytest.approx(1, abs=0.1)
    wanted = (pixels @ own / own.sum() - field) * dim * own.sum() / float(share[3, len(PIXELS) + 3])
    assert float(light[3, len(PIXELS) + 3, 1]) == pytest.approx(wanted, rel=1e-3)


def test_clusters_of_more_light_have_more_of_it_in_the_windows(module):
    inputs, mass = clusters(60, seed=3)
    seen = module._light(inputs["image"], inputs["redshift"])
    light, _ = module._windows(rings(seen["red"]), seen["area"], inputs["redshift"])
    assert np.corrcoef(light[:, 2 : len(PIXELS) - 3, 0].sum(1).numpy(), 10 ** (0.75 * (mass - 14)))[0, 1] > 0.6


@pytest.mark.parametrize("value", [math.nan, math.inf, 3e38, 0.0])
def test_odd_pixels_give_numbers_and_leave_other_rows_alone(module, rows, value):
    some = {name: own[:6].clone() for name, own in rows.items()}
    whole = module(**some).detach()
    image = some["image"]
    image[1, 0, 3, 4] = image[2, 1] = image[3] = image[4, :, :2] = value
    image.requires_grad_()
    raw = module(**some)
    raw.sum().backward()
    assert raw.isfinite().all() and image.grad.isfinite().all()
    torch.testing.assert_close(raw[[0, 5]].detach(), whole[[0, 5]], rtol=1e-3, atol=1e-3)


def test_absent_pixels_count_as_absent_and_not_as_dark(module, rows):
    """Of half a stamp the windows' means are those of that half; of dark pixels they are half as much."""
    half, dark = rows["image"].clone(), rows["image"].clone()
    half[..., : SIDE // 2], dark[..., : SIDE // 2] = math.nan, 0.0

    def light(image):
        seen = module._light(image, rows["redshift"])
        return module._windows(rings(seen["light"]), seen["area"], rows["redshift"])

    (whole, all_), (some, share), (less, none) = (light(image) for image in (rows["image"], half, dark))
    core = slice(0, 4)
    torch.testing.assert_close(share[:, core], all_[:, core] / 2, atol=0.1, rtol=0.1)
    torch.testing.assert_close(none, all_)
    ratio = (some[:, core, 2].sum(1) / whole[:, core, 2].sum(1)).median()
    assert ratio == pytest.approx(1, abs=0.15) and (less[:, core, 2].sum(1) / whole[:, core, 2].sum(1)).median() < 0.7


@pytest.mark.parametrize("name", ["redshift", "richness"])
def test_absent_numbers_are_told_from_any_value(module, rows, name):
    absent = module(**changed(rows, **{name: torch.full((len(rows["image"]),), math.nan)}))
    assert absent.isfinite().all()
    for value in (0.0, 0.2, 30.0):
        assert not torch.allclose(module(**changed(rows, **{name: torch.full((len(absent),), value)})), absent)


def test_missing_bands_are_told_apart_from_dark_ones(module, rows):
    bare, dark = rows["image"].clone(), rows["image"].clone()
    bare[:, 1], dark[:, 1] = math.nan, 0.0
    assert not torch.allclose(module(**changed(rows, image=bare)), module(**changed(rows, image=dark)))


def test_all_absent_is_one_answer(module, rows):
    none = {name: torch.full_like(value, math.nan) for name, value in rows.items()}
    raw = module(**none)
    assert raw.isfinite().all() and torch.allclose(raw, raw[:1].expand_as(raw))


def test_constants_are_those_of_the_training_rows(rows):
    answers = [fresh(own)(**own) for own in (rows, changed(rows, image=1e-3 * rows["image"]))]
    torch.testing.assert_close(*answers, atol=2e-3, rtol=1e-2)


def test_training_takes_away_and_changes_as_its_settings_say(rows):
    generator = torch.Generator().manual_seed(1)
    plain = fresh(rows, **PLAIN).augment(rows, generator)
    torch.testing.assert_close(plain["image"].sum((2, 3)), rows["image"].sum((2, 3)), atol=0.02, rtol=1e-4)
    assert torch.equal(plain["redshift"], rows["redshift"]) and torch.equal(plain["richness"], rows["richness"])
    many = {
        name: value[:1].expand(2000, *value.shape[1:])[..., :24, :24] if value.ndim > 1 else value[:1].expand(2000)
        for name, value in rows.items()
    }

    def seen(**settings):
        return fresh(rows, **{**PLAIN, **settings}).augment(many, generator)

    for name in ("redshift", "richness"):
        gone = seen(**{f"drop_{name}": 0.3})[name].isnan().float().mean()
        assert gone == pytest.approx(0.3, abs=0.04)
    bands = seen(drop=0.25)["image"].isfinite().flatten(2).all(2).sum(1)
    assert bands.min() == 2 and (bands < BANDS).float().mean() == pytest.approx(0.25, abs=0.04)
    part = seen(cut=0.5)["image"].isfinite()[:, 0].float().mean((1, 2))
    assert (part < 1).float().mean() == pytest.approx(0.4, abs=0.1) and part.min() < 0.15
    total = many["image"][0].sum((1, 2))
    bright = torch.log((seen(gain=0.1)["image"].sum((2, 3)) / total).clamp(min=1e-3))
    assert bright.std(0).numpy() == pytest.approx(0.1, rel=0.1)
    slope = fresh(rows, **{**PLAIN, "tilt": 0.5}).augment({**many, "image": 0 * many["image"]}, generator)["image"]
    assert slope.mean((2, 3)).abs().max() < 0.01
    edges = (slope[..., -1, :] - slope[..., 0, :]).mean(2).std(0) / torch.from_numpy(NOISE)
    assert edges.numpy() == pytest.approx(2 * 0.5 * 23 / 24, rel=0.2)
    soft = seen(blur=0.5)["image"]
    assert soft.std((2, 3)).mean() < 0.97 * many["image"].std((2, 3)).mean()
