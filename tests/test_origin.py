"""origin: the record of the run that answered, its model, its bands and its options about photometry."""

import dataclasses

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.network.model import locate, read_card
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.scoring import origin
from skycnn.verbs import predict

BANDS = tuple("ugriz")


@pytest.fixture
def odd(tmp_path):
    """Galaxies whose columns no habit finds, and the options that name them."""
    columns = []
    for band in BANDS:
        columns.append(fits.Column(f"foo_{band}", "E", array=np.linspace(17, 20, 30)))
        columns.append(fits.Column(f"bar_{band}", "E", array=np.full(30, 0.05)))
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "odd.fits")
    named = PhotometryOptions(
        band={b: f"foo_{b}" for b in BANDS},
        error={b: f"bar_{b}" for b in BANDS},
        unit={"*": "mag"},
        bad=("foo_u > 99",),
    )
    return str(tmp_path / "odd.fits"), named


def find(path, given=None, **options):
    notes = []
    with Catalogue.open(path) as catalogue:
        found = origin.find(catalogue, "standin", "Z_PHOT", given or PhotometryOptions(), say=notes.append, **options)
        try:
            return found, notes, found.photometry(catalogue)
        except InputError:
            return found, notes, None


def test_a_run_is_found_by_its_record_with_its_options(standin, odd):
    path, named = odd
    predict.predict(path, predict.Options(task="standin", photometry=named))
    found, notes, photometry = find(path)
    assert (found.record.model, len(found.record.model_sha256), found.bands) == ("standin-sdss-flux", 64, BANDS)
    assert found.card.name == "standin-sdss-flux"
    assert found.options == PhotometryOptions(band=named.band, error=named.error, unit=named.unit)  # without --bad
    assert photometry.bands == BANDS
    assert notes == []


def test_a_model_that_is_gone_leaves_its_bands_in_the_record(standin, odd, monkeypatch):
    path, named = odd
    predict.predict(path, predict.Options(task="standin", photometry=named))
    monkeypatch.setenv("SKYCNN_MODELS", "")
    found, notes, photometry = find(path)
    assert (found.card, found.bands) == (None, BANDS)
    assert photometry.bands == BANDS
    assert "not at hand" in notes[0]


def test_without_a_record_the_model_that_would_answer_tells_the_bands(standin, odd):
    found, _, photometry = find(*odd)
    assert (found.record, found.bands) == (None, BANDS)
    assert photometry.bands == BANDS


def test_bands_that_nobody_knows(standin, odd):
    found, notes, photometry = find(odd[0])
    assert (found.bands, photometry) == ((), None)
    assert "which bands" in notes[0]
    with Catalogue.open(odd[0]) as catalogue, pytest.raises(InputError, match="which bands to use is not known"):
        found.photometry(catalogue)


def test_a_model_can_be_named(standin, odd):
    found, _, _ = find(*odd, name="standin-sdss-flux")
    assert found.card.name == "standin-sdss-flux"
    with pytest.raises(InputError, match="no model 'nobody'"):
        find(*odd, name="nobody")


def test_the_bands_of_a_known_model_stand_be_they_one(standin, odd, monkeypatch):
    one = dataclasses.replace(read_card(locate("standin-sdss-flux")), name="one", bands=("r",))
    monkeypatch.setattr(origin, "read_card", lambda _: one)
    found, notes, photometry = find(*odd, name="standin-sdss-flux")
    assert (found.card, found.bands, notes, photometry) == (one, ("r",), [], None)


def test_the_card_tells_how_many_rows_the_model_learned_from(standin, odd):
    path, named = odd
    predict.predict(path, predict.Options(task="standin", photometry=named))
    found = find(path)[0]
    assert found.learned is None
    rows = {"train": 70, "valid": 20, "test": 10}
    for sample, learned in (({"rows": rows}, 70), ({"rows": 90}, None), ({"rows": {"train": "all"}}, None)):
        card = dataclasses.replace(found.card, sample=sample)
        assert dataclasses.replace(found, card=card).learned == learned
    card = dataclasses.replace(found.card, sample={"rows": rows})
    other = dataclasses.replace(found.record, model_sha256="0" * 64)
    assert dataclasses.replace(found, card=card, record=other).learned is None
    assert dataclasses.replace(found, card=card, record=None).learned is None


def test_dust_for_the_baselines_alone(tmp_path):
    content = {f"{stem}_{b}": np.full(3, value) for b in "gr" for stem, value in (("FLUX", 1.0), ("FLUXERR", 0.1))}
    content |= {f"MW_TRANSMISSION_{b}": np.full(3, 0.8) for b in "gr"}
    columns = [fits.Column(name, "E", array=values) for name, values in content.items()]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "cat.fits")
    with Catalogue.open(str(tmp_path / "cat.fits")) as catalogue:
        for option, power in (("MW_TRANSMISSION_*", -1), ("none", 0), (None, 0)):
            found = origin.Origin(None, None, ("g", "r"), PhotometryOptions(extinction=option))
            assert found.photometry(catalogue).correction.power == power


def test_dust_that_a_model_knew_which_is_gone_is_left_out(standin, odd, monkeypatch):
    path, named = odd
    predict.predict(path, predict.Options(task="standin", photometry=named))
    monkeypatch.setattr(origin, "_restored", lambda _: dataclasses.replace(named, extinction="EBV"))
    assert find(path)[0].options.extinction == "EBV"
    monkeypatch.setenv("SKYCNN_MODELS", "")
    assert find(path)[0].options.extinction is None
