"""What a survey's file may hold: every fault is an InputError with the file and the line, whatever stands there."""

import pytest

from skycnn import survey
from skycnn.errors import InputError
from skycnn.surveyfile import BOUNDS, FULL, IN_PIXELS, PARTIAL, SINGLE

SOUND = """name = "toy"
bands = ["a", "b"]
pixel_scale = 0.3
depth_kind = "aperture"
aperture = 2.0

[psf]
a = 0.9
b = 0.9
[r80]
a = 0.8
b = 0.8
[depth]
a = 25
b = 25
[extinction]
a = 3.1
b = 0
[low]
a = 4000
b = 5500
[wavelength]
a = 4700
b = 6200
[high]
a = 5500
b = 7000
[electrons]
a = 100
[references]
psf = "Smith et al. 2020"
"""


def told(text):
    """Return what is said of a file."""
    with pytest.raises(InputError) as error:
        survey.parse(text, "mine.toml", cited=False)
    return str(error.value)


def changed(table, band, value):
    """Return the sound file with one number of a table changed, or added, and the line where it stands."""
    lines = SOUND.split("\n")
    if f"[{table}]" not in lines:
        lines[-1:] = [f"[{table}]", ""]
    here = lines.index(f"[{table}]") + 1
    while here < len(lines) and lines[here] and not lines[here].startswith((f"{band} ", "[")):
        here += 1
    same = here < len(lines) and lines[here].startswith(f"{band} ")
    lines[here : here + same] = [f"{band} = {value}"]
    return "\n".join(lines), here + 1


def test_the_file_of_these_tests_is_sound():
    found = survey.parse(SOUND, "mine.toml", cited=False)
    assert (found.psf, found.references) == ({"a": 0.9, "b": 0.9}, {"psf": "Smith et al. 2020"})


@pytest.mark.parametrize("name", survey.names())
def test_what_ships_lies_well_within_the_bounds(name):
    facts = survey.load(name)
    for key in (*FULL, *PARTIAL):
        least, most, _ = BOUNDS[key]
        for value in getattr(facts, key).values():
            assert least <= value <= most
            assert key not in IN_PIXELS or IN_PIXELS[key][0] <= value / facts.pixel_scale <= IN_PIXELS[key][1]


def test_every_number_has_bounds():
    assert set(BOUNDS) == {*FULL, *PARTIAL, *SINGLE}


@pytest.mark.parametrize("key", sorted({*FULL, *PARTIAL}))
def test_a_number_out_of_bounds_is_told_with_them_and_its_line(key):
    least, most, unit = BOUNDS[key]
    for value in (least - max(1e-9, abs(least)) / 2, 2 * most, -1e300, 1e300):
        text, line = changed(key, "a", value)
        said = told(text)
        assert said.startswith(f"mine.toml:{line}: '{key}' of a is out of bounds: "), said
        assert f"(expected {least:g} to {most:,g} {unit})" in said
    for value in ("nan", "inf", "true", "1979-05-27", "[1]", "{ a = 1 }", "1" + 400 * "0", '"1"'):
        text, line = changed(key, "a", value)
        assert told(text).startswith(f"mine.toml:{line}: '{key}' is no table of numbers: "), value


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "pixel_scale = 0.3",
            "pixel_scale = 1e9",
            "3: 'pixel_scale' is out of bounds: 1000000000.0 (expected 0.001 to",
        ),
        ("pixel_scale = 0.3", "pixel_scale = [1]", "3: 'pixel_scale' is no number: [1] (expected 0.001 to 100 arcsec)"),
        ("pixel_scale = 0.3", "pixel_scale = 9", "5: 'aperture' is out of bounds: 0.222222 (expected 0.5 to 1,000 pix"),
        ("aperture = 2.0", "aperture = 0", "5: 'aperture' is out of bounds: 0.0 (expected 0.001 to 100 arcsec)"),
        ("[psf]\na = 0.9", "[psf]\na = 0.05", "8: 'psf' of a is out of bounds: 0.166667 (expected 0.2 to 300 pixels)"),
        ("[psf]\na = 0.9", "[psf]\na = 99", "8: 'psf' of a is out of bounds: 330.0 (expected 0.2 to 300 pixels)"),
        ("[r80]\na = 0.8", "[r80]\na = 0.2", "11: 'r80' of a over its 'psf' is out of bounds: 0.222222 (expected 0.3"),
        ('"aperture"', '["point"]', "4: no such 'depth_kind': ['point'] (expected point or psf or"),
        ('"aperture"', "{ a = 1 }", "4: no such 'depth_kind': {'a': 1}"),
        ('"aperture"', "5", "4: no such 'depth_kind': 5"),
        ('psf = "Smith et al. 2020"', "psf = 5", "31: 'references' is no table of texts: {'psf': 5}"),
        ('psf = "Smith', 'pfs = "Smith', "31: 'references' has an unknown key: 'pfs'"),
        ('name = "toy"', 'references = "x"\nname = "toy"', "1: 'references' is no table of texts: 'x'"),
    ],
)
def test_what_is_no_fact_is_told_with_its_line(old, new, message):
    text = SOUND.replace(old, new, 1)
    assert text != SOUND
    if new.startswith("references"):  # no table but a text
        text = text.partition("[references]")[0]
    assert told(text).startswith(f"mine.toml:{message}")


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        ("bits = 5", "1: 'bits' is no table of columns: 5 (expected like MASKBITS.BRIGHT = 1, bits 0 to 63)"),
        ("[bits]\nMASK = 5", "'bits' is no table of columns: {'MASK': 5}"),
        ("[bits.MASK]\nBRIGHT = 64", "'bits' of MASK has no plain bit: {'BRIGHT': 64}"),
        ("[bits.MASK]\nBRIGHT = -1", "'bits' of MASK has no plain bit"),
        ("[bits.MASK]\nBRIGHT = 1.5", "'bits' of MASK has no plain bit"),
        ("[bits.MASK]\nBRIGHT = true", "'bits' of MASK has no plain bit"),
        ("[bits.MASK]\nBRIGHT = 'x'", "'bits' of MASK has no plain bit"),
        ("[bits.MASK]\n'BIT 1' = 1", "'bits' of MASK has no plain bit"),
    ],
)
def test_bits_are_plain_names_of_0_to_63(bits, message):
    text = f"{bits}\n{SOUND}" if bits.startswith("bits") else f"{SOUND}\n{bits}\n"
    assert message in told(text)


def test_bits_of_columns_are_taken():
    found = survey.parse(f'{SOUND}[bits.MASK]\nBRIGHT = 1\n[bits."flags*"]\nEDGE = 2\n', "mine.toml", cited=False)
    assert found.bits == {"MASK": {"BRIGHT": 1}, "flags*": {"EDGE": 2}}


@pytest.mark.parametrize("key", FULL)
def test_a_missing_number_is_told_with_its_table(key):
    lines = SOUND.split("\n")
    at = lines.index(f"[{key}]")
    said = told("\n".join(lines[: at + 2] + lines[at + 3 :]))
    assert said == f"mine.toml:{at + 1}: '{key}' has no band 'b' (expected a number, {BOUNDS[key][2]})"
    assert told("\n".join(lines[:at] + lines[at + 3 :])).startswith(f"mine.toml has no '{key}'")


@pytest.mark.parametrize(
    "band", [" ", "r band", "ρ", "r,x", "a/r", "", "u*", "r'", "_r", "-r", "r\\n", 21 * "b", "r=1"]
)
def test_a_band_is_a_plain_word(band):
    said = told(SOUND.replace('"b"]', f'"{band}"]', 1))
    assert said.startswith("mine.toml:2: 'bands' has no plain name: "), said
    assert "1 to 20 of A-Z a-z 0-9 _ -" in said


@pytest.mark.parametrize("band", ["NUV", "F814W", "HSC-g", "K_s", "3p6", 20 * "b"])
def test_what_surveys_call_bands_is_taken(band):
    text = SOUND.replace('"b"]', f'"{band}"]', 1).replace("\nb = ", f"\n{band} = ")
    assert survey.parse(text, "mine.toml", cited=False).bands == ("a", band)


@pytest.mark.parametrize("name", [61 * "n", 100 * "n", "a\\tb", "größe", "it's", "a/b", "mine.toml", " toy", "toy "])
def test_a_name_fits_a_card_and_is_no_file(name):
    said = told(SOUND.replace('"toy"', f'"{name}"', 1))
    assert said.startswith("mine.toml:1: 'name' is no plain name: "), said
    assert "1 to 60 letters of ASCII" in said


@pytest.mark.parametrize("name", ["Toy 2.1 (deep)", 60 * "n", "toy-survey_x+y"])
def test_a_name_may_be_long_and_of_words(name):
    assert survey.parse(SOUND.replace('"toy"', f'"{name}"', 1), "mine.toml", cited=False).name == name.lower()


@pytest.mark.parametrize(
    ("key", "value", "at", "message"),
    [
        ("wavelength", 470, "wavelength", "Wavelengths are in Angstrom: 470 nm are 4700."),
        ("low", 400, "low", "Wavelengths are in Angstrom: 400 nm are 4000."),
        ("high", 0.55, "high", "Wavelengths are in Angstrom: 0.55 micron are 5500."),
        ("wavelength", 0, "wavelength", "is out of bounds: 0.0 (expected 912 to 300,000 Angstrom)"),
        (
            "wavelength",
            5500,
            "high",
            "is not above its 'wavelength', 5500: 5500 (expected low < wavelength < high, Ang",
        ),
        ("wavelength", 3999, "wavelength", "is not above its 'low', 4000: 3999 (expected low < wavelength < high"),
        ("low", 4701, "wavelength", "is not above its 'low', 4701: 4700"),
    ],
)
def test_a_band_lies_about_its_pivot_in_angstrom(key, value, at, message):
    said, line = told(changed(key, "a", value)[0]), SOUND.split("\n").index(f"[{at}]") + 2
    assert said.startswith(f"mine.toml:{line}: '{at}' of a ")
    assert message in said


def test_edges_are_told_together():
    lines = SOUND.split("\n")
    del lines[lines.index("[wavelength]") + 1], lines[lines.index("[high]") + 1]
    assert told("\n".join(lines)) == "mine.toml:20: 'low' of a is told and its 'high' is not"
    swapped = "\n".join(lines).replace("[low]\na = 4000", "[low]\n")
    assert survey.parse(swapped, "mine.toml", cited=False).low == {"b": 5500}


CHOKING = (
    "a = " + 20000 * "[",
    "a = " + 5000 * "1",
    "a = 1979-13-45",
    "a." * 200000 + "a = 1",
    "[" + "'a'." * 200000 + "a]",
    "x = {" + "a ." * 200000 + "a = 1}",
)


@pytest.mark.parametrize("text", CHOKING, ids=lambda text: text[:8])
def test_what_the_reader_of_toml_chokes_on_is_no_toml(text):
    assert told(text).startswith("mine.toml is not TOML: ")


@pytest.mark.parametrize("kind", ["depth", "counted", "none"])
def test_where_noise_may_come_from(kind):
    assert survey.parse(f'noise = "{kind}"\n{SOUND}', "mine.toml", cited=False).noise == kind


@pytest.mark.parametrize("kind", ["silent", "None", ""])
def test_noise_of_another_kind_is_refused(kind):
    expected = rf"mine\.toml:1: no such 'noise': '{kind}' \(expected depth or counted or none\)"
    with pytest.raises(InputError, match=expected):
        survey.parse(f'noise = "{kind}"\n{SOUND}', "mine.toml", cited=False)
