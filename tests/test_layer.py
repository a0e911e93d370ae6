"""Layer: what it says of pixels that are not there or cannot be read; test_mosaic sees what the others are."""

import numpy as np
import pytest

from mosaicking import SIDE, field, footprints, positions, tiles, wcs, write
from skycnn.errors import ChangedError, InputError
from skycnn.images.imageheader import ImageSpec
from skycnn.images.openpixels import open_pixels
from skycnn.stamps.mosaic import placement
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.layer import Layer, LayerImage
from skycnn.stamps.mosaic.losses import Losses
from skycnn.stamps.mosaic.openimages import OpenImages


class Broken:
    """An opener whose images have pixels that cannot be read: those below ``line``."""

    def __init__(self, line=0, error=None):
        self.line, self.error, self.opened = line, error, []

    def __call__(self, header, scratch):
        self.opened.append(header.spec.path)
        if self.error is not None:
            raise self.error
        pixels = open_pixels(header, scratch)
        whole = pixels.cut

        def cut(x0, y0, side, out):
            broken = whole(x0, y0, side, out)
            for stamp, y in zip(out, y0.tolist(), strict=True):
                stamp[: max(0, self.line - y)] = np.nan
            return broken | (y0 < self.line)

        pixels.cut = cut
        return pixels


@pytest.fixture
def layer():
    """Make a layer of paths; its images are closed behind the test."""
    shared = []

    def call(paths, opener=open_pixels, **planes):
        shared.append(OpenImages(opener=opener))
        return Layer(footprints("g", paths, **planes), shared[-1])

    yield call
    for images in shared:
        images.close()


def cut(made, x, y, side=9):
    place = placement.place(made.footprints, *positions(x, y).values(), side)
    out = np.full((len(x), side, side), -1, ">f4")
    return (out, *made.cut(place, side, out))


def test_pixels_beyond_the_edge_are_counted(layer, tmp_path):
    made = layer([write(tmp_path / "g.fits", field()[:, :200], wcs())])
    _, outside, broken = cut(made, [100.0, 1.0, 100.0, 198.0, -1.0], [100.0, 100.0, -1.0, SIDE - 3.0, 1.0])
    assert outside.tolist() == [0, 3 * 9, 5 * 9, 81 - 6 * 7, 81 - 4 * 6]
    assert not broken.any()
    assert (made.used, made.warnings()) == ({0}, [])


def test_neighbours_lessen_what_is_outside(layer, tmp_path):
    made = layer(tiles(tmp_path, field(), 150))
    pixels, outside, _ = cut(made, [147.0], [-1.0])  # over the seam, and half off the field
    assert outside.tolist() == [5 * 9]
    assert np.isnan(pixels[0]).sum() == 5 * 9
    assert made.used == {0, 1}


def test_broken_stamps_are_counted_by_image(layer, tmp_path):
    made = layer([write(tmp_path / "g.fits", field(), wcs())], Broken(50))
    pixels, _, broken = cut(made, [100.0, 100.0, 100.0], [20.0, 52.0, 60.0])
    assert broken.tolist() == [True, True, False]
    assert np.isnan(pixels).sum(axis=(1, 2)).tolist() == [81, 18, 0]
    assert made.warnings() == [f"{tmp_path}/g.fits holds tiles that cannot be decoded: missing in 2 stamps"]


@pytest.mark.parametrize("error", [InputError("g.fits is no image"), OSError("g.fits: Input/output error")])
def test_an_image_that_cannot_be_opened_is_tried_once(layer, tmp_path, error):
    opener = Broken(error=error)
    made = layer([write(tmp_path / "g.fits", field(), wcs())], opener)
    for _ in range(3):
        pixels, outside, broken = cut(made, [100.0, 1.0], [100.0, 100.0])
        assert np.isnan(pixels).all()
        assert (outside.tolist(), broken.tolist()) == ([0, 27], [True, True])
    assert len(opener.opened) == 1
    assert made.warnings() == [f"{error}: missing in 6 stamps"]


def test_what_was_lost_is_told_in_the_order_of_names(layer, tmp_path):
    made = layer(tiles(tmp_path, field(), 150), Broken(1000))
    for x, y in ((100.0, 200.0), (200.0, 200.0), (200.0, 100.0)):
        cut(made, [x], [y])
    assert [line.split(" holds ")[0][-9:] for line in made.warnings()] == ["0150.fits", "0000.fits", "0150.fits"]


def test_an_image_that_changed_is_no_broken_image(layer, tmp_path):
    made = layer([write(tmp_path / "g.fits", field(), wcs())], Broken(error=ChangedError("g.fits was changed")))
    with pytest.raises(ChangedError):
        cut(made, [100.0], [100.0])


def test_an_image_lost_after_some_of_its_tiles_tells_the_graver_reason(layer, tmp_path):
    opener = Broken(50)
    made = layer([write(tmp_path / "g.fits", field(), wcs())], opener)
    cut(made, [100.0], [20.0])
    made.images.close()
    opener.error = OSError("g.fits: Input/output error")
    cut(made, [100.0], [100.0])
    assert made.warnings() == ["g.fits: Input/output error: missing in 2 stamps"]


@pytest.mark.parametrize("plane", ["masks", "weights"])
def test_without_its_mask_or_weight_an_image_is_not_used(layer, tmp_path, plane):
    image = write(tmp_path / "g.fits", field(), wcs())
    other = write(tmp_path / "plane.fits", np.ones((SIDE, SIDE), "f4"), wcs())

    def opener(header, scratch):
        if header.spec.path.endswith("plane.fits"):
            raise OSError("plane.fits: Input/output error")
        return open_pixels(header, scratch)

    made = layer([image], opener, **{plane: [other]})
    pixels, _, broken = cut(made, [100.0], [100.0])
    assert np.isnan(pixels).all()
    assert broken.all()
    assert made.warnings() == ["plane.fits: Input/output error: missing in 1 stamp"]


def test_weights_that_are_not_positive_and_masks_that_are_not_zero_are_holes(layer, tmp_path):
    image = write(tmp_path / "g.fits", np.ones((SIDE, SIDE), "f4"), wcs())
    plane = np.ones((SIDE, SIDE), "f4")
    plane[100, 100:104] = np.nan, 0, -1, np.inf
    other = write(tmp_path / "plane.fits", plane, wcs())
    expected = {"weights": [True, True, True, False], "masks": [True, False, True, True]}
    for name, holes in expected.items():
        pixels, _, _ = cut(layer([image], **{name: [other]}), [101.6], [101.6], 4)
        assert np.isnan(pixels[0, 0]).tolist() == holes
    pixels = np.empty((1, 4, 4), "f4")
    made = layer([image], weights=[other])
    with LayerImage(made, 0, Losses.none(1)) as seen:  # closing it closes nothing: the layer's images are shared
        assert (seen.shape, seen.label) == ((SIDE, SIDE), str(image))
        assert not seen.cut(np.array([100]), np.array([100]), 4, pixels).any()
    assert np.isnan(pixels[0, 0]).tolist() == expected["weights"]


def test_a_broken_pixel_of_a_neighbour_counts_only_where_it_is_missed(layer, tmp_path):
    pixels = field()
    left = write(tmp_path / "a.fits", pixels[:, :150], wcs())
    right = write(tmp_path / "b.fits", pixels[:, 120:], wcs(SIDE, 120))

    def opener(header, scratch):
        image = open_pixels(header, scratch)
        if header.spec.path.endswith("b.fits"):
            whole = image.cut

            def cut(x0, y0, side, out):  # of b.fits the first 20 columns, and lines below 50, cannot be read
                whole(x0, y0, side, out)
                x, y = x0[:, None, None] + np.arange(side), (y0[:, None] + np.arange(side))[:, :, None]
                gone = (x >= 0) & (y >= 0) & ((x < 20) | (y < 50))
                out[gone] = np.nan
                return gone.any(axis=(1, 2))

            image.cut = cut
        return image

    made = layer([left, right], opener)
    found, outside, broken = cut(made, [133.0, 133.0], [100.0, 40.0], 37)  # b.fits gives columns 150 and 151 alone
    assert made.used == {0, 1}
    assert outside.tolist() == [0, 0]
    assert broken.tolist() == [False, True]
    np.testing.assert_array_equal(found[0], pixels[82:119, 115:152])


def test_files_that_could_not_be_read_at_all_are_named_in_order(layer, tmp_path):
    paths = tiles(tmp_path, field(), 150)
    for path in paths[::2]:
        path.write_bytes(path.read_bytes()[:3000])
    told = layer(paths).warnings()
    assert [line.split(" cannot be read: ")[0] for line in told] == [str(path) for path in paths[::2]]


@pytest.mark.parametrize(("plane", "hides", "hint"), [("masks", 32, "--mask BAND=FILE:"), ("weights", 0, "is it 0")])
def test_what_hides_all_there_is_is_told(layer, tmp_path, plane, hides, hint):
    image = write(tmp_path / "g.fits", field(), wcs())
    other = write(tmp_path / "plane.fits", np.full((SIDE, SIDE), hides, "i4"), wcs())
    made = layer([image], **{plane: [other]})
    assert made.hiding() == []
    for _ in range(2):
        pixels, _, _ = cut(made, [100.0, 1.0], [100.0, 100.0])
    assert np.isnan(pixels).all()
    (told,) = made.hiding()
    assert told.startswith(f"the {plane[:-1]} hides every pixel of 4 stamps ({other}): ")
    assert hint in told


def test_what_hides_some_is_not(layer, tmp_path):
    image, shown = write(tmp_path / "g.fits", field(), wcs()), np.full((SIDE, SIDE), 1, "i4")
    shown[100, 100] = 0
    made = layer([image], masks=[write(tmp_path / "plane.fits", shown, wcs())])
    assert np.isfinite(cut(made, [100.0, 200.0], [100.0, 200.0])[0]).sum() == 1
    assert made.hiding() == []


def test_masks_of_one_file_by_different_bits(tmp_path, layer):
    """Two bands share the open images, and the file, and not the bits."""
    image = write(tmp_path / "g.fits", np.ones((SIDE, SIDE), "f4"), wcs())
    bits = np.arange(SIDE * SIDE, dtype="i4").reshape(SIDE, SIDE)
    mask = write(tmp_path / "mask.fits", bits, wcs())
    one, two = (Footprints("g", [ImageSpec(str(image))], masks=[ImageSpec(str(mask), bits=b)]) for b in ("6", "0x8"))
    shared = OpenImages()
    for made, value in ((Layer(one, shared), 6), (Layer(two, shared), 8), (Layer(one, shared), 6)):
        pixels, _, _ = cut(made, [100.0], [100.0])
        np.testing.assert_array_equal(np.isnan(pixels[0]), bits[96:105, 96:105] & value != 0)
    shared.close()
    assert one.facts() != two.facts()
