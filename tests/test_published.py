"""The published DEEPMERGE images the whole way: into a network, by subhalo or at random, and its answers."""

import numpy as np
import pytest
from astropy.io import fits

import published
from published import NOISY, PRISTINE, SIDE
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.network import model
from skycnn.verbs import train as verb

N = 320
A_PIXEL = 0.1875**2
"""Square arcsec."""


@pytest.fixture
def train(smallmerger, tmp_path):
    def call(path, **changes):
        said = []
        options = {"task": smallmerger, "out": str(tmp_path / "m.safetensors"), "network": "small", "overwrite": True}
        result = verb.train(str(path), verb.Options(**(options | changes)), said.append)
        return result, said, None if changes.get("dry_run") else model.read(result.output).card

    return call


def test_the_published_file_is_trained_on_by_subhalo(train, tmp_path):
    pixels, labels = published.images(N)
    path = published.write(tmp_path / NOISY, pixels, labels)
    np.save(tmp_path / "subsamples_ID.npy", published.subhaloes(N))
    result, said, card = train(path, group="SUBHALO")
    assert (result.truth, result.survey, tuple(result.bands)) == ("MERGER_TRUE", "deepmerge-noisy", ("F814W", "F160W"))
    assert (card.stamp, card.pixel_scale) == (SIDE, 0.1875)
    assert card.sample["group"] == "column SUBHALO" and card.pixel_unit in (None, "uJy")
    assert any(
        line.startswith("pixels brought to microjansky: F814W F160W from uJy/arcsec2 (x 0.0351562") for line in said
    )
    assert all(count % 4 == 0 for count in result.rows.values())
    assert not [line for line in said if "WARNING" in line]
    assert train(path)[0].rows == result.rows  # the numbers are found without being named


@pytest.mark.parametrize("name", ["SB25_augmented.npy", "hlsp_deepmerge_f814w-f160w_v1_sim-noisy-x.npy"])
def test_so_are_the_arrays(train, tmp_path, name):
    pixels, labels = published.images(N)
    np.save(tmp_path / name, pixels)
    np.save(tmp_path / name.replace("x.npy", "y.npy").replace("augmented.npy", "augmented_y.npy"), labels)
    np.save(tmp_path / "numbers.npy", published.subhaloes(N))
    result, _, card = train(tmp_path / name, group=str(tmp_path / "numbers.npy"))
    assert (result.survey, card.pixel_scale, card.sample["group"]) == ("deepmerge-noisy", 0.1875, "file numbers.npy")
    assert all(count % 4 == 0 for count in result.rows.values())
    with pytest.raises(InputError, match="no numbers of SUBHALO lie beside") as error:
        train(tmp_path / name, group="SUBHALO")
    assert "subsamples_ID.npy" in error.value.hint
    assert [line for line in train(tmp_path / name, dry_run=True)[1] if line.startswith("WARNING: several rows of ")]


def test_the_random_split_of_the_paper_is_warned_of_with_its_overlap(train, tmp_path):
    pixels, labels = published.images(N)
    path = published.write(tmp_path / PRISTINE, pixels, labels)
    np.save(tmp_path / "subsamples_ID.npy", published.subhaloes(N))
    _, said, card = train(path, split="random")
    (warning,) = (line for line in said if line.startswith("WARNING: --split random: "))
    assert "% of the test rows have a SUBHALO that is trained on too" in warning
    assert card.sample["split"].startswith("8:1:1 by a hash of the row; ")


def extended(path, out, **columns):
    """Write a file with a table of its own beside the images."""
    with fits.open(path) as units:
        forms = {"U": "20A", "i": "K"}
        made = [fits.Column(name, forms[held.dtype.kind], array=held) for name, held in columns.items()]
        table = fits.BinTableHDU.from_columns(made)
        table.name = "CATALOGUE"
        fits.HDUList([units[0], units[1], table]).writeto(out, overwrite=True)
    return str(out)


def test_a_split_column_that_parts_a_subhalo_is_refused(train, tmp_path):
    pixels, labels = published.images(N)
    path = published.write(tmp_path / NOISY, pixels, labels, BUNIT="uJy", PIXSCALE=0.1875)
    numbers, part = published.subhaloes(N), np.where(np.arange(N) < 258, "train", "test")  # within a subhalo
    columns = {"MERGER_TRUE": labels, "SUBHALO": numbers, "PART": part}
    whole = extended(path, tmp_path / "whole.fits", **columns)
    torn = f"group {numbers[257]} of"
    with pytest.raises(InputError, match=f"{torn} SUBHALO stands on two sides of the split: train and test"):
        train(whole, group="SUBHALO", split="PART")
    np.save(tmp_path / "ids.npy", numbers)
    with pytest.raises(InputError, match=f"{torn} ids.npy stands on two sides"):
        train(whole, group=str(tmp_path / "ids.npy"), split="PART")
    with pytest.raises(InputError, match=f"{torn} whole.fits:SUBHALO stands"):
        train(whole, group=f"{whole}:SUBHALO", split="PART")
    columns["PART"] = np.where(np.arange(N) < 260, "train", "test")
    assert (
        train(extended(path, tmp_path / "fair.fits", **columns), group="SUBHALO", split="PART")[0].rows["test"]
        == N - 260
    )


def test_numbers_of_subhaloes_that_are_not_theirs(tmp_path):
    pixels, labels = published.images(8)
    path = tmp_path / "deepmerge_sim-noisy.fits"
    published.write(path, pixels, labels)
    np.save(tmp_path / "subsamples_ID.npy", np.arange(9))  # of all images, beside some of them
    with Catalogue.open(str(path)) as catalogue:
        assert catalogue.names == ("MERGER_TRUE",)
    np.save(tmp_path / "deepmerge_sim-noisy_ID.npy", np.arange(8) + 2**53)
    with Catalogue.open(str(path)) as catalogue:
        (column,) = catalogue.packing(["SUBHALO"])
        ((_, packed),) = catalogue.packed_chunks(["SUBHALO"], (0, 8))
        assert column.names(packed).tolist() == [str(2**53 + i) for i in range(8)]
    for ids, told in ((np.arange(7), "one number for each of 8 rows"), (np.arange(8) / 3, "whole numbers or names")):
        np.save(tmp_path / "deepmerge_sim-noisy_ID.npy", ids)
        with pytest.raises(InputError, match=told):
            Catalogue.open(str(path))
    np.save(tmp_path / "deepmerge_sim-noisy_ID.npy", np.array([f"halo {i // 2}" for i in range(8)]))
    with Catalogue.open(str(path)) as catalogue:
        ((_, packed),) = catalogue.packed_chunks(["SUBHALO"], (0, 8))
        assert catalogue.packing(["SUBHALO"])[0].names(packed)[6] == "halo 3"


def test_flipped_and_turned_copies_stay_together_without_any_number(train, tmp_path):
    pixels, labels = published.images(80)
    turned = [np.rot90(pixels, turns, (2, 3)) for turns in (1, 2)]
    flipped = [pixels[..., ::-1], pixels[..., ::-1, :]]
    path = published.write(tmp_path / NOISY, np.concatenate([pixels, *turned, *flipped]), np.tile(labels, 5))
    assert all(count % 5 == 0 for count in train(path)[0].rows.values())
    assert not all(count % 5 == 0 for count in train(path, split="random")[0].rows.values())
    part = np.where(np.arange(400) < 320, "train", "test")
    whole = extended(path, tmp_path / "whole.fits", MERGER_TRUE=np.tile(labels, 5), PART=part)
    with pytest.raises(InputError, match=r"row \d+ with its copies stands on two sides of the split: train and test"):
        train(whole, split="PART")
