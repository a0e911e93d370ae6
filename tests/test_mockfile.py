import gzip
import os
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import Interrupted, NoSpaceError
from skycnn.files import safefile
from skycnn.fits.output import Output
from skycnn.fits.provenance import Record, parse
from skycnn.fits.source import parse as spec
from skycnn.schema import Column
from skycnn.stamps.stampfile.cube import Cube
from skycnn.stamps.stampfile.mockfile import Layout, MockFile, columns_of

BANDS = ("u", "B", "b")
TRUTH = (Column("Z", "f4", "", "src.redshift", "redshift", "F8.5"),)
N, SIDE = 11, 5
PIXELS = np.random.default_rng(0).normal(size=(N, 3, SIDE, SIDE)).astype("f4")
RECORD = Record("0", "mock", "photoz", "2026-01-01T00:00:00Z", "skycnn mock", "none", "", (), (), "", {"seed": 1})


def layout(side=SIDE):
    facts = {"PIXSCALE": 0.1, "SURVEY": "csst", "BUNIT": "uJy" if side else None}
    return Layout(N, BANDS, columns_of(BANDS, TRUTH, stamps=bool(side)), side, facts)


def values(columns, part):
    numbers = np.arange(N)[part]
    whole = ("DX", "DY", "FLAG")
    return {c.name: 0 * numbers if c.name in whole else numbers + 0.25 * (c.dtype != "i4") for c in columns}


PARTS = (slice(0, 4), slice(4, 4), slice(4, N))


def write(path, made, parts=PARTS, record=RECORD, identity=None, stop=None):
    """Write a file; with ``stop`` the run ends so after so many blocks. Return the blocks taken over, and the file."""
    output = Output(spec("-"), str(path))
    with output.locked():
        output.prepare(resume=True)
        with MockFile(output, made, record, identity) as file:
            held = list(file.held())
            for i, part in list(enumerate(parts))[len(held) :]:
                if stop is not None and i == stop[0]:
                    raise stop[1]
                file.write(values(made.columns, part), PIXELS[part] if made.side else None, 10 * i)
            file.finish(99)
    return held, file


def test_a_stamp_file(tmp_path):
    path, made = tmp_path / "a.fits", layout()
    write(path, made)
    assert path.stat().st_size == made.size(RECORD)
    assert os.listdir(tmp_path) == ["a.fits"]
    with fits.open(path, checksum=True) as units:
        units.verify("exception")
        images, table = units
        assert np.array_equal(images.data, PIXELS)
        assert images.header["BANDS"] == table.header["BANDS"] == "u B b"
        assert (images.header["SURVEY"], images.header["PIXSCALE"], table.header["NDRAWN"]) == ("csst", 0.1, 99)
        true = ["Z_TRUE", "FLUX_U_TRUE", "FLUX_B_2_TRUE", "FLUX_B_3_TRUE"]
        names = ["FLUX_U", "FLUXERR_U", "FLUX_B_2", "FLUXERR_B_2", "FLUX_B_3", "FLUXERR_B_3"]
        assert table.data.names == ["ID", "GROUP", *true, *names, "APERTURE", "DX", "DY", "FLAG"]
        assert np.allclose(table.data["FLUX_B_3"], np.arange(N) + 0.25)
        assert table.columns["FLUX_U"].unit == "uJy"
        assert parse(str(line) for line in table.header["HISTORY"]) == [RECORD]


def test_the_unit_of_pixels_is_no_card_of_a_table(tmp_path):
    write(tmp_path / "a.fits", layout())
    with fits.open(tmp_path / "a.fits") as (images, table):
        assert images.header["BUNIT"] == "uJy"
        assert "BUNIT" not in table.header


def test_fluxes_of_no_aperture_are_called_so():
    told = {column.name: column.meaning for column in columns_of(BANDS, TRUTH, stamps=False, aperture=False)}
    assert "APERTURE" not in told
    assert told["FLUX_U"] == "flux as the survey's catalogue has it in u"
    told = {column.name: column.meaning for column in layout(0).columns}
    assert told["FLUX_U"] == "flux in the aperture in u"
    assert told["FLUX_U_TRUE"] == "flux of all light in u"


@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed")
@pytest.mark.parametrize("side", [0, SIDE])
def test_fitsverify_has_nothing_to_say(tmp_path, side):
    write(tmp_path / "a.fits", layout(side))
    ran = subprocess.run(["fitsverify", "-q", tmp_path / "a.fits"], capture_output=True, text=True, check=False)
    assert "verification OK" in ran.stdout, ran.stdout


def test_a_cube_reads_it(tmp_path):
    write(tmp_path / "a.fits", layout())
    with Cube.open(str(tmp_path / "a.fits")) as cube:
        assert (cube.bands, cube.pixel_scale, cube.rows, cube.side) == (BANDS, 0.1, N, SIDE)
        batch = next(iter(cube.batches(0, {}, np.ones(N, bool), bands=BANDS, side=SIDE)))
    assert np.array_equal(batch.pixels, PIXELS)


def test_a_catalogue(tmp_path):
    write(tmp_path / "a.fits", layout(0))
    write(tmp_path / "b.fits.gz", layout(0), [slice(0, N)])
    content = (tmp_path / "a.fits").read_bytes()
    assert gzip.decompress((tmp_path / "b.fits.gz").read_bytes()) == content
    with fits.open(tmp_path / "a.fits", checksum=True) as units:
        units.verify("exception")
        assert units[0].data is None
        assert {"DX", "FLAG"} & set(units[1].data.names) == set()


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="4 rows of 11"):
        write(tmp_path / "a.fits", layout(), PARTS[:2])
    with pytest.raises(KeyError):
        write(tmp_path / "a.fits", layout(), stop=(2, KeyError()))
    assert os.listdir(tmp_path) == []


LEFT = [".a.fits.skycnn-journal", ".a.fits.skycnn-partial"]


@pytest.mark.parametrize("side", [0, SIDE])
@pytest.mark.parametrize("blocks", [0, 1, 2, 3])
def test_a_run_that_was_ended_goes_on_where_it_was(tmp_path, side, blocks):
    write(tmp_path / "b.fits", layout(side))
    made = layout(side)
    parts = PARTS if blocks < 3 else (*PARTS, slice(N, N))
    with pytest.raises(Interrupted):
        write(tmp_path / "a.fits", made, parts, stop=(blocks, Interrupted(15)))
    assert sorted(entry for entry in os.listdir(tmp_path) if entry != "b.fits") == LEFT
    held, file = write(tmp_path / "a.fits", layout(side))
    assert (len(held), file.discarded) == (blocks, False)
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.fits", "b.fits"]
    for i, block in enumerate(held):
        wanted = values(made.columns, PARTS[i])
        assert block.end == 10 * i
        assert all(np.allclose(block.values[name], wanted[name]) for name in wanted)
        assert np.array_equal(block.pixels, PIXELS[PARTS[i]]) if side else block.pixels is None


def test_an_archive_is_taken_over_too(tmp_path):
    write(tmp_path / "a.fits", layout(0))
    with pytest.raises(Interrupted):
        write(tmp_path / "a.fits.gz", layout(0), stop=(1, Interrupted(2)))
    held, _ = write(tmp_path / "a.fits.gz", layout(0))
    assert len(held) == 1
    assert gzip.decompress((tmp_path / "a.fits.gz").read_bytes()) == (tmp_path / "a.fits").read_bytes()


@pytest.mark.parametrize("place", [0.3, 0.9], ids=["a stamp", "a row"])
def test_a_block_that_never_reached_the_disk_is_written_again(tmp_path, place):
    write(tmp_path / "b.fits", layout())
    with pytest.raises(Interrupted):
        write(tmp_path / "a.fits", layout(), stop=(2, Interrupted(15)))
    partial = tmp_path / LEFT[1]
    content = bytearray(partial.read_bytes())
    made = layout()
    rows = made._pixels(N) + made.table(RECORD).head_bytes
    at = made._pixels(1) if place < 0.5 else rows + 8
    content[at : at + 4] = bytes(4 * [7])
    partial.write_bytes(content)
    held, _ = write(tmp_path / "a.fits", layout())
    assert held == []
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


@pytest.mark.parametrize(
    "change",
    [{"identity": {"seed": 2}}, {"record": replace(RECORD, command="skycnn mock " + 3000 * "x")}, {"side": 0}],
    ids=["seed", "header", "side"],
)
def test_another_run_takes_nothing_over(tmp_path, change):
    with pytest.raises(Interrupted):
        write(tmp_path / "a.fits", layout(), identity={"seed": 1}, stop=(2, Interrupted(15)))
    settings = {"identity": {"seed": 1}} | change
    held, file = write(tmp_path / "a.fits", layout(settings.pop("side", SIDE)), **settings)
    assert (held, file.discarded) == ([], True)
    assert os.listdir(tmp_path) == ["a.fits"]


def test_no_space_is_said_before(tmp_path, monkeypatch):
    output = Output(spec("-"), str(tmp_path / "a.fits"))

    def full(folder, needed, label):
        assert needed == layout().size(RECORD)
        raise NoSpaceError("no space")

    monkeypatch.setattr(safefile, "check_space", full)
    with pytest.raises(NoSpaceError), MockFile(output, layout(), RECORD):
        pass
    assert os.listdir(tmp_path) == []
