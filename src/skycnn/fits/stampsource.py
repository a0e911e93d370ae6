"""StampSource: which source of stamps the options about images name - a mosaic, a stamp file, an image a row."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StampOptions:
    """What the options about images and stamps say.

    Parameters
    ----------
    images, mask, weight : mapping of str to tuple of str
        Band to files, patterns, lists or templates, as typed.
    stamps : str, optional
        A stamp file, or a template of one file a row.
    size : str, optional
        Side of a stamp: ``64`` pixels or ``12arcsec``.
    radec, xy : tuple of str, optional
        Columns of the position: on the sky, or in 1-based FITS pixels.
    resample : bool
        Bring bands on other pixel grids to the first band's.
    threads : int
        Readers at the same time.
    """

    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mask: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weight: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stamps: str | None = None
    size: str | None = None
    radec: tuple[str, str] | None = None
    xy: tuple[str, str] | None = None
    resample: bool = False
    threads: int = 1

    @property
    def given(self) -> bool:
        """Whether any image or stamp is named."""
        return bool(self.images) or self.stamps is not None
