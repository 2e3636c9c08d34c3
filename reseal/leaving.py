"""End a process once its work is done: to take apart what was imported takes more than a second."""

import atexit
import os
import sys


class Leaving:
    """Make it before anything registers with atexit: then it is called last, and no thread is left.

    A process that was not told its exit `code` ends in Python's own way, as one does that cannot
    print what it has printed.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        atexit.register(self._leave)

    def _leave(self) -> None:
        if self.code is None:
            return
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            return
        os._exit(self.code)
