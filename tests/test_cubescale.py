"""CubeScale: the pixel scale of stamps, by PIXSCALE or their world coordinates."""

import pytest

from skycnn.stamps.stampfile import cubescale

SKY = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}
DEGREE = 0.06 / 3600


@pytest.mark.parametrize(
    ("header", "scale"),
    [
        ({"PIXSCALE": 0.06}, 0.06),
        ({"PIXSCALE": 1}, 1.0),
        ({"PIXSCALE": 0.06, "CDELT1": 1.0, **SKY}, 0.06),
        ({"CDELT1": -DEGREE, **SKY}, 0.06),
        ({"CDELT1": -0.06, "CUNIT1": "arcsec", **SKY}, 0.06),
        ({"CDELT1": -0.001, "CUNIT1": "arcmin", "CTYPE1": "GLON-CAR"}, 0.06),
        ({"CD1_1": -0.6 * DEGREE, "CD2_1": 0.8 * DEGREE, "CDELT1": 1.0, **SKY}, 0.06),
        ({"CD2_1": DEGREE, **SKY}, 0.06),
        ({"CDELT1": DEGREE, "PC1_1": 0.6, "PC2_1": 0.8, **SKY}, 0.06),
        ({"PIXSCALE": -0.06}, None),
        ({"PIXSCALE": "0.06"}, None),
        ({"PIXSCALE": float("inf")}, None),
        ({"CDELT1": DEGREE}, None),
        ({"CDELT1": DEGREE, "CTYPE1": "WAVE"}, None),
        ({"CDELT1": 1.0, "CUNIT1": "m", **SKY}, None),
        ({"CDELT1": 0.0, **SKY}, None),
        (SKY, None),
        ({}, None),
    ],
)
def test_the_scale_of_a_pixel(header, scale):
    assert cubescale.of(header) == (None if scale is None else pytest.approx(scale))
