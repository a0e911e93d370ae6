import numpy as np
import pytest

from skycnn.simulate import seds


def test_the_library_is_sorted_and_normalised():
    library = seds.load()
    assert library.names[-1] == "lines"
    assert library.flux.shape == (len(library.names), len(library.wavelength))
    assert np.all(np.diff(library.redness[:-1]) < 0)
    at = np.argmin(np.abs(library.wavelength - 5500))
    assert library.flux[:-1, at] == pytest.approx(1, abs=0.05)
    assert np.ptp(np.diff(np.log(library.wavelength))) < 1e-9


def test_older_spectra_are_redder():
    library = seds.load()
    blue, red = (np.argmin(np.abs(library.wavelength - w)) for w in (3000, 8000))
    colour = library.flux[:-1, red] / library.flux[:-1, blue]
    assert np.all(np.diff(colour) < 0)


def test_lines_have_the_width_that_is_told():
    library = seds.load()
    lines, wavelength = library.flux[-1], library.wavelength
    near = np.abs(wavelength - 4861.3) < 30
    width = np.sum((lines * 5500**2 / wavelength**2 * np.gradient(wavelength))[near])  # f_lambda over f_lambda(5500)
    assert width == pytest.approx(10, rel=0.35)
    assert lines[np.abs(wavelength - 8000) < 100].max() < 1e-3
