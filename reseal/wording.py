"""The words and numbers of reseal.toml, and what is said where one is wrong."""

from collections.abc import Collection

from reseal.errors import ConfigurationError

MOST_DAYS = 36_500


def need_word(word: str, known: Collection[str], where: str) -> None:
    """Raise ConfigurationError where a word is not known; `where` is such as `in [keys]`."""
    if word not in known:
        raise ConfigurationError(f"unknown word {word!r} {where}; known: {', '.join(known)}")


def need_whole(word: str, value: object, between: tuple[int, int], where: str) -> None:
    """Raise ConfigurationError where a value is no whole number, or not between these two."""
    if not _is_between(value, *between):
        least, most = between
        raise ConfigurationError(f"{word} {where} must be a whole number from {least} to {most}")


def need_days(word: str, value: object, least: int, where: str) -> None:
    """Raise ConfigurationError where a value is no number of days, or fewer than `least`."""
    if not _is_between(value, least, MOST_DAYS):
        raise ConfigurationError(
            f"{word} {where} must be a number of days from {least} to {MOST_DAYS}"
        )


def _is_between(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
