"""Sersic components: stamps against GalSim's over the whole range; and what does not matter: order, blocks, grid."""

import numpy as np
import pytest
import torch

from skycnn.simulate import components, psf, sersic
from skycnn.simulate.components import Components
from skycnn.simulate.psfimage import ImagePSF
from skycnn.simulate.render import Renderer
from skycnn.stamps import stamps

SIDE = 64
SPACE = (psf.Gaussian.of_r80(0.15), psf.Moffat.of_fwhm(0.15, 2.5))
CASES = {  # PSF, arcsec a pixel, largest half-light radius in arcsec
    "moffat": (psf.Moffat.of_fwhm(0.7, 3.5), 0.2, 2.0),
    "gaussian": (SPACE[0], 0.075, 1.0),
}


def galaxies(n, largest, seed=0, components=1):
    """Return components over the whole range of everything, corners of n and axis ratio first."""
    rng = np.random.default_rng(seed)
    shape = (n, components)
    index, ratio = rng.uniform(*sersic.INDEX, shape), rng.uniform(0.1, 1, shape)
    index[:4], ratio[:4] = np.array([[0.3, 0.3, 6.2, 6.2], [0.1, 1, 0.1, 1]])[:, :, None]
    radius = np.exp(rng.uniform(np.log(0.05), np.log(largest), shape))
    light = Components(rng.uniform(0.2, 1, (*shape, 1)), radius, index, ratio, rng.uniform(-180, 180, shape))
    return light, rng.uniform(-0.5, 0.5, (n, 2))


def drawn(galsim, light, row, seen, scale, offset):
    """Return GalSim's stamp of an object, in float64 and with stricter limits than its default ones."""
    strict = galsim.GSParams(folding_threshold=1e-3, maxk_threshold=1e-4, kvalue_accuracy=1e-6, maximum_fft_size=4096)
    parts = []
    for c in range(light.radius.shape[1]):
        n, q = light.index[row, c], light.ratio[row, c]
        part = galsim.Sersic(n, half_light_radius=light.radius[row, c] * np.sqrt(q), gsparams=strict)
        part = part.shear(q=q, beta=light.angle[row, c] * galsim.degrees).withFlux(light.flux[row, c, 0])
        parts.append(part if light.shift is None else part.shift(*light.shift[row, c]))
    both = galsim.Convolve(galsim.Add(parts), seen.withGSParams(strict))
    return both.drawImage(nx=SIDE, ny=SIDE, scale=scale, offset=tuple(offset), dtype=float).array


def oracle(galsim, kind):
    """Return GalSim's PSF."""
    seen = CASES[kind][0]
    if kind == "moffat":
        return galsim.Moffat(beta=seen.beta, scale_radius=seen.alpha)
    return galsim.Gaussian(sigma=seen.sigma)


def agree(ours, theirs):
    """See that stamps are the same to what the mocks ask for."""
    apart = np.abs(ours - theirs) / theirs.max()
    assert np.median(apart) <= 5e-5
    assert apart.max() <= 2e-3
    assert abs(ours.sum() / theirs.sum() - 1) <= 1e-3


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("components", [1, 2])
def test_a_stamp_is_galsims(kind, components):
    galsim = pytest.importorskip("galsim", reason="GalSim is not installed")
    seen, scale, largest = CASES[kind]
    light, offset = galaxies(12, largest, components, components)
    ours = light.stamps(Renderer([seen], scale, SIDE), offset)
    assert (ours.shape, ours.dtype) == ((12, 1, SIDE, SIDE), np.float32)
    compared = 0
    for row, stamp in enumerate(ours[:, 0]):
        try:
            theirs = drawn(galsim, light, row, oracle(galsim, kind), scale, offset[row])
        except galsim.errors.GalSimFFTSizeWarning:  # its transform of a wide galaxy would take gigabytes
            continue
        agree(stamp, theirs)
        compared += 1
    assert compared >= 8


def one(**changed):
    """Return the light of one component, seen by one band."""
    values = {"flux": 1.0, "radius": 0.4, "index": 2.0, "ratio": 0.6, "angle": 30.0} | changed
    flux = np.full((1, 1, 1), values.pop("flux"))
    return Components(flux, *(np.full((1, 1), values[key]) for key in ("radius", "index", "ratio", "angle")))


def centre(stamp):
    """Return the centre of light, x and y."""
    y, x = np.indices(stamp.shape)
    return np.array([(stamp * x).sum(), (stamp * y).sum()]) / stamp.sum()


@pytest.mark.parametrize("side", [15, 32])
def test_an_object_lies_where_cut_stamps_have_it(side):
    x = 100.3
    first = stamps.corner(np.array([x]), side)
    rest = stamps.rest(np.array([x]), first, side)
    stamp = one(radius=0.1, index=0.5).stamps(Renderer(SPACE[:1], 0.075, side), np.array([[rest[0], -0.2]]))[0, 0]
    assert centre(stamp) == pytest.approx([x - first[0], (side - 1) / 2 - 0.2], abs=2e-3)


def test_a_wide_galaxy_is_the_sum_over_its_face():
    # No transform and no GalSim: light on a fine grid, blurred there, summed over pixels; 4 pixels of margin.
    from scipy.ndimage import gaussian_filter

    wide, scale, fine, side = one(radius=2.0, index=1.0, ratio=0.4), 0.1, 16, SIDE + 8
    ours = wide.stamps(Renderer([psf.Gaussian(0.1)], scale, SIDE))[0, 0]
    at = (np.arange(side * fine) - (side * fine - 1) / 2) * scale / fine
    along = at * np.cos(np.pi / 6) + at[:, None] * np.sin(np.pi / 6)
    across = (at[:, None] * np.cos(np.pi / 6) - at * np.sin(np.pi / 6)) / 0.4
    b = 1.6783469900166605  # of n = 1
    light = np.exp(-b * np.hypot(along, across) / 2.0) * (b * scale / fine) ** 2 / (2 * np.pi * 4.0 * 0.4)
    theirs = gaussian_filter(light, fine).reshape(side, fine, side, fine).sum(axis=(1, 3))[4:-4, 4:-4]
    agree(ours, theirs)


def test_a_point_is_the_psf_over_the_pixel():
    seen = psf.Gaussian(0.2)
    stamp = one(radius=0.0, flux=3.0).stamps(Renderer([seen], 0.1, 33))[0, 0]
    from scipy.special import erf

    edges = erf((np.arange(34) - 16.5) * 0.1 / (0.2 * np.sqrt(2)))
    expected = 3 * np.outer(np.diff(edges), np.diff(edges)) / 4
    assert np.abs(stamp - expected).max() < 1e-3 * expected.max()


@pytest.mark.parametrize("pixelated", [False, True])
def test_an_image_of_a_psf_does_what_the_psf_does(pixelated):
    scale, seen = 0.05, psf.Gaussian(0.11)
    star = one(radius=0.0).stamps(Renderer([seen], scale, 65))[0, 0]
    at = (np.arange(65) - 32) * scale
    bare = np.exp(-(at**2 + at[:, None] ** 2) / (2 * 0.11**2))
    light, offset = galaxies(6, 0.8, 3)
    image = ImagePSF(star if pixelated else bare, scale, pixelated=pixelated)
    ours, theirs = (light.stamps(Renderer([one_of], scale, SIDE), offset) for one_of in (image, seen))
    assert np.abs(ours - theirs).max() < 3e-4 * theirs.max()


def test_a_psf_off_its_centre_moves_the_stamp():
    image = np.zeros((21, 21))
    image[8:13, 9:14] = np.outer(*[[1, 4, 6, 4, 1]] * 2)  # one pixel up in x, none in y
    stamp = one(radius=0.2, index=0.5).stamps(Renderer([ImagePSF(image, 0.1, pixelated=True)], 0.1, 31))[0, 0]
    assert centre(stamp) == pytest.approx([16, 15], abs=0.01)


def test_bands_are_drawn_at_once_each_with_its_fluxes():
    light, offset = galaxies(8, 0.8, 4, components=2)
    flux = np.random.default_rng(5).uniform(0, 1, (8, 2, 2))
    flux[0, 1] = 0  # an object of one component
    shape = (light.radius, light.index, light.ratio, light.angle)
    image = ImagePSF(one(radius=0.0).stamps(Renderer([psf.Gaussian(0.1)], 0.075, 33))[0, 0], 0.075, pixelated=True)
    seen = (SPACE[0], image)
    both = Components(flux, *shape).stamps(Renderer(seen, 0.075, 32), offset)
    for band in range(2):
        for c in range(2):
            part = Components(flux[:, c : c + 1, band : band + 1], *(column[:, c : c + 1] for column in shape))
            both[:, band] -= part.stamps(Renderer(seen[band : band + 1], 0.075, 32), offset)[:, 0]
    assert np.abs(both).max() < 3e-5


def test_a_shifted_component_lies_where_a_shifted_object_does():
    light, offset = galaxies(4, 0.3, 6)
    renderer = Renderer(SPACE, 0.075, 32)
    light = Components(np.repeat(light.flux, 2, axis=2), light.radius, light.index, light.ratio, light.angle)
    shift = np.array([[[0.2, -0.1]]]) * np.ones((4, 1, 1))
    ours = Components(*list(vars(light).values())[:5], shift).stamps(renderer, offset)
    assert np.abs(ours - light.stamps(renderer, offset + shift[:, 0] / 0.075)).max() < 1e-5 * ours.max()


def test_neither_order_nor_blocks_matter(monkeypatch):
    light, offset = galaxies(12, 3.0, 7)
    renderer = Renderer(SPACE[:1], 0.075, 32)
    whole = light.stamps(renderer, offset)
    assert len(renderer._waves) > 1  # wide galaxies and narrow ones
    order = np.random.default_rng(8).permutation(12)
    again = light.take(order).stamps(renderer, offset[order])
    assert np.abs(again - whole[order]).max() < 1e-6 * whole.max()
    monkeypatch.setitem(components.BLOCK, "cpu", 1)
    assert np.abs(light.stamps(renderer, offset) - whole).max() < 1e-6 * whole.max()


def test_no_objects_are_no_stamps():
    light, offset = galaxies(4, 1.0)
    none = np.arange(0)
    assert light.take(none).stamps(Renderer(SPACE, 0.1, 8), offset[none]).shape == (0, 2, 8, 8)


def test_an_index_outside_the_table_is_refused():
    with pytest.raises(ValueError, match=r"outside 0\.3-6\.2"):
        one(index=6.3).stamps(Renderer(SPACE[:1], 0.1, 8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this torch sees no GPU")
def test_a_gpu_draws_what_the_cpu_draws():
    light, offset = galaxies(40, 1.0, components=2)
    one, other = (light.stamps(Renderer(SPACE[:1], 0.1, 32, device), offset) for device in ("cpu", "cuda"))
    assert np.abs(one - other).max() < 1e-5 * one.max()
