"""mapcolour: zero leaves the picture, sides have hues that are told apart, full colour is the reach, y goes up."""

import io

import numpy as np
import pytest

from skycnn.report import mapcolour, style

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def seen(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def hexed(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def test_a_map_tints_the_negative_of_the_picture():
    grey = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    values = np.array([[-2.0, 0.0, 2.0], [0.0, np.nan, 1.0]])
    shown = seen(mapcolour.overlay(grey, values, 2.0, True))
    (lower, upper) = shown[::-1]  # y upwards
    assert lower.tolist() == [hexed(style.ACCENT), [255] * 3, hexed(style.WARM)]
    assert upper[0].tolist() == upper[1].tolist() == [round(255 * mapcolour.DARKEST)] * 3
    red, green, blue = upper[2]
    assert red > blue
    assert red > green


def test_values_beyond_the_reach_get_the_full_colour_and_steps_grow():
    line = np.linspace(0, 3, 40)[None]
    shown = seen(mapcolour.overlay(np.zeros_like(line), line, 2.0, False))[0]
    assert (np.diff(shown[:, 2]) <= 0).all()
    assert shown[-1].tolist() == shown[27].tolist() == hexed(style.WARM)
    assert len(np.unique(shown, axis=0)) == mapcolour.STEPS


def test_the_reach_lets_a_lone_pixel_be():
    values = np.ones((100, 100))
    values[0, 0], values[0, 1] = -50, np.nan
    assert mapcolour.reach(values) == pytest.approx(1)
    lone = np.zeros((100, 100))
    lone[3, 3] = -0.2
    assert mapcolour.reach(lone) == pytest.approx(0.2)
    assert mapcolour.reach(np.zeros((3, 3))) == mapcolour.reach(np.full((3, 3), np.nan)) == 1
    assert mapcolour.signed(lone)
    assert not mapcolour.signed(np.abs(lone))


@pytest.mark.parametrize("two_sided", [True, False])
def test_the_scale_holds_the_colours_of_maps(two_sided):
    shown = seen(mapcolour.scale(two_sided))[0]
    assert shown[-1].tolist() == hexed(style.WARM)
    assert shown[0].tolist() == (hexed(style.ACCENT) if two_sided else [255] * 3)
    assert len(np.unique(shown, axis=0)) == mapcolour.STEPS


def test_the_two_sides_are_told_apart_by_colour_blind_eyes():
    """Viénot, Brettel & Mollon (1999): what an eye without red or without green cones sees, in linear colours."""
    pair = np.array([hexed(style.ACCENT), hexed(style.WARM)]) / 255
    linear = np.where(pair > 0.04045, ((pair + 0.055) / 1.055) ** 2.4, pair / 12.92)
    for mixture in ([0.11238, 0.88762], [0.29275, 0.70725]):
        yellow = linear[:, :2] @ mixture
        difference = np.hypot(np.diff(yellow), np.diff(linear[:, 2]))
        assert difference[0] > 0.25
