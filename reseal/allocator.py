"""How the C library's allocator deals with what is freed; see mallopt(3)."""

import ctypes
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# More than a batch takes at once, of which the parts are a megabyte or so.
_KEPT_BYTES = 64 * 1024 * 1024
_MOST_MMAP_BYTES = 32 * 1024 * 1024
_MMAP_BYTES = 2 * 1024 * 1024


def keep_freed_memory() -> None:
    """Keep what a batch frees for the next one; elsewhere than on glibc, do nothing.

    Otherwise it goes back to the system and comes again page by page, which costs a sweep as much
    as its encryption does.
    """
    with suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _MOST_MMAP_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def give_back_memory() -> None:
    """Give what is freed back to the system from now on; elsewhere than on glibc, do nothing.

    Threads have arenas of their own, each of which otherwise keeps up to 64 MiB.
    """
    with suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * _MMAP_BYTES)
        libc.malloc_trim(0)
