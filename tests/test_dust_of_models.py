"""Every model that ships: a catalogue reddened by hand is answered as that without dust, or the option is refused."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from skycnn import survey, tasks
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.source import parse
from skycnn.inputs import feed as feeds
from skycnn.inputs import imagekind
from skycnn.inputs.available import Available, InputOptions
from skycnn.network import model
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.verbs import mock, predict

ROWS, REDDENING = 8, 0.1
TAKEN = "taken as not corrected for Galactic extinction"
SHIPPED = [path.stem for path in sorted(model.SHIPPED.glob(f"photoz-*{model.SUFFIX}"))]
KINDS = {"EBV": "EBV", "A": "A_*", "transmission": "MW_TRANSMISSION_*"}

pytestmark = pytest.mark.skipif(not SHIPPED, reason="no model ships yet")
each = pytest.mark.parametrize("name", SHIPPED)


@pytest.fixture(scope="module")
def mocks(tmp_path_factory):
    """Return a file of CSST mocks, their table and stamps."""
    path = tmp_path_factory.mktemp("mocks") / "csst.fits"
    mock.mock(mock.Options("photoz", "csst", str(path), ROWS, seed=3))
    return path


def galaxies(bands, law, reddening):
    """Return magnitudes of galaxies from blue to red, behind dust."""
    random, place = np.random.default_rng(5), np.linspace(-0.6, 1.6, len(bands))
    table = Table()
    reference, redness = random.uniform(17.5, 20, ROWS), random.uniform(0.3, 1.2, ROWS)
    for band, along in zip(bands, place, strict=True):
        magnitude = reference - redness * along + law[band] * reddening
        table[f"MAG_{band.upper()}"] = magnitude.astype(np.float32)
        table[f"MAGERR_{band.upper()}"] = np.full(ROWS, 0.03, np.float32)
    return table


@pytest.fixture
def catalogue(tmp_path, mocks):
    """Return the path of a model's catalogue behind this dust, with columns of one kind that tell it."""

    def of(name, reddening, kind=None):
        card = model.read_card(model.locate(name))
        law, path = survey.load(card.survey).extinction, tmp_path / f"{name}-{reddening}-{kind}.fits"
        if card.survey == "csst":
            with fits.open(mocks) as units:
                table, stamps = Table(units[1].data), np.array(units[0].data)
            for place, band in enumerate(card.bands):
                factor = np.float32(10 ** (-0.4 * law[band] * reddening))
                for column in (f"FLUX_{band.upper()}", f"FLUXERR_{band.upper()}"):
                    table[column] *= factor
                stamps[:, place] *= factor
        else:
            table, stamps = galaxies(card.bands, law, reddening), None
        for band in card.bands if kind == "A" else ():
            table[f"A_{band}"] = law[band] * reddening
        for band in card.bands if kind == "transmission" else ():
            table[f"MW_TRANSMISSION_{band}"] = 10 ** (-0.4 * law[band] * reddening)
        if kind == "EBV":
            table["EBV"] = reddening
        if stamps is None:
            table.write(path)
            return path
        with fits.open(mocks) as units:
            units[1] = fits.BinTableHDU(table, header=units[1].header, name=units[1].name)
            units[0].data = stamps
            units.writeto(path)
        return path

    return of


def fed(path, name, extinction=None, state="yes"):
    """Return what a network sees of a catalogue, its card with this state, and the warnings."""
    card, task = replace(model.read_card(model.locate(name)), dereddened=state), tasks.load("photoz")
    options = InputOptions(photometry=PhotometryOptions(extinction=extinction))
    with Catalogue.open(parse(str(path), "1")) as catalogue:
        stamps = imagekind.opened(catalogue, options) if card.takes_images else None
        available = Available(catalogue, options, stamps)
        feeds.check_options(task, card, available)
        feed = feeds.find(task, card, available)
        values, wanted = catalogue.read(feed.columns), np.ones(ROWS, bool)
        seen = {}
        for piece in feed.pieces(0, values, wanted):
            order = np.argsort(piece.rows)
            for kind, held in piece.inputs.items():
                seen.setdefault(kind, []).append(np.asarray(held)[order])
        return {kind: np.concatenate(parts) for kind, parts in seen.items()}, " ".join(feed.check(catalogue, None))


def same(one, other):
    return one.keys() == other.keys() and all(
        np.allclose(one[kind], other[kind], rtol=5e-6, equal_nan=True) for kind in one
    )


@each
@pytest.mark.parametrize("kind", KINDS)
def test_dust_is_taken_off(name, kind, catalogue):
    reddened, (plain, _) = catalogue(name, REDDENING, kind), fed(catalogue(name, 0.0), name, "corrected")
    assert plain and all(np.isfinite(held).any() for held in plain.values())
    for extinction in (KINDS[kind], "none"):
        found, warned = fed(reddened, name, extinction)
        assert same(found, plain) and TAKEN not in warned
    found, warned = fed(reddened, name)
    assert same(found, plain) and warned.count(TAKEN) == (kind != "transmission")
    wrong, _ = fed(reddened, name, "corrected")
    for held, right in zip(wrong.values(), plain.values(), strict=True):
        assert np.nanmedian(held[:, 0] / right[:, 0]) < 0.8  # the bluest band
    assert same(wrong, fed(catalogue(name, REDDENING), name)[0])  # nothing is said: as in training


@each
def test_what_cannot_act_is_refused(name, catalogue):
    clear, reddened = catalogue(name, 0.0), catalogue(name, REDDENING, "EBV")
    with pytest.raises(InputError, match="no column tells how much it is"):
        fed(clear, name, "none")
    with pytest.raises(InputError, match=r"--extinction EBV cannot act: .*unknown") as error:
        fed(reddened, name, "EBV", "unknown")
    assert error.value.exit_code == 2
    plain, warned = fed(reddened, name, None, "unknown")
    assert ("EBV is not used" in warned) == ("image" not in name)
    for state in ("none", "corrected"):
        found, warned = fed(reddened, name, state, "unknown")
        assert same(found, plain) and f"--extinction {state} chooses among columns and corrects nothing" in warned


@each
def test_answers_follow(name, catalogue, tmp_path):
    whole, path = model.read(model.locate(name)), tmp_path / f"{name}{model.SUFFIX}"
    path.write_bytes(model.encode(model.seal(replace(whole.card, dereddened="yes"), whole.tensors)))
    found = {}
    for extinction, cat in (("corrected", catalogue(name, 0.0)), ("EBV", catalogue(name, REDDENING, "EBV"))):
        options = predict.Options(
            task="photoz", model=str(path), photometry=PhotometryOptions(extinction=extinction), out=f"{cat}.out"
        )
        predict.predict(str(cat), options)
        found[extinction] = np.asarray(Table.read(f"{cat}.out", 1, format="fits")["Z_PHOT"], float)
    assert np.isfinite(found["corrected"]).sum() > ROWS / 2
    assert np.allclose(found["EBV"], found["corrected"], rtol=1e-4, atol=1e-4, equal_nan=True)
