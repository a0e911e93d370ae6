"""Mosaic: stamps hold the pixels where the catalogue says, whatever the tiles, the order and the company."""

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from mosaicking import SIDE, Here, field, footprints, mosaic, positions, sliced, stamps, tiles, wcs, write
from skycnn.errors import ChangedError, InputError
from skycnn.images.pixelunit import Conversion
from skycnn.schema import Flag
from skycnn.stamps import stamps as stampsmodule
from skycnn.stamps.mosaic.mosaic import Mosaic
from skycnn.stamps.mosaic.resampledmosaic import ResampledMosaic

NONE, EDGE, NAN, OFF, MISSING = 0, Flag.EDGE, Flag.NAN_PIXELS, Flag.OFF_IMAGE, Flag.MISSING_BAND


@pytest.fixture(scope="module")
def sky(tmp_path_factory):
    """Two bands: one image, and sixteen tiles that adjoin."""
    folder = tmp_path_factory.mktemp("sky")
    pixels = field(0), field(1)
    one = write(folder / "one.fits", pixels[0], wcs())
    return folder, pixels, {"g": [one], "r": tiles(folder, pixels[1], 75)}


@pytest.fixture(scope="module")
def many():
    """Positions all over the field, and beyond its edges."""
    rng = np.random.default_rng(5)
    return rng.uniform(-12, SIDE + 12, 400), rng.uniform(-12, SIDE + 12, 400)


@pytest.mark.parametrize("side", [1, 8, 21])
def test_stamps_are_slices_also_across_seams(sky, many, side):
    _, (g, r), bands = sky
    x, y = many
    with mosaic(bands) as source:
        pixels, rests, flags = stamps(source, positions(x, y), ("g", "r"), side)
    # positions went through the WCS: what it gives back decides where the pixel's edge is
    back = wcs().all_world2pix(*positions(x, y).values(), 0)
    for i in range(len(x)):
        for plane, image in enumerate((g, r)):
            stamp, rest = sliced(image, x[i], y[i], side)
            np.testing.assert_array_equal(pixels[i, plane], stamp, err_msg=str((i, plane, x[i], y[i])))
            if np.isfinite(stamp).any():
                assert rests[i, plane] == pytest.approx(rest, abs=1e-6)
    assert np.allclose(back, (x, y), atol=1e-6)
    inside = (x >= -0.5) & (x < SIDE - 0.5) & (y >= -0.5) & (y < SIDE - 0.5)
    assert ((flags & OFF != 0) == ~inside).all()
    whole = np.isfinite(pixels).all(axis=(1, 2, 3))
    nothing = np.isnan(pixels).all(axis=(1, 2, 3))
    assert ((flags & (EDGE | MISSING)) == np.where(whole, 0, np.where(nothing, MISSING, EDGE))).all()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_stamp_depends_on_its_row_alone(sky, many, data):
    _, _, bands = sky
    x, y = many
    rows = data.draw(st.lists(st.integers(0, len(x) - 1), min_size=1, max_size=40))
    threads, size = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 17))
    side = data.draw(st.sampled_from([5, 16]))
    with mosaic(bands) as source:
        whole = stamps(source, positions(x, y), ("g", "r"), side)
    with pytest.MonkeyPatch.context() as patch, mosaic(bands, threads=threads) as source:
        patch.setattr(stampsmodule, "BATCH_BYTES", size * 4 * 2 * side * side)
        some = stamps(source, positions(x[rows], y[rows]), ("g", "r"), side, dtype=">f4")
    for one, other in zip(whole, some, strict=True):
        np.testing.assert_array_equal(one[rows], other)


def test_only_rows_that_are_wanted_are_cut(sky, many):
    _, _, bands = sky
    wanted = np.arange(400) % 7 == 0
    with mosaic(bands) as source:
        stamps(source, positions(*many), ("g",), 9, wanted)


def test_a_band_that_is_not_there_is_empty(sky, many):
    _, _, bands = sky
    with mosaic(bands) as source:
        pixels, rests, flags = stamps(source, positions(*many), ("K", "g"), 9)
    assert np.isnan(pixels[:, 0]).all()
    assert np.isnan(rests[:, 0]).all()
    assert (flags & MISSING != 0).all()


def test_rows_without_a_position_or_far_away_cost_nothing_but_themselves(sky):
    _, (g, _), bands = sky
    values = positions([10.0, 20.0, 30.0, 40.0], [10.0, 20.0, 30.0, 40.0])
    values["RA"][0] = np.nan
    values["RA"][1], values["DEC"][1] = 210.0, -60.0  # the far side of the sky
    values["DEC"][2] = -61.0
    with mosaic(bands) as source:
        pixels, _, flags = stamps(source, values, ("g", "r"), 9)
    assert np.isnan(pixels[:3]).all()
    np.testing.assert_array_equal(pixels[3, 0], sliced(g, 40, 40, 9)[0])
    assert flags.tolist() == [MISSING | Flag.NO_POSITION, MISSING | OFF, MISSING | OFF, NONE]


def test_overlapping_tiles_give_the_most_central_one(tmp_path):
    pixels = field(2)
    paths = tiles(tmp_path, pixels, 150, 50)
    for number, path in enumerate(paths):  # each tile tells itself
        with fits.open(path, mode="update") as file:
            file[0].data[:] = number
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, SIDE - 1, (2, 300))
    with mosaic({"g": paths}) as source:
        found, _, _ = stamps(source, positions(x, y), ("g",), 1)
    corners = [(x0, y0) for y0 in (0, 100, 200) for x0 in (0, 100, 200)]
    shapes = [(min(150, SIDE - x0), min(150, SIDE - y0)) for x0, y0 in corners]
    depth = [
        np.minimum.reduce([x - x0, x0 + w - 1 - x, y - y0, y0 + h - 1 - y])
        for (x0, y0), (w, h) in zip(corners, shapes, strict=True)
    ]
    np.testing.assert_array_equal(found[:, 0, 0, 0], np.argmax(depth, axis=0))


def test_a_neighbour_on_another_grid_does_not_fill(tmp_path):
    pixels = field(3)
    first = write(tmp_path / "a.fits", pixels[:, :150], wcs())
    shifted = wcs(SIDE, 150, 0)
    shifted.wcs.crpix = shifted.wcs.crpix + 0.3
    second = write(tmp_path / "b.fits", pixels[:, 150:], shifted)
    with mosaic({"g": [first, second]}) as source:
        found, _, flags = stamps(source, positions([148.0], [100.0]), ("g",), 9)
    assert np.isnan(found[0, 0, :, 6:]).all()
    assert np.isfinite(found[0, 0, :, :6]).all()
    assert flags[0] == EDGE


def test_masks_and_weights_make_holes(tmp_path):
    pixels = field(4)
    image = write(tmp_path / "g.fits", pixels, wcs())
    mask, weight = np.zeros((SIDE, SIDE), "u1"), np.ones((SIDE, SIDE), "f4")
    mask[100, 100], weight[102, 102], weight[103, 103] = 4, 0, np.nan
    masks, weights = write(tmp_path / "m.fits", mask, wcs()), write(tmp_path / "w.fits", weight, wcs())
    with Mosaic({"g": footprints("g", [image], [masks], [weights])}, Here()) as source:
        found, _, flags = stamps(source, positions([101.0, 50.0], [101.0, 50.0]), ("g",), 7)
    holes = np.argwhere(np.isnan(found[0, 0])).tolist()
    assert holes == [[2, 2], [4, 4], [5, 5]]
    assert flags.tolist() == [NAN, NONE]


def test_pixels_as_positions_need_no_wcs(tmp_path):
    pixels = field(6)
    fits.PrimaryHDU(pixels).writeto(tmp_path / "g.fits")
    with mosaic({"g": [tmp_path / "g.fits"]}, kind="pixel") as source:
        found, rests, flags = stamps(source, {"X": [10.5, np.nan], "Y": [20.0, 3.0]}, ("g",), 6)
        assert source.pixel_scale is None
    np.testing.assert_array_equal(found[0, 0], sliced(pixels, 10.5, 20.0, 6)[0])
    assert rests[0, 0].tolist() == [0.0, -0.5]
    assert flags.tolist() == [NONE, MISSING | Flag.NO_POSITION]


def test_one_file_of_many_that_cannot_be_read_is_named_once(tmp_path):
    pixels = field(7)
    paths = tiles(tmp_path, pixels, 150)
    whole = paths[1].read_bytes()
    paths[1].write_bytes(whole[:4000])
    with mosaic({"g": paths}) as source:
        x, y = np.array([40.0, 200.0, 260.0, 40.0]), np.array([40.0, 40.0, 60.0, 200.0])
        found, _, flags = stamps(source, positions(x, y), ("g",), 5)
        told = source.warnings()
    assert flags.tolist() == [NONE, OFF | MISSING, OFF | MISSING, NONE]
    assert np.isnan(found[1:3]).all()
    assert len(told) == 1
    assert paths[1].name in told[0]


def test_an_image_that_goes_bad_between_header_and_pixels_stops_the_run(tmp_path):
    path = write(tmp_path / "g.fits", field(8), wcs())
    with mosaic({"g": [path]}) as source:
        path.write_bytes(path.read_bytes()[:-2880])
        with pytest.raises(ChangedError, match=r"g\.fits"):
            stamps(source, positions([40.0], [40.0]), ("g",), 5)


def test_an_image_replaced_during_the_run_is_told(tmp_path):
    path = write(tmp_path / "g.fits", field(9), wcs())
    with mosaic({"g": [path]}) as source:
        stamps(source, positions([40.0], [40.0]), ("g",), 5)
        source.check_unchanged()
        write(tmp_path / "new.fits", field(10), wcs()).replace(path)
        with pytest.raises(ChangedError, match="changed or replaced"):
            source.check_unchanged()


def test_the_census_counts_rows_by_image_and_facts_tell_images_apart(sky, many, tmp_path):
    from astropy.table import Table

    from skycnn.fits.catalogue import Catalogue

    folder, _, bands = sky
    x, y = many
    values = positions(x, y)
    values["RA"][0] = np.nan
    Table(values).write(tmp_path / "cat.fits")
    with mosaic(bands) as source, Catalogue.open(str(tmp_path / "cat.fits")) as catalogue:
        found = source.census(catalogue, (0, 400), 9)
        outside = (x < -0.5) | (x >= SIDE - 0.5) | (y < -0.5) | (y >= SIDE - 0.5)
        assert (found.rows, found.unplaced, found.nowhere) == (400, 1, int(outside[1:].sum()))
        assert found.images[str(folder / "one.fits")] > 300
        assert len(found.images) == 17
        assert source.census(catalogue, (0, 10), 9).rows == 10
        assert found.visits == 17
        before = source.facts()
    assert set(before["images"]) == {"g", "r"}
    assert before["images"]["r"]["files"] == 16


@pytest.mark.parametrize(
    ("projection", "message"),
    [
        ({"scale": 0.6}, r"r\.fits has pixels of 0\.6 arcsec, .*g\.fits of 0\.5 arcsec"),
        ({"rotation": 30.0}, r"r\.fits is rotated by .*30\.00 deg against .*g\.fits"),
    ],
)
def test_bands_on_other_grids_are_refused_with_both_values(tmp_path, projection, message):
    from astropy.table import Table

    from skycnn.fits.catalogue import Catalogue

    first, second = write(tmp_path / "g.fits", field(), wcs()), write(tmp_path / "r.fits", field(), wcs(**projection))
    Table(positions([100.0], [100.0])).write(tmp_path / "cat.fits")
    with mosaic({"g": [first], "r": [second]}) as source, Catalogue.open(str(tmp_path / "cat.fits")) as catalogue:
        with pytest.raises(InputError, match=message) as caught:
            source.census(catalogue, (0, 1), 9)
        assert "--resample" in caught.value.hint


def test_a_mirrored_band_is_refused(tmp_path):
    from astropy.table import Table

    from skycnn.fits.catalogue import Catalogue

    mirrored = wcs()
    mirrored.wcs.cd = mirrored.wcs.cd * np.array([[-1], [1]])
    first, second = write(tmp_path / "g.fits", field(), wcs()), write(tmp_path / "r.fits", field(), mirrored)
    Table(positions([150.0], [150.0])).write(tmp_path / "cat.fits")
    bands = {"g": [first], "r": [second]}
    with (
        mosaic(bands) as source,
        Catalogue.open(str(tmp_path / "cat.fits")) as catalogue,
        pytest.raises(InputError, match=r"mirrored .*parity .1 against .1"),
    ):
        source.census(catalogue, (0, 1), 9)


def test_each_image_is_brought_to_the_network_s_unit_also_across_seams(sky, many, tmp_path):
    _, (g, r), _ = sky
    one = write(tmp_path / "g.fits", (g / 4).astype(">f4"), wcs())
    parts = tiles(tmp_path, r, 75)
    with fits.open(one, mode="update") as file:
        file[0].header["BUNIT"] = "4 uJy"
    for number, path in enumerate(parts):
        factor = 2.0 ** (number % 3)  # exact
        with fits.open(path, memmap=False) as file:
            file[0].data = (file[0].data / factor).astype(">f4")
            file[0].header["BUNIT"] = f"{factor:.0f} uJy"
            file.writeto(path, overwrite=True)
    with mosaic(sky[2]) as source:
        expected = stamps(source, positions(*many), ("g", "r"), 21)
    with mosaic({"g": [one], "r": parts}) as source:
        assert source.units()["g"] == {"4 uJy": str(one)}
        assert source.units()["r"] == {f"{2**i} uJy": str(parts[i]) for i in range(3)}
        raw = stamps(source, positions(*many), ("g", "r"), 21)
        for dtype in ("<f4", ">f4"):
            found = stamps(source.converted(Conversion("uJy")), positions(*many), ("g", "r"), 21, dtype=dtype)
            for made, wanted in zip(found, expected, strict=True):
                np.testing.assert_array_equal(made, wanted)
        np.testing.assert_array_equal(raw[0][:, 0], expected[0][:, 0] / 4)  # and without, pixels stand


@pytest.mark.parametrize("made", [Mosaic, ResampledMosaic])
def test_a_mask_that_hides_every_stamp_of_some_bands_is_told_once(tmp_path, made):
    image = write(tmp_path / "a.fits", field(), wcs())
    turned = write(tmp_path / "b.fits", field(), wcs(rotation=20.0 if made is ResampledMosaic else 0.0))
    mask = write(tmp_path / "m.fits", np.full((SIDE, SIDE), 32, "i4"), wcs())
    bands = {
        "g": footprints("g", [image], [mask]),
        "r": footprints("r", [image]),
        "i": footprints("i", [image], [mask]),
    }
    bands["z"] = footprints("z", [turned])
    with made(bands, Here()) as source:
        stamps(source, positions([100.0, 150.0], [100.0, 150.0]), tuple(bands), 9)
        (told,) = source.warnings()
    assert told.startswith(f"g i: the mask hides every pixel of 2 stamps ({mask}): ")
