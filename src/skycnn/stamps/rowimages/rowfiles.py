"""RowFiles: the image files of one row, found by their templates, on the disk or fetched."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from skycnn.errors import ChangedError, InputError
from skycnn.images.planes import Planes, read_planes
from skycnn.remote.fetch import Fetcher, RemoteOptions
from skycnn.remote.urltemplate import UnfitError, UrlTemplate


class MissingError(Exception):
    """A row's image that is not to be had: where it was looked for, redacted, and why.

    Parameters
    ----------
    reason : str
        One phrase that begins with the place.
    kind : str
        The phrase without the place: many rows share it.
    unreachable : bool
        Whether no server was there at all.
    """

    def __init__(self, place: str, kind: str, unreachable: bool = False) -> None:
        super().__init__(f"{place}: {kind}" if place else kind)
        self.kind, self.unreachable = kind, unreachable


class RowFiles:
    """Opens images by template; of use to several threads.

    Parameters
    ----------
    templates : mapping of str to UrlTemplate
        By band, or by an empty string for all bands in one file.
    options : RemoteOptions
        How to fetch.

    Raises
    ------
    InputError
        When the folder for fetched images cannot be used.
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
            For the template's fields.
        deadline : float
            Of ``time.monotonic``: the row's.

        Raises
        ------
        MissingError
            When there is none that can be used.
        NoSpaceError, RunError
            When a fetched image cannot be kept.
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
            raise MissingError(place, what) from None

    def _fetched(self, url: str, extension: str | None, deadline: float) -> Planes:
        from skycnn.remote.httpget import FetchError

        if self.cache is None:
            raise RuntimeError("a URL without a cache")

        def read(path: str) -> Planes:
            planes = read_planes(path, extension)
            ny, nx = planes.shape
            if 4 * ny * nx > self.options.limit:  # a short archive of tiles may promise any size
                limit = f"{self.options.limit / 1e6:.0f} MB"
                raise InputError(f"an image of {nx} x {ny} pixels; the limit is {limit} of float32")
            return planes

        fetch = partial(self.fetcher.fetch, url, deadline=deadline)
        try:
            return self.cache.get(url, lambda file: fetch(file), read, deadline)
        except FetchError as error:
            raise MissingError(redacted(url), error.reason, error.unreachable) from None

    def close(self) -> None:
        """End waiting fetches, and remove a temporary folder of images."""
        self.fetcher.stop()
        if self.cache is not None:
            self.cache.close()


def redacted(url: str) -> str:
    """Return a URL without credentials, query and fragment, printable."""
    parts = urlsplit(url)
    plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return plain.encode("unicode_escape").decode()
