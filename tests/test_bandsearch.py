from columns import columns
from skycnn.photometry import bandsearch
from skycnn.photometry.fields import Fields


def fields(names, unit=None):
    return Fields(columns(names, unit), "cat.fits[1]", "m needs g r")


def test_sets_hold_one_style_and_family():
    found = bandsearch.find(fields("psfMag_*|gr psfMagErr_*|gr MAG_AUTO_*|gr MAGERR_AUTO_*|gr"), "gr")
    assert [(s.style, s.family, s.bands()) for s in found] == [
        ("psfMag_*", "psf", ["g", "r"]),
        ("MAG_AUTO_*", "auto", ["g", "r"]),
    ]


def test_a_value_without_error_is_no_band_unless_its_error_is_given():
    (s,) = bandsearch.find(fields("MAG_*|gri MAGERR_*|gr"), "gri")
    assert list(s.values) == ["g", "r", "i"]
    assert s.bands() == ["g", "r"]
    assert s.bands({"i"}) == ["g", "r", "i"]


def test_errors_are_of_one_style():
    (s,) = bandsearch.find(fields("*|griz err_*|gri z_err"), "griz")
    assert [f.name for f in s.errors.values()] == ["err_g", "err_r", "err_i"]


def test_the_pattern_reads_what_it_can_of_the_names():
    s = bandsearch.pattern(fields("dered_*|gr modelMagErr_*|gr"), "gr", "DERED_*")
    assert (s.family, s.dereddened, s.bands()) == ("model", True, ["g", "r"])
    s = bandsearch.pattern(fields("a_*_b|gr e_a_*_b|gr"), "gr", "a_*_b")
    assert (s.family, s.dereddened, s.bands()) == ("other", False, ["g", "r"])
