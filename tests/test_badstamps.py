"""Stamps that are not what a merger model was trained on: converted, taken by name, flagged or refused."""

import os

import numpy as np
import pytest
from astropy.io import fits

import published
from published import NOISY, SIDE
from skycnn.errors import InputError
from skycnn.schema import Flag
from skycnn.verbs import predict, train

N, ROWS = 320, 24
BANDS = ("F814W", "F160W")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return a trained model's file, and stamps that it did not see."""
    import shutil
    import sys

    from skycnn import tasks

    folder = tmp_path_factory.mktemp("merger")
    shutil.copy(os.path.join(os.path.dirname(__file__), "smallmerger.py"), folder)
    tasks.__path__.append(str(folder))
    try:
        cat = published.write(folder / NOISY, *published.images(N))
        out = str(folder / "merger.safetensors")
        train.train(cat, train.Options(task="smallmerger", out=out, network="small", group="", epochs=2))
        yield out
    finally:
        tasks.__path__.remove(str(folder))
        sys.modules.pop("skycnn.tasks.smallmerger", None)


@pytest.fixture
def answer(model, tmp_path):
    """Answer a file of stamps; return P_MERGER, the flags and what was said."""

    def call(pixels, name=NOISY, **cards):
        cat = published.write(tmp_path / name, pixels, np.arange(len(pixels)) % 2, **cards)
        said, out = [], str(tmp_path / "out.fits")
        options = predict.Options(task="smallmerger", model=model, out=out, overwrite=True)
        predict.predict(cat, options, said.append)
        with fits.open(out) as units:
            table = units[-1].data
            return np.array(table["P_MERGER"], "f4"), np.array(table["MERGER_FLAG"]), said

    return call


@pytest.fixture(scope="module")
def pixels():
    return published.images(ROWS, seed=7)[0]


@pytest.fixture
def clean(answer, pixels):
    """Return the answers to sound stamps."""
    p, flags, _ = answer(pixels)
    assert np.isfinite(p).all() and (flags == 0).sum() > ROWS // 2
    return p


def spoilt(pixels, row, value, where=(slice(None), slice(None), slice(None))):
    other = pixels.copy()
    other[row][where] = value
    return other


NOTHING = Flag.MISSING_BAND | Flag.TOO_FEW_BANDS
WHOLE, ONE_BAND = (slice(None),) * 3, (0,)
PIXEL, STRIP = (0, 30, 30), (slice(None), slice(0, 20))


@pytest.mark.parametrize(
    ("value", "where", "flag", "answered"),
    [
        (0.0, WHOLE, NOTHING, False),
        (-0.0, WHOLE, NOTHING, False),
        (3.5, WHOLE, NOTHING, False),
        (np.nan, WHOLE, NOTHING, False),
        (np.inf, WHOLE, NOTHING, False),
        (0.0, ONE_BAND, Flag.MISSING_BAND, None),
        (7.0, ONE_BAND, Flag.MISSING_BAND, None),
        (np.nan, ONE_BAND, Flag.MISSING_BAND, None),
        (np.nan, PIXEL, Flag.NAN_PIXELS, True),
        (np.inf, PIXEL, Flag.NAN_PIXELS, True),
        (-np.inf, PIXEL, Flag.NAN_PIXELS, True),
        (np.nan, STRIP, Flag.NAN_PIXELS, True),
        (np.inf, (0, 0, 0), Flag.NAN_PIXELS, True),
    ],
    ids=[
        *("zero", "minus_zero", "constant", "nan", "inf", "band_zero", "band_constant", "band_nan"),
        *("nan_pixel", "inf_pixel", "minus_inf_pixel", "strip", "corner"),
    ],
)
def test_pixels_that_show_nothing_are_flagged(answer, clean, pixels, value, where, flag, answered):
    p, flags, _ = answer(spoilt(pixels, 5, value, where))
    assert flags[5] & flag == flag
    if answered is not None:
        assert np.isfinite(p[5]) == answered
    others = np.arange(ROWS) != 5
    np.testing.assert_array_equal(p[others], clean[others])


def test_noise_of_the_smallest_kind_is_no_blank(answer, pixels):
    faint = spoilt(pixels, 5, np.random.default_rng(0).normal(0, 1e-6, (2, SIDE, SIDE)))
    p, flags, _ = answer(faint)
    assert np.isfinite(p[5]) and not flags[5] & Flag.MISSING_BAND
    assert flags[5] & Flag.UNLIKE_TRAINING


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("uJy", 0.1875**2),
        ("nJy/pixel", 0.1875**2 * 1e3),
        ("Jy", 0.1875**2 * 1e-6),
        ("nJy/arcsec2", 1e3),
        ("MJy/sr", 1e-12 * (180 * 3600 / np.pi) ** 2),
        ("microJy arcsec**-2", 1.0),
        ("zp25", 0.1875**2 / 10 ** (0.4 * (23.9 - 25))),
        ("", 1.0),
    ],
)
def test_another_unit_in_the_header_is_converted(answer, clean, pixels, unit, factor):
    p, _, said = answer((pixels * factor).astype("f4"), BUNIT=unit)
    np.testing.assert_allclose(p, clean, rtol=1e-3)
    if unit not in ("uJy",):
        assert any(line.startswith("pixels brought to microjansky: F814W F160W from ") for line in said)


@pytest.mark.parametrize("unit", ["adu", "electron/s", "mag/arcsec2", "uJy/arcsec", "erg"])
def test_a_unit_that_is_no_flux_is_refused_by_name(answer, pixels, unit):
    with pytest.raises(InputError, match=f"pixels of F814W are in {unit} .*trained on microjansky"):
        answer(pixels, BUNIT=unit)


def test_bands_in_another_order_are_taken_by_name(answer, clean, pixels):
    turned = np.ascontiguousarray(pixels[:, ::-1])
    for name, cards in (
        ("hlsp_deepmerge_f160w-f814w_v1_sim-noisy.fits", {}),
        (NOISY, {"BANDS": "F160W F814W"}),
        (NOISY, {"FILTER1": "F160W", "FILTER2": "F814W"}),
    ):
        np.testing.assert_array_equal(answer(turned, name, **cards)[0], clean)
    assert not np.array_equal(answer(turned)[0], clean)


def test_bands_of_other_names_are_refused(answer, pixels):
    with pytest.raises(InputError, match="needs images of F814W F160W; there are F606W F125W"):
        answer(pixels, BANDS="F606W F125W")
    with pytest.raises(InputError, match=r"needs two of its bands \(F814W F160W\); found: F814W"):
        answer(pixels, BANDS="F814W F125W")


def test_a_smaller_stamp_is_refused_and_a_larger_one_cropped(answer, clean, pixels):
    with pytest.raises(InputError, match=f"needs stamps of {SIDE} pixels; these have 64"):
        answer(np.ascontiguousarray(pixels[:, :, 5:69, 5:69]), PIXSCALE=0.1875)
    larger = np.pad(pixels, ((0, 0), (0, 0), (5, 5), (5, 5)), mode="reflect")
    np.testing.assert_array_equal(answer(larger, PIXSCALE=0.1875)[0], clean)


@pytest.mark.parametrize("scale", [0.06, 0.18, 0.2, 0.396])
def test_another_pixel_scale_is_refused(answer, pixels, scale):
    with pytest.raises(InputError, match=rf"trained on pixels of 0\.1875 arcsec; these have {scale:g} arcsec") as error:
        answer(pixels, PIXSCALE=scale)
    assert "--resample" in error.value.hint


def test_the_scale_may_stand_in_degrees(answer, clean, pixels):
    degrees = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -0.06 / 3600, "CDELT2": 0.06 / 3600}
    with pytest.raises(InputError, match=r"these have 0\.06 arcsec"):
        answer(pixels, **degrees)
    right = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": -0.1875 / 3600, "CD2_2": 0.1875 / 3600}
    np.testing.assert_array_equal(answer(pixels, **right)[0], clean)


def test_images_of_another_size_have_no_scale_by_their_name(answer, pixels):
    larger = np.pad(pixels, ((0, 0), (0, 0), (5, 5), (5, 5)), mode="reflect")
    with pytest.raises(InputError, match=r"pixels of F814W are in uJy/arcsec2 .*trained on microjansky"):
        answer(larger)


def test_blank_stamps_are_not_trained_on(model, tmp_path):
    pixels, labels = published.images(N)
    pixels[::10] = 0
    cat = published.write(tmp_path / NOISY, pixels, labels)
    out = str(tmp_path / "m.safetensors")
    options = train.Options(task="smallmerger", out=out, network="small", group="", epochs=1)
    assert train.train(cat, options).left_out == {"fewer than two bands": N // 10}
