import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.report import mockfigures, plotfile
from skycnn.report.mockfigures import PreviewRows

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
BANDS = ("u", "g", "r", "i")


def sample(n, stamps=True, bands=BANDS, lack=False, measured=True):
    """Return n rows in two blocks."""
    rng = np.random.default_rng(0)
    made = PreviewRows(bands)
    for part in np.array_split(np.arange(n), 2):
        m = len(part)
        values = {"ID": part, "Z_TRUE": rng.uniform(0, 2, m), "MAG_I_TRUE": rng.normal(22, 1, m)}
        for band in bands if measured else ():
            values[f"FLUX_{band.upper()}"] = rng.lognormal(0, 1, m) * (np.nan if lack else 1)
            values[f"FLUXERR_{band.upper()}"] = np.full(m, 0.05)
        made.add(values, rng.normal(size=(m, len(bands), 8, 8)).astype("f4") if stamps else None)
    return made


@pytest.mark.parametrize("kind", plotfile.FORMATS)
def test_a_page(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    mockfigures.draw(str(path), sample(400), ("Z", "MAG_I"), 0.1, "mocks")
    head = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[kind]
    assert path.read_bytes().startswith(head)


def words(page):
    return page.decode()


def test_it_tells_what_is_shown():
    page = words(mockfigures.picture("svg", sample(400), ("Z", "MAG_I"), 0.1, "a title"))
    for text in ("a title (400 shown)", "Z: median", "MAG_I: median", "u - g, ", "r - i, ", "the first 60, each 0.8"):
        assert text in page, text


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (sample(400, stamps=False), ("Z",)),
        (sample(2), ("Z",)),
        (sample(40), ()),
        (sample(40, bands=("g",)), ("Z",)),
        (sample(40, stamps=False, lack=True), ("Z",)),
        (sample(40, measured=False), ()),
        (sample(40, stamps=False, measured=False), ("Z",)),
    ],
)
def test_it_bears_what_lacks(made, shown):
    page = words(mockfigures.picture("svg", made, shown, 0.1, ""))
    assert ("the first" in page) == (made.stamps is not None)
    assert ("S/N" in page) == made.measured
    assert ("Z: median" in page) == ("Z" in shown)


def test_it_keeps_the_first_rows_only(monkeypatch):
    monkeypatch.setattr(mockfigures, "ROWS", 30)
    monkeypatch.setattr(mockfigures, "STAMPS", 25)
    made = sample(100)
    assert np.array_equal(made.column("ID"), np.arange(30))
    assert len(made.stamps) == 25


def test_files_that_cannot_be(tmp_path):
    there = tmp_path / "a.png"
    there.touch()
    with pytest.raises(InputError, match=r"a\.png exists"):
        mockfigures.check(str(there), False)
    assert mockfigures.check(str(there), True) == "png"
    with pytest.raises(InputError, match="no known ending"):
        mockfigures.check(str(tmp_path / "a.gif"), False)
    with pytest.raises(InputError, match="no file can be made"):
        mockfigures.check(str(tmp_path / "nowhere" / "a.png"), False)
    (tmp_path / "d.png").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere" / "a.png")
    with pytest.raises(InputError, match=r"d\.png is a folder"):
        mockfigures.check(str(tmp_path / "d.png"), True)
    with pytest.raises(InputError, match=r"is a link to .*, which does not exist"):
        mockfigures.check(str(tmp_path / "link.png"), True)


def test_the_mocks_are_no_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.png").symlink_to("a.png")
    for _ in range(2):  # the mocks not there, and there
        for path in ("a.png", "./a.png", f"{tmp_path}/a.png", "link.png"):
            with pytest.raises(InputError, match="is the file of the mocks themselves"):
                mockfigures.check(path, True, str(tmp_path / "a.png"))
        (tmp_path / "a.png").touch()
    (tmp_path / "hard.png").hardlink_to(tmp_path / "a.png")
    with pytest.raises(InputError, match="is the file of the mocks themselves"):
        mockfigures.check("hard.png", True, "a.png")
    assert mockfigures.check("b.png", True, "a.png") == "png"


@pytest.mark.parametrize(
    ("values", "span"),
    [([2.0], (1.8, 2.2)), ([0.0], (-0.5, 0.5)), ([2.0, 2.0], (1.8, 2.2)), ([-2.0], (-2.2, -1.8)), ([], (0.0, 1.0))],
)
def test_a_single_value_has_an_axis_of_some_width(values, span):
    assert mockfigures._span(np.array(values)) == pytest.approx(span)


def test_values_span_their_axis():
    assert mockfigures._span(np.array([1.0, 1.001])) == pytest.approx((1.0, 1.001), abs=1e-5)
