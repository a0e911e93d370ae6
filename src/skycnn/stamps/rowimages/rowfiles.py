"""RowFiles: the image files of one row, local or fetched, by template."""

from collections.abc import Mapping, Sequence
from functools import partial
from shlex import quote
from urllib.parse import urlsplit

from skycnn.errors import ChangedError, InputError
from skycnn.images.imagechoice import SeveralError
from skycnn.images.planes import Planes, read_planes
from skycnn.remote.fetch import Fetcher, RemoteOptions
from skycnn.remote.fetcherror import FetchError
from skycnn.remote.urltemplate import UnfitError, UrlTemplate


class MissingError(Exception):
    """A row's image that is missing: its address, redacted, and the reason.

    Parameters
    ----------
    place : str
        The address, redacted.
    kind : str
        The reason, shared by many rows.
    unreachable : bool
        Whether no server answered at all.
    hint : str, optional
        What to type.
    """

    def __init__(self, place: str, kind: str, unreachable: bool = False, hint: str | None = None) -> None:
        super().__init__(f"{place}: {kind}" if place else kind)
        self.kind, self.unreachable, self.hint = kind, unreachable, hint


class RowFiles:
    """Opens images by template; thread-safe.

    Parameters
    ----------
    templates : mapping of str to UrlTemplate
        By band; by an empty string for all bands in one file.
    options : RemoteOptions
        How to fetch.

    Raises
    ------
    InputError
        When the cache folder cannot be used.
    """

    def __init__(self, templates: Mapping[str, UrlTemplate], options: RemoteOptions) -> None:
        self.templates, self.options = dict(templates), options
        self.fetcher = Fetcher(options)
        self.cache = None
        if any(template.remote for template in templates.values()):
            from skycnn.remote.imagecache import ImageCache  # http.client and ssl are slow to import

            self.cache = ImageCache(options.cache, options.limit)

    def open(self, band: str, values: Mapping[str, object], deadline: float) -> Planes:
        """Return the planes of a row's image.

        Parameters
        ----------
        band : str
            One of `templates`.
        values : mapping
            Of the template's fields.
        deadline : float
            Of the row, in ``time.monotonic``.

        Raises
        ------
        MissingError
            When there is no usable image.
        NoSpaceError, RunError
            When a fetched image cannot be written.
        """
        template = self.templates[band]
        try:
            address = template.fill(values)
        except UnfitError as error:
            raise MissingError("", str(error)) from None
        if template.remote:
            return self._fetched(address, template.extension, deadline)
        try:
            return read_planes(address, template.extension)
        except (InputError, ChangedError) as error:
            place = address.encode("unicode_escape").decode()
            what = error.what.removeprefix(address).strip(" :")
            hint = _named(band, template.text, error.names) if isinstance(error, SeveralError) else None
            raise MissingError(place, what + (f". {hint}" if hint and band else ""), hint=hint) from None

    def _fetched(self, url: str, extension: str | None, deadline: float) -> Planes:
        if self.cache is None:
            raise RuntimeError("a URL without a cache")

        def read(path: str) -> Planes:
            planes = read_planes(path, extension)
            ny, nx = planes.shape
            if 4 * ny * nx > self.options.limit:  # a short file of tiles may declare any size
                limit = f"{self.options.limit / 1e6:.0f} MB"
                raise InputError(f"an image of {nx} x {ny} pixels; the limit is {limit} of float32")
            return planes

        fetch = partial(self.fetcher.fetch, url, deadline=deadline)
        try:
            return self.cache.get(url, lambda file: fetch(file), read, deadline)
        except FetchError as error:
            raise MissingError(redacted(url), error.reason, error.unreachable) from None

    def close(self) -> None:
        """Stop waiting fetches, and remove a temporary cache."""
        self.fetcher.stop()
        if self.cache is not None:
            self.cache.close()


def _named(band: str, template: str, names: Sequence[str]) -> str:
    """Return the options that name one of several images of each row's file for a band, or one for each band."""
    bands = {name: name for name in names if not name.isdigit()} or {"BAND": names[0]}
    bands = {band: names[0]} if band else bands
    options = (f"--images {quote(f'{key}={template}[{name}]')}" for key, name in bands.items())
    return f"Name the image of each band: {' '.join(options)}"


def redacted(url: str) -> str:
    """Return a URL without credentials, query and fragment, printable."""
    parts = urlsplit(url)
    plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return plain.encode("unicode_escape").decode()
