"""Sizes in bytes, as a person reads them."""


def readable(size: float) -> str:
    """Spell a number of bytes, such as `1.4 GB`; a KB has 1024 of them."""
    for unit in ("bytes", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"
