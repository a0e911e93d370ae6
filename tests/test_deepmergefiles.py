"""DeepmergeFiles: the labels and subhaloes beside a file of images, and what its name and header say of them."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.fits.stamplayout.deepmergefiles import IDS, companions, facts_of, ids_beside, labels_beside, read_ids

HLSP = "hlsp_deepmerge_hst-jwst_acs-wfc3-nircam_illustris-z2_f814w-f160w-f356w_v1_sim"
THREE, TWO = "F814W F160W F356W", "F814W F160W"


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        (f"{HLSP}-pristine-x.npy", f"{HLSP}-pristine-y.npy"),
        (f"{HLSP}-noisy-x.npy", f"{HLSP}-labels-y.npy"),
        ("SB00_augmented.npy", "SB00_augmented_y.npy"),
        ("SB25_augmented_3FILT.npy", "SB25_augmented_y_3FILT.npy"),
        ("SimSim_SOURCE_X_Illustris2_pristine.npy", "SimSim_SOURCE_y_Illustris2_pristine.npy"),
        ("SimSim_TARGET_X_Illustris2_noisy.npy", "SimSim_TARGET_y_Illustris2_noisy.npy"),
        ("mine.npy", "mine_y.npy"),
        ("mine_x.npy", "mine_y.npy"),
    ],
)
def test_labels_lie_beside_their_images(tmp_path, name, labels):
    path = str(tmp_path / name)
    assert labels_beside(path) is None
    (tmp_path / labels).touch()
    assert labels_beside(path) == str(tmp_path / labels)


@pytest.mark.parametrize("name", [f"{HLSP}-noisy.fits", f"{HLSP}-noisy.fits.gz", f"{HLSP}-noisy-x.npy", "SB25.npy"])
def test_numbers_of_subhaloes_lie_beside_their_images(tmp_path, name):
    path, rows = str(tmp_path / name), np.arange(6)
    assert ids_beside(path, 6) is None
    np.save(tmp_path / IDS, rows)
    assert ids_beside(path, 6).tolist() == rows.tolist()
    assert ids_beside(path, 7) is None  # of other images
    for own in reversed(list(companions(name))):
        np.save(tmp_path / own, rows + 9)
        assert ids_beside(path, 6).tolist() == (rows + 9).tolist()
    with pytest.raises(InputError, match="one number for each of 7 rows"):
        ids_beside(path, 7)


@pytest.mark.parametrize(
    ("name", "bands", "facts"),
    [
        (f"{HLSP}-pristine-x.npy", 3, (THREE, "deepmerge-pristine")),
        (f"{HLSP}-noise-x.npy", 3, (THREE, "deepmerge-noisy")),
        ("SB00_augmented.npy", 2, (TWO, "deepmerge-pristine")),
        ("SB_version_00_numpy_3_filters_noisy_SB25_augmented_3FILT.npy", 3, (THREE, "deepmerge-noisy")),
        ("SimSim_SOURCE_X_Illustris2_pristine.npy", 3, (THREE, "deepmerge-pristine")),
        ("hlsp_deepmerge_f160w-f814w_v1_sim-x.npy", 2, ("F160W F814W", None)),
        ("hlsp_deepmerge_hst_v1-x.npy", 4, ("1 2 3 4", None)),
    ],
)
def test_what_a_name_says(name, bands, facts):
    found = facts_of(name, bands, 75)
    assert (found["BANDS"], found.get("SURVEY"), found["GROUPCOL"]) == (*facts, "SUBHALO")
    assert (found["PIXSCALE"], set(found["BUNITS"].split(", "))) == (0.1875, {"uJy/arcsec2"})
    assert "PIXSCALE" not in facts_of(name, bands, 64)


def test_nothing_is_said_of_an_array_of_anybody():
    assert facts_of("mine.npy", 3, 75) == {"BANDS": THREE}
    assert facts_of("mine.npy", 5, 75, grouped=True) == {"BANDS": "1 2 3 4 5", "GROUPCOL": "SUBHALO"}


@pytest.mark.parametrize("unit", ["BUNIT", "BUNITS"])
def test_a_header_comes_first(unit):
    header = {unit: "nJy", "PIXSCALE": 0.06, "SURVEY": "other", "FILTER01": "F160W", "FILTER02": " f814w "}
    found = facts_of(f"{HLSP}-noisy.fits", 2, 75, header)
    assert found == {"BANDS": "F160W F814W", "GROUPCOL": "SUBHALO"}
    for odd in ({"FILTER1": "F814W", "FILTER2": "CLEAR2L"}, {"FILTER1": "F814W", "FILTER2": "F814W"}, {"FILTER1": 3}):
        assert facts_of("a.fits", 2, 75, odd)["BANDS"] == TWO


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        (np.array([[3], [5]], "u2"), [3, 5]),
        (np.array([3.0, 5.0]), [3, 5]),
        (np.array([2**62, -1]), [2**62, -1]),
        (np.array(["a", "µ"]), [b"a", "µ".encode()]),
        (np.array([b"a", b"bc"]), [b"a", b"bc"]),
    ],
)
def test_numbers_and_names_are_read_as_they_are(tmp_path, ids, found):
    np.save(tmp_path / "a.npy", ids)
    assert read_ids(str(tmp_path / "a.npy"), 2).tolist() == found


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (np.array([1.5, 2.0]), "whole numbers or names"),
        (np.array([np.nan, 2.0]), "whole numbers or names"),
        (np.array([1e300, 2.0]), "whole numbers or names"),
        (np.array([2**64 - 1, 2], "u8"), "whole numbers or names"),
        (np.array([1 + 1j, 2]), "whole numbers or names"),
        (np.zeros((2, 2), int), "one number for each of 2 rows"),
        (np.zeros((1, 2), int), "one number for each of 2 rows"),
        (np.zeros((), int), "one number for each of 2 rows"),
        (np.array([None, 1], object), "cannot be read as an array"),
    ],
)
def test_what_is_no_number_is_refused(tmp_path, ids, told):
    np.save(tmp_path / "a.npy", ids, allow_pickle=True)
    with pytest.raises(InputError, match=told):
        read_ids(str(tmp_path / "a.npy"), 2)
