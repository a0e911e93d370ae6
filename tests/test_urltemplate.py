"""UrlTemplate: rows become addresses, hostile values stay values."""

from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skycnn.errors import InputError
from skycnn.remote.urltemplate import UnfitError, UrlTemplate, text_of

URL = "https://host/cut?ra={ra}&dec={dec}&size={size_px}&band={band}&id={ID}"
VALUES = {"ra": 150.1163213, "dec": -2.5, "size_px": 64, "band": "r", "ID": "NGC 1"}


def test_a_url_is_filled():
    template = UrlTemplate.parse(URL)
    assert template.remote
    assert template.fields == ("ra", "dec", "size_px", "band", "ID")
    assert dict(template.columns) == {"ID": "ID"}
    assert template.fill(VALUES) == "https://host/cut?ra=150.1163213&dec=-2.5&size=64&band=r&id=NGC%201"


def test_a_field_takes_the_columns_own_name():
    template = UrlTemplate.parse("cut/{objid}.fits").bound(str.upper)
    assert dict(template.columns) == {"objid": "OBJID"}
    assert template.fill({"OBJID": np.int64(7)}) == "cut/7.fits"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "ID is null"),
        (np.nan, "ID is null"),
        (2.0**53, "floating-point"),
        ([1, 2], "no single value"),
    ],
)
def test_what_names_no_file(value, message):
    with pytest.raises(UnfitError, match=message):
        UrlTemplate.parse("cut/{ID}.fits").fill({"ID": value})


def test_only_lower_case_is_the_position():
    assert dict(UrlTemplate.parse("https://h/{RA}/{ra}").columns) == {"RA": "RA"}


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip()))
def test_any_text_stays_one_value_of_a_query(text):
    url = UrlTemplate.parse("https://host/cut?a=1&id={ID}&b=2").fill({"ID": text})
    assert url.isascii() and urlsplit(url).netloc == "host" and urlsplit(url).path == "/cut"
    assert parse_qs(urlsplit(url).query)["id"] == [text.strip()]


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip()))
def test_any_text_stays_one_step_of_a_path(text):
    path = urlsplit(UrlTemplate.parse("https://host/a/{ID}/b.fits").fill({"ID": text})).path
    steps = path.split("/")
    assert len(steps) == 4 and steps[2] not in (".", "..") and unquote(steps[2]) == text.strip()


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "..", "a/b", "/etc", ".", "a\0b", "", "   ", "a..b"])
def test_a_file_name_does_not_leave_its_folder(hostile):
    with pytest.raises(UnfitError, match="ID is"):
        UrlTemplate.parse("cut/{ID}.fits").fill({"ID": hostile})


def test_two_values_do_not_make_what_one_may_not():
    with pytest.raises(UnfitError):
        UrlTemplate.parse("cut/{A}{B}/x.fits").fill({"A": ".", "B": "."})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(12.0), "12"),
        (np.float32(0.5), "0.5"),
        (np.int16(-3), "-3"),
        (np.uint64(2**64 - 1), "18446744073709551615"),
        (np.str_(" x y "), "x y"),
        (np.bool_(True), "T"),
        (1e-7, "1e-07"),
        (123456.789, "123456.789"),
    ],
)
def test_values_as_text(value, text):
    assert text_of(value, "ID") == text


@pytest.mark.parametrize(("value", "text"), [(1e-7, "0.0000001"), (359.99999999, "359.99999999"), (10.0, "10")])
def test_positions_have_no_exponent(value, text):
    assert text_of(value, "ra") == text


@pytest.mark.parametrize("value", [np.nan, np.inf, 2.0**53, -(2.0**60), np.zeros(2), np.array(["a", "b"]), None, ""])
def test_values_that_cannot_be_told(value):
    with pytest.raises(UnfitError, match=r"^ID is"):
        text_of(value, "ID")


@pytest.mark.parametrize(
    ("text", "plain", "extension"),
    [
        ("https://h/{ID}.fits[SCI]", "https://h/{ID}.fits", "SCI"),
        ("https://h/{ID}.fits#1", "https://h/{ID}.fits", "1"),
        ("cut/{ID}.fits[SCI,2]", "cut/{ID}.fits", "SCI,2"),
        ("cut#1/{ID}.fits", "cut#1/{ID}.fits", None),
        ("https://h/{ID}", "https://h/{ID}", None),
    ],
)
def test_an_hdu_may_follow(text, plain, extension):
    template = UrlTemplate.parse(text)
    assert (template.text, template.extension) == (plain, extension)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cut/{ID.fits", "brace"),
        ("cut/ID}.fits", "brace"),
        ("cut/{{ID}}.fits", "brace"),
        ("cut/{}.fits", "field without a name"),
        ("cut/{ }.fits", "field without a name"),
        ("ftp://host/{ID}", "http and https only"),
        ("file:///etc/{ID}", "http and https only"),
        ("https:///cut?{ID}", "without a host"),
        ("https://{HOST}/cut", "comes from a column"),
        ("https://h:port/{ID}", "no URL"),
        ("https://[::1/{ID}", "no URL"),
        ("", "empty"),
    ],
)
def test_bad_templates(text, said):
    with pytest.raises(InputError, match=said):
        UrlTemplate.parse(text)


def test_the_band_may_choose_the_host():
    assert UrlTemplate.parse("https://{band}.host/{ID}").fill({"band": "r", "ID": 1}) == "https://r.host/1"


def test_the_typed_part_of_a_url_is_made_valid():
    assert UrlTemplate.parse("https://h/a b/{ID}?x=%20y").fill({"ID": 1}) == "https://h/a%20b/1?x=%20y"
