"""ImageList: what ``--images 'g=...'`` means, in files."""

import os

import pytest

from skycnn.errors import InputError
from skycnn.images import imagelist
from skycnn.images.imageheader import ImageSpec
from skycnn.images.imagelist import expand, is_template, is_url


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiles" / "more").mkdir(parents=True)
    for name in ("b_g.fits", "a_g.fits", "a_r.fits", "c_g.fits.gz", ".hidden_g.fits", "more/d_g.fits"):
        (tmp_path / "tiles" / name).write_bytes(b"")
    return tmp_path


def paths(sources, band="g"):
    return [spec.path for spec in expand(band, sources)]


def test_bands_keep_all_their_files():
    given = ["g=a.fits", "r=https://host/cut?ra={ra}&dec={dec}", " g = tiles/*.fits ", "F606W=b.fits[SCI]", "u'=c.fits"]
    assert imagelist.parse(given) == {
        "g": ("a.fits", "tiles/*.fits"),
        "r": ("https://host/cut?ra={ra}&dec={dec}",),
        "F606W": ("b.fits[SCI]",),
        "u'": ("c.fits",),
    }
    assert imagelist.parse([]) == {}


@pytest.mark.parametrize("value", ["tiles/*.fits", "https://host/cut?ra={ra}", "=a.fits", "g r=a.fits", "@list", ""])
def test_a_value_without_a_band_is_refused(value):
    with pytest.raises(InputError, match=r"--mask names no band.*expected BAND=FILE.*Type for example --mask 'g="):
        imagelist.parse([value], "--mask")


def test_a_band_without_a_file_is_refused():
    with pytest.raises(InputError, match=r"--images names no file: 'g= '"):
        imagelist.parse(["g= "])


def test_patterns_are_sorted_and_each_file_comes_once(folder):
    assert paths(["tiles/*_g.fits*"]) == ["tiles/a_g.fits", "tiles/b_g.fits", "tiles/c_g.fits.gz"]
    assert paths(["tiles/b_g.fits", "tiles/*_g.fits"]) == ["tiles/a_g.fits", "tiles/b_g.fits"]
    assert paths(["tiles/a_g.fits", "./tiles/a_g.fits", str(folder / "tiles/a_g.fits")]) == ["tiles/a_g.fits"]
    assert paths(["./tiles/?_r.fits"]) == ["tiles/a_r.fits"]
    assert paths(["tiles/**/*_g.fits"]) == ["tiles/a_g.fits", "tiles/b_g.fits", "tiles/more/d_g.fits"]
    assert paths(["tiles/more/../[ab]_g.fits"]) == ["tiles/more/../a_g.fits", "tiles/more/../b_g.fits"]


def test_links_that_lead_back_are_gone_through_once(folder):
    for link, place in {
        "tiles/self": ".",
        "tiles/other": ".",
        "tiles/more/up": "../..",
        "tiles/more/top": "..",
    }.items():
        (folder / link).symlink_to(place)
    below = ["tiles/a_g.fits", "tiles/b_g.fits", "tiles/more/d_g.fits"]
    assert paths(["tiles/**/*_g.fits"]) == paths(["**/*_g.fits"]) == below
    assert paths(["tiles/**/**/*_g.fits"]) == below
    assert paths(["**/more/*_g.fits"]) == ["tiles/more/d_g.fits"]


@pytest.mark.parametrize("place", ["-", "/dev/fd/{}"])
def test_a_list_comes_through_a_pipe_too(folder, place, monkeypatch):
    """Its names are relative to where the program runs, and it may be asked for again."""
    ends = os.pipe()
    before = os.dup(0)
    try:
        os.write(ends[1], b"tiles/*_g.fits\ntiles/a_r.fits # one more\n")
        os.close(ends[1])
        os.dup2(ends[0], 0)
        for _ in range(2):
            expected = ["tiles/a_g.fits", "tiles/a_r.fits", "tiles/b_g.fits"]
            assert paths([f"@{place.format(ends[0])}"]) == expected
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(ends[0])


def test_links_are_files_of_their_own(folder):
    """One weight image may stand for many tiles, by links."""
    for name in ("w1.fits", "w2.fits"):
        (folder / name).symlink_to("tiles/a_g.fits")
    assert paths(["w*.fits"]) == ["w1.fits", "w2.fits"]


def test_an_image_within_a_file_is_named(folder):
    assert expand("g", ["tiles/a_g.fits[SCI,2]"]) == [ImageSpec("tiles/a_g.fits", "SCI,2")]
    assert expand("g", ["tiles/a_g.fits#SCI"]) == [ImageSpec("tiles/a_g.fits", "SCI")]
    assert expand("g", ["tiles/[ab]_g.fits[1]"]) == [
        ImageSpec("tiles/a_g.fits", "1"),
        ImageSpec("tiles/b_g.fits", "1"),
    ]
    assert expand("g", ["tiles/a_g.fits[2]", "tiles/a_g.fits[1]", "tiles/a_g.fits[2]"]) == [
        ImageSpec("tiles/a_g.fits", "1"),
        ImageSpec("tiles/a_g.fits", "2"),
    ]


@pytest.mark.parametrize("name", ["a_g.fits[1]", "a#1.fits", "x[1]y.fits", "a{1}.fits", "~a.fits"])
def test_a_file_of_that_very_name_comes_first(folder, name):
    (folder / name).write_bytes(b"")
    (folder / "a_g.fits").write_bytes(b"")
    assert expand("g", [name]) == [ImageSpec(name, None)]
    assert expand("g", [f"{name}[2]"]) == [ImageSpec(name, "2")]
    assert not is_template(name)


@pytest.mark.parametrize("outer", ["my tiles [v1]", "a/my tiles [v1]/b*/c[0]"])
def test_a_folder_with_brackets_in_its_name(folder, outer):
    made = folder / outer
    made.mkdir(parents=True)
    (made / "x_g.fits").touch()
    for source in (f"{outer}/*_g.fits", f"{made}/x?g.fits", f"{outer}/*_g.fits[SCI]"):
        (found,) = expand("g", [source])
        assert os.path.samefile(found.path, made / "x_g.fits")


def test_a_pattern_may_end_in_a_class(folder):
    assert expand("g", ["tiles/a_g.fit[s]"]) == [ImageSpec("tiles/a_g.fits", None)]


def test_the_home_folder_is_known(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert paths(["~/tiles/a_*.fits"]) == [str(folder / "tiles" / name) for name in ("a_g.fits", "a_r.fits")]
    assert paths(["~/tiles/a_g.fits"]) == [str(folder / "tiles/a_g.fits")]


def test_lists_are_relative_to_their_folder(folder, monkeypatch):
    text = "\ufeff# survey tiles\r\na_g.fits  # the first\r\n\r\nb_g.fits#1\n  more/*.fits[SCI]\n" + str(
        folder / "k.fits"
    )
    (folder / "tiles" / "g.txt").write_text(text, "utf-8")
    (folder / "k.fits").write_bytes(b"")
    assert expand("g", ["@tiles/g.txt"]) == [
        ImageSpec(str(folder / "k.fits"), None),
        ImageSpec("tiles/a_g.fits", None),
        ImageSpec("tiles/b_g.fits", "1"),
        ImageSpec("tiles/more/d_g.fits", "SCI"),
    ]
    monkeypatch.chdir(folder / "tiles")
    assert paths(["@g.txt"])[1:] == ["a_g.fits", "b_g.fits", "more/d_g.fits"]


def test_a_list_in_a_folder_with_magic_letters(folder):
    (folder / "run[1]").mkdir()
    (folder / "run[1]" / "a.fits").write_bytes(b"")
    (folder / "run[1]" / "list.txt").write_text("*.fits\n")
    assert paths(["@run[1]/list.txt"]) == ["run[1]/a.fits"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# nothing\n\n", "is empty"),
        ("https://host/{ra}.fits\n", "may not hold: 'https"),
        ("cut/{ID}.fits\n", "may not hold: 'cut"),
        ("@other.txt\n", "may not hold: '@other"),
        ("SIMPLE  =                    T", "is no text.*Without @ it is an image"),
        ("a\0b", "is no text"),
        ("gone.fits\n", r"tiles/gone\.fits of band g does not exist"),
    ],
)
def test_bad_lists_are_refused(folder, text, message):
    (folder / "tiles" / "list.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        expand("g", ["@tiles/list.txt"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("@list.txt", "list.txt, the list of images of band g, cannot be read: No such file"),
        ("@tiles", "the list of images of band g, is a folder"),
        ("tiles/a_q.fits", r"tiles/a_q\.fits of band g does not exist\. Did you mean tiles/a_[gr]\.fits or"),
        ("tiles/a_q.fits[SCI]", r"tiles/a_q\.fits of band g does not exist"),
        ("tyles/a_g.fits", r"does not exist\. There is no folder tyles\."),
        ("tiles/*_i.fits", r"no file of band g fits \*_i\.fits in tiles .*Did you mean tiles/"),
        ("tiles/*.hdf", r"no file of band g fits \*\.hdf in tiles .*"),
        ("tyles/*.fits", r"no file of band g fits \*\.fits in tyles .*There is no folder tyles\."),
        ("t*/zzz*", r"no file of band g fits zzz\* in t\*"),
        ("zzzzzz*", r"fits zzzzzz\* in \. .*This folder holds tiles\."),
        ("tiles", r"tiles of band g is a folder .*For all that is in it: 'g=tiles/\*\.fits'"),
    ],
)
def test_what_is_not_there_is_named(folder, source, message):
    with pytest.raises(InputError, match=message):
        expand("g", [source])


def test_an_empty_folder_is_told(folder):
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty is empty\."):
        expand("g", ["empty/*.fits"])


@pytest.mark.parametrize(
    ("text", "bands"),
    [
        ("frame-{band}.fits", "u g r F814W"),
        ("./frame-{band}-*.fits", "g z"),
        ("{band}/frame-{band}.fits", "g"),
        ("frame-{band}-0?.fits", "g"),
    ],
)
def test_files_of_all_bands_by_one_name(tmp_path, monkeypatch, text, bands):
    monkeypatch.chdir(tmp_path)
    for name in (*(f"frame-{band}.fits" for band in ("r", "g", "u", "F814W", "a_b")), "frame-g-01.fits"):
        (tmp_path / name).touch()
    for name in ("frame-z-001.fits", "frame--1.fits", "g/frame-g.fits", "g/frame-r.fits"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = imagelist.parse([text, "K=frame-r.fits"])
    assert list(found) == [*bands.split(), "K"]
    assert found == {band: (text.replace("{band}", band),) for band in bands.split()} | {"K": ("frame-r.fits",)}


def test_a_name_for_all_bands_that_no_file_has_is_refused(tmp_path):
    text = f"{tmp_path}/frame-{{band}}.fits"
    with pytest.raises(InputError, match="--mask: no file is named so, with a band") as caught:
        imagelist.parse([text], "--mask")
    assert f"--mask 'r={tmp_path}/frame-r.fits'" in caught.value.hint


def test_urls_and_templates_are_told_from_files():
    assert is_url("https://host/a.fits")
    assert is_url("HTTP://host/a.fits")
    assert not is_url("ftp/https:/a.fits")
    assert is_template("https://host/a.fits")
    assert is_template("cut/{ID}.fits")
    assert not is_template("tiles/*_g.fits")
    assert not is_template("tiles/{.fits")
