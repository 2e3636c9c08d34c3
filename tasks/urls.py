"""URLs as they may be shown."""

from urllib.parse import urlsplit


def without_credentials(url: str) -> str:
    """Return a URL without who is let in by it: what may stand before the @."""
    place = urlsplit(url)
    return place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()
