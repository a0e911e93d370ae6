"""What a walk through the house loads: a run on fluxes knows no images, and no answer needs the simulated sky."""

import pytest

from galaxies import table, write, write_stamps
from shell import python

MAIN = """
import sys
where, *words = sys.argv[1:]
from skycnn.cli.app import main
sys.argv = ['skycnn', *words]
try:
    main()
finally:
    rooms = {name.split('.')[1] for name in sys.modules if name.startswith('skycnn.')}
    print(*sorted(rooms & {'simulate', 'stamps', 'images', 'remote'}), file=open(where, 'w'))
"""


@pytest.fixture
def loaded(tmp_path):
    """Run ``skycnn predict`` in a process of its own; return which of the four rooms it loaded."""

    def run(*words):
        done = python(MAIN, str(tmp_path / "rooms"), "predict", *map(str, words))
        assert done.returncode == 0, done.stderr
        return (tmp_path / "rooms").read_text().split()

    return run


def test_photoz_on_fluxes_loads_nothing_of_images(loaded, tmp_path):
    """Models of images are installed too, and looked at."""
    content = table(5)
    for band in "UZ":
        content[f"FLUX_{band}"], content[f"FLUXERR_{band}"] = content["FLUX_G"], content["FLUXERR_G"]
    assert loaded(write(tmp_path / "cat.fits", content), "--task", "photoz") == []


def test_photoz_on_stamps_loads_no_simulated_sky(loaded, tmp_path):
    path = write_stamps(tmp_path / "stamps.fits", 3)
    rooms = loaded(path, "--task", "photoz", "--survey", "sdss")
    assert "stamps" in rooms
    assert "simulate" not in rooms
