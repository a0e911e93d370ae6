"""Footprints: the images of a band, read once, each with its place on the sky."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

import tiles
from skycnn.errors import InputError
from skycnn.images.imagelist import expand
from skycnn.stamps.mosaic import footprints
from skycnn.stamps.mosaic.footprints import Footprints


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, (lon, lat) in enumerate([(0.0, 0.0), (359.99, 0.0), (120.0, 89.99), (10.0, -45.0)]):
        tiles.write(f"t{number}.fits", tiles.header(lon, lat))
        tiles.write(f"m{number}.fits", fits.Header())
    return tmp_path


def names(found):
    return [image.spec.path for image in found.images]


@pytest.mark.parametrize("threads", [1, 3])
def test_images_are_known_in_order(folder, threads):
    found = Footprints("g", expand("g", ["t*.fits"]), threads=threads)
    assert names(found) == ["t0.fits", "t1.fits", "t2.fits", "t3.fits"]
    assert (found.masks, found.weights, found.unreadable) == ([None] * 4, [None] * 4, {})
    np.testing.assert_array_equal(found.shapes, [(100, 120)] * 4)
    np.testing.assert_allclose(found.scales, tiles.SCALE, rtol=1e-4)
    half = np.hypot(60, 50) * tiles.SCALE / 3600
    assert (found.caps.radius >= half).all()
    assert (found.caps.radius < 1.1 * half).all()


@pytest.mark.parametrize("held", [1 << 14, 2, 0])
def test_world_coordinates_are_those_of_the_image(folder, monkeypatch, held):
    monkeypatch.setattr(footprints, "HELD", held)
    found = Footprints("g", expand("g", ["t*.fits"]))
    for number, (lon, lat) in enumerate([(0.0, 0.0), (359.99, 0.0), (120.0, 89.99), (10.0, -45.0)]):
        x, y = found.wcs(number).to_pixel(np.array([lon]), np.array([lat]))
        np.testing.assert_allclose((x, y), [[59.5], [49.5]], atol=1e-6)
    assert sum(wcs is not None for wcs in found._wcs) == min(4, held)


def test_near_images_are_found_across_zero_and_at_the_pole(folder):
    found = Footprints("g", expand("g", ["t*.fits"]))
    row, image = found.candidates(np.array([359.995, 300.0, 10.0, 80.0]), np.array([0.0, 89.9997, -45.0, 0.0]), 0.0)
    assert list(zip(row.tolist(), image.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 2), (2, 3)]


def test_what_cannot_be_read_is_named_and_the_rest_is_used(folder):
    (folder / "t0.fits").write_bytes(b"SIMPLE  =                    T")
    os.truncate("t2.fits", os.path.getsize("t2.fits") - 2880 * 4)
    tiles.write("t3.fits", fits.Header())
    found = Footprints("g", expand("g", ["t*.fits"]), threads=2)
    assert names(found) == ["t1.fits"]
    assert sorted(found.unreadable) == ["t0.fits", "t2.fits", "t3.fits"]
    assert "END" in found.unreadable["t0.fits"]
    assert "t2.fits" in found.unreadable["t2.fits"]
    assert "has no celestial WCS" in found.unreadable["t3.fits"]


def test_if_none_can_be_read_the_reason_is_told(folder):
    with pytest.raises(InputError, match=r"m1\.fits.* has no celestial WCS.*--xy"):
        Footprints("g", expand("g", ["m1.fits"]))
    with pytest.raises(InputError, match=r"none of the 4 image files of band g can be used; the first: m0\.fits.*WCS"):
        Footprints("g", expand("g", ["m?.fits"]))


def test_masks_and_weights_stand_beside_their_images(folder):
    found = Footprints("g", expand("g", ["t*.fits"]), masks=expand("g", ["m*.fits"]), weights=expand("g", ["t?.fits"]))
    assert [mask.spec.path for mask in found.masks] == [f"m{n}.fits" for n in range(4)]
    assert [weight.spec.path for weight in found.weights] == names(found)


def test_an_image_whose_mask_cannot_be_read_is_not_used(folder):
    (folder / "m1.fits").write_bytes(b"")
    found = Footprints("g", expand("g", ["t*.fits"]), masks=expand("g", ["m*.fits"]))
    assert names(found) == ["t0.fits", "t2.fits", "t3.fits"]
    assert [mask.spec.path for mask in found.masks] == ["m0.fits", "m2.fits", "m3.fits"]
    assert "m1.fits is empty" in found.unreadable["t1.fits"]


def test_masks_that_do_not_fit_are_refused(folder):
    specs = expand("g", ["t*.fits"])
    with pytest.raises(InputError, match="band g has 4 image files and 1 files of masks"):
        Footprints("g", specs, masks=expand("g", ["m1.fits"]))
    with pytest.raises(InputError, match="4 image files and 3 files of weights"):
        Footprints("g", specs, weights=expand("g", ["m[123].fits"]))
    tiles.write("m2.fits", fits.Header(), (100, 121))
    with pytest.raises(
        InputError, match=r"m2\.fits.*, the mask of t2\.fits.*, has 121 x 100 pixels \(expected 120 x 100"
    ):
        Footprints("g", specs, masks=expand("g", ["m*.fits"]))
    units = [fits.PrimaryHDU(), *(fits.ImageHDU(np.zeros((100, 120)), name="SCI") for _ in range(2))]
    fits.HDUList(units).writeto("m2.fits", overwrite=True)
    with pytest.raises(InputError, match=r"m2\.fits.*, the weight of t2\.fits.*, holds 2 images, not 1"):
        Footprints("g", specs, weights=expand("g", ["m*.fits"]))


def test_masks_of_another_place_are_refused(folder):
    """Names that sort otherwise would pair each image with another's mask."""
    for number in range(4):
        shutil.copy(f"t{number}.fits", f"k{number}.fits")
    specs = expand("g", ["t*.fits"])
    assert len(Footprints("g", specs, masks=expand("g", ["k*.fits"])).images) == 4
    shutil.copy("t0.fits", "k1.fits")
    with pytest.raises(InputError, match=r"k1\.fits.*, the mask of t1\.fits.*, lies elsewhere.*order of their names"):
        Footprints("g", specs, masks=expand("g", ["k*.fits"]))
    half = tiles.header(359.99, 0.0, kind="SIN", crpix=(60.7, 50.5))  # another projection, a fifth of a pixel away
    tiles.write("k1.fits", half)
    assert len(Footprints("g", specs, masks=expand("g", ["k*.fits"])).images) == 4


@pytest.mark.parametrize(
    ("change", "fits_it"),
    [
        ({}, True),
        ({"CRPIX1": 61.5}, False),
        ({"CRPIX1": 60.9}, True),
        ({"CD1_1": -0.000141}, False),
        ({"CD1_2": 1e-5, "CD2_1": 1e-5}, False),
        ({"RADESYS": "FK4", "EQUINOX": 1950.0}, False),
        ({"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-3, "B_2_0": 1e-3}, True),
    ],
    ids=str,
)
def test_a_mask_on_another_grid_is_refused(folder, change, fits_it):
    """Half a pixel off anywhere; one that only lacks the distortion is taken."""
    head = tiles.header(5.0, 0.0, crpix=(60.5, 50.5))
    tiles.write("grid.fits", head)
    tiles.write("mask.fits", changed(head, change))
    given = expand("g", ["grid.fits"]), expand("g", ["mask.fits"])
    if fits_it:
        assert Footprints("g", given[0], masks=given[1]).masks
        return
    with pytest.raises(InputError, match="lies elsewhere on the sky"):
        Footprints("g", given[0], weights=given[1])


def changed(head, cards):
    made = head.copy()
    made.update(cards)
    return made


def test_two_chips_of_a_file_are_two_images(folder):
    chips = [fits.ImageHDU(np.zeros((100, 120)), tiles.header(lon, 0.0), name="SCI") for lon in (5.0, 5.02)]
    fits.HDUList([fits.PrimaryHDU(), *chips]).writeto("two.fits")
    found = Footprints("g", expand("g", ["two.fits"]))
    assert [image.number for image in found.images] == [1, 2]
    assert Footprints("g", expand("g", ["two.fits[2]"])).images[0].number == 2


def test_positions_in_pixels_need_one_image_and_no_world_coordinates(folder):
    found = Footprints("g", expand("g", ["m1.fits"]), sky=False)
    assert (names(found), found.sky) == (["m1.fits"], False)
    with pytest.raises(InputError, match="positions in pixels need one image a band; band g has 4"):
        Footprints("g", expand("g", ["m*.fits"]), sky=False)


def test_facts_tell_whether_a_file_changed(folder):
    def facts(**more):
        return Footprints("g", expand("g", ["t*.fits"]), **more).facts()

    first = facts()
    assert first["files"] == 4
    assert facts(threads=4) == first
    masked = facts(masks=expand("g", ["m*.fits"]))
    assert (masked["files"], masked["sha256"] != first["sha256"]) == (8, True)
    os.utime("t2.fits", ns=(1, 1))
    second = facts()
    assert second != first
    (folder / "t1.fits").write_bytes(b"")
    third = facts()
    assert third not in (first, second)
    assert third["files"] == 4


def test_images_with_nobody_near_are_known(folder):
    found = Footprints("g", expand("g", ["t*.fits"]))
    radius = found.caps.radius
    apart = 0.01 - radius[0] - radius[1]  # degrees between the two caps at RA 0
    assert [found.alone(i, apart + 1e-5) for i in range(4)] == [False, False, True, True]
    assert [found.alone(i, apart - 1e-5) for i in range(4)] == [True] * 4
    assert not found.alone(2, 180.0)


def test_pixels_that_are_not_linear_in_flux_are_told(folder):
    assert Footprints("r", expand("r", ["t*.fits"])).notes == ()
    for name in ("t1.fits", "t3.fits"):
        with fits.open(name, mode="update") as units:
            units[0].header["BSOFTEN"] = 120.0
    (note,) = Footprints("r", expand("r", ["t*.fits"])).notes
    assert "asinh scale" in note and note.endswith("t1.fits (and 1 more)")


def test_an_image_behind_another_is_told(folder):
    for number in (0, 2):
        shutil.copy(f"t{number}.fits", f"t{number}_weight.fits")
    (note,) = Footprints("r", expand("r", ["t*.fits"])).notes
    assert "t0_weight.fits (and 1 more) shows the same field, pixel for pixel, as t0.fits" in note


def test_a_wcs_that_says_two_things_is_told(folder):
    for name, place in (("t1.fits", 359.99), ("t4.fits", 20.0)):
        tiles.write(name, tiles.header(place, 0.0, **tiles.SIP))
    (note,) = Footprints("r", expand("r", ["t*.fits"])).notes
    assert note.startswith("warning: r: t1.fits (and 1 more): SIP coefficients (A_ORDER, B_ORDER) beside RA---TAN")


def test_bits_that_a_mask_cannot_have_are_an_error_at_once(folder):
    """However many images there are: it is the command that is wrong."""
    masks = [replace(spec, bits="1") for spec in expand("g", ["m*.fits"])]
    found = Footprints("g", expand("g", ["t*.fits"]), masks=masks)
    assert [mask.bits for mask in found.masks] == [1] * 4
    masks[2] = replace(masks[2], bits="SAT")
    with pytest.raises(InputError, match=r"m2\.fits: no bit of the mask is called so: 'SAT'"):
        Footprints("g", expand("g", ["t*.fits"]), masks=masks)
