"""DeepMerge: its images and labels as they are published, in FITS and as arrays."""

import bz2
import os

import numpy as np
import pytest
from astropy.io import fits

import rawfits
from extending import COLUMNS, record
from skycnn.errors import InputError
from skycnn.files import safefile
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.extension import Extension
from skycnn.fits.output import Output
from skycnn.fits.source import parse
from skycnn.fits.stamplayout.deepmergefiles import partners
from skycnn.stamps.stampfile.cube import Cube

N, SIDE = 30, 7
THREE = "hlsp_deepmerge_hst-jwst_acs-wfc3-nircam_illustris-z2_f814w-f160w-f356w_v1_sim-pristine.fits"
TWO = "hlsp_deepmerge_hst_acs-wfc3_illustris-z2_f814w-f160w_v1_sim-noisy.fits"
FILTERS = ("F814W", "F160W", "F356W")
LABELS = np.arange(N) % 3 == 0


def images(bands=3):
    return np.random.default_rng(1).normal(size=(N, bands, SIDE, SIDE)).astype(np.float32)


def write(path, bands=3, labels=LABELS, dtype=">f8", kind=">i8"):
    """Write the FITS layout."""
    units = [fits.PrimaryHDU(images(bands).astype(dtype)), fits.ImageHDU(np.asarray(labels).astype(kind))]
    units[0].header["EXTNAME"], units[1].header["EXTNAME"] = "Images", "MergerLabels"
    fits.HDUList(units).writeto(path)
    return path


def arrays(folder, name, labels, bands=3, values=LABELS):
    np.save(folder / name, images(bands))
    if labels is not None:
        np.save(folder / labels, np.asarray(values).astype(np.int64))
    return folder / name


def check(path, bands):
    """See that both doors open: the table with its truth, and the stamps."""
    with (
        Catalogue.open(str(path)) as catalogue,
        Cube(catalogue.source, catalogue.units) as lent,
        Cube.open(str(path)) as cube,
    ):
        assert catalogue.names == ("MERGER_TRUE",)
        np.testing.assert_array_equal(catalogue.read(["MERGER_TRUE"])["MERGER_TRUE"], LABELS)
        for stamps in (lent, cube):
            assert (stamps.bands, stamps.side, stamps.rows) == (tuple(bands), SIDE, N)
            (batch,) = stamps.batches(0, {}, np.ones(N, bool), bands=bands, side=SIDE)
            np.testing.assert_array_equal(batch.pixels, images(len(bands)))
            assert not batch.rests.any()
            assert not batch.flags.any()


@pytest.mark.parametrize("dtype", [">f4", ">f8"])
@pytest.mark.parametrize("kind", ["u1", ">i8", ">f4"])
@pytest.mark.parametrize(("name", "bands"), [(THREE, FILTERS), (TWO, FILTERS[:2]), ("latest_data.fits", FILTERS)])
def test_the_fits_layout(tmp_path, name, bands, dtype, kind):
    check(write(tmp_path / name, len(bands), dtype=dtype, kind=kind), bands)


def test_the_fits_layout_packed(tmp_path):
    path = write(tmp_path / THREE)
    packed = tmp_path / f"{THREE}.bz2"
    packed.write_bytes(bz2.compress(path.read_bytes()))
    check(packed, FILTERS)


STEM = "hlsp_deepmerge_hst-jwst_acs-wfc3-nircam_illustris-z2_f814w-f160w-f356w_v1"


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        (f"{STEM}_sim-pristine-x.npy", f"{STEM}_sim-pristine-y.npy"),
        (f"{STEM}_sim-noisy-x.npy", f"{STEM}_sim-labels-y.npy"),
        (f"{STEM}_sim-noise-x.npy", f"{STEM}_labels-y.npy"),
        ("SB00_augmented_3FILT.npy", "SB00_augmented_y_3FILT.npy"),
        (
            "SB_version_00_numpy_3_filters_noisy_SB25_augmented_3FILT.npy",
            "SB_version_00_numpy_3_filters_noisy_SB25_augmented_y_3FILT.npy",
        ),
    ],
)
def test_arrays_in_both_spellings(tmp_path, name, labels):
    assert labels in list(partners(name))
    check(arrays(tmp_path, name, labels), FILTERS)


def test_arrays_of_two_filters(tmp_path):
    check(arrays(tmp_path, "SB00_augmented_2FILT.npy", "SB00_augmented_y_2FILT.npy", 2), FILTERS[:2])


def test_arrays_without_labels_have_numbered_rows(tmp_path):
    path = arrays(tmp_path, "mine.npy", None, 5)
    with Catalogue.open(str(path)) as catalogue, Cube(catalogue.source, catalogue.units) as cube:
        np.testing.assert_array_equal(catalogue.read(["ROW"])["ROW"], np.arange(N))
        assert cube.bands == tuple("12345")


def answer(path, out):
    """Write made-up answers as `predict` does."""
    spec = parse(str(path))
    output = Output(spec, None if out is None else str(out))
    with output.locked(), Catalogue.open(spec) as catalogue:
        output.prepare()
        catalogue.check_extensible()
        extension = Extension(catalogue, COLUMNS)
        mine = record(COLUMNS, used=("MERGER_TRUE",))
        with extension.journalled(output, {}) as journal, safefile.writing("x"), extension.begun(output) as target:
            journal.put(0, b"d" * 32, np.zeros((N, extension.width), np.uint8))
            extension.write(target, journal, mine)


@pytest.mark.parametrize("kind", ["fits", "npy"])
def test_answers_go_to_a_stamp_file(tmp_path, kind):
    path = write(tmp_path / THREE) if kind == "fits" else arrays(tmp_path, "a-x.npy", "a-y.npy")
    before = path.read_bytes()
    answer(path, tmp_path / "out.fits")
    assert path.read_bytes() == before
    with fits.open(tmp_path / "out.fits") as units:
        assert units[-1].columns.names == ["MERGER_TRUE", *(column.name for column in COLUMNS)]
        np.testing.assert_array_equal(units[0].data, images())
    if kind == "fits":
        assert (tmp_path / "out.fits").read_bytes().startswith(before)
    with Catalogue.open(str(tmp_path / "out.fits")) as catalogue, Cube(catalogue.source, catalogue.units) as cube:
        assert (catalogue.rows, cube.bands) == (N, FILTERS)


def test_in_place_the_table_is_put_behind_the_fits_images(tmp_path):
    path = write(tmp_path / THREE)
    before = path.read_bytes()
    answer(path, None)
    units, rest = rawfits.units(path.read_bytes())
    assert rest == b""
    assert path.read_bytes().startswith(before)
    assert units[2].value("EXTNAME") == "CATALOGUE"
    assert os.listdir(tmp_path) == [THREE]


def test_an_array_is_not_replaced_by_fits(tmp_path):
    path = arrays(tmp_path, "a-x.npy", "a-y.npy")
    before = path.read_bytes()
    with pytest.raises(InputError, match="is no FITS file") as told:
        answer(path, None)
    assert "--out" in told.value.hint
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["a-x.npy", "a-y.npy"]


@pytest.mark.parametrize(
    ("labels", "told"), [(LABELS[:-1], "29 labels of 30 stamps"), (np.arange(N), "other than 0 and 1")]
)
def test_labels_that_are_not_theirs(tmp_path, labels, told):
    for path in (
        write(tmp_path / "a.fits", labels=labels),
        arrays(tmp_path, "a-x.npy", "a-y.npy", values=labels),
    ):
        with pytest.raises(InputError, match=told):
            Catalogue.open(str(path))


def npy(shape):
    """Return an array's file with any text for its shape."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(400)


class Trap:
    def __reduce__(self):
        return (os.abort, ())


def promise(shape):
    """Return the head of an array of this shape, and no data."""
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (np.zeros((3, 4)), r"\(3, 4\)"),
        (np.zeros((3, 2, 4, 5)), r"\(3, 2, 4, 5\)"),
        (np.array([["a"]]), "holds <U1"),
        (np.array([Trap()], object), "cannot be read as an array"),
        (b"\x93NUMPY\x01", "cannot be read as an array"),
        (npy("(-2, 3, 4, 4)"), "cannot be read as an array"),
        (npy(f"({2**63}, 3, 4, 4)"), "cannot be read as an array"),
        (npy("(True, 3, 4, 4)"), "cannot be read as an array"),
        (npy("(" * 9000), "cannot be read as an array"),
        (npy("-" * 9000 + "1"), "cannot be read as an array: MemoryError|cannot be read as an array: .*recursion"),
        (np.zeros((1, 96, 1, 1), "f4"), "96 bands"),
        (np.zeros((10**6, 2, 0, 0)), r"\(1000000, 2, 0, 0\)"),
        (promise("(10, 3, 75, 75)"), "cannot be read as an array"),
        (promise("('a', None, 1.5, 2)"), "cannot be read as an array"),
    ],
    ids=[
        "2d",
        "oblong",
        "text",
        "pickle",
        "torn",
        "negative",
        "huge",
        "true",
        "brackets",
        "signs",
        "bands",
        "empty",
        "short",
        "words",
    ],
)
def test_arrays_that_are_no_stamps(tmp_path, content, told):
    path = tmp_path / "a-x.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    with pytest.raises(InputError, match=told):
        Cube.open(str(path))


def test_labels_beside_a_plain_image(tmp_path):
    units = [fits.PrimaryHDU(np.zeros((4, 4))), fits.ImageHDU(np.zeros(4), name="MERGERLABELS")]
    fits.HDUList(units).writeto(tmp_path / "a.fits")
    with pytest.raises(InputError, match="has no table"):
        Catalogue.open(str(tmp_path / "a.fits"))


def test_the_published_labels():
    path = os.path.join(os.path.dirname(__file__), "..", "..", "shared", "data", "mergers", "subsamples_y.npy")
    if not os.path.exists(path):
        pytest.skip("the DEEPMERGE labels are not here")
    with pytest.raises(InputError, match=r"int64 of shape \(15426, 3\)"):  # of subsamples, without images
        Cube.open(path)
