"""Keep botocore from logging key material: on DEBUG it writes requests and answers out."""

import logging

# Those that quote bodies. The others tell of headers, retries and connections, and may speak.
_QUOTE_BODIES = ("botocore.endpoint", "botocore.parsers")


class _OnlyAboveDebug(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


_FILTER = _OnlyAboveDebug()


def silence() -> None:
    """Drop the debug records that quote bodies, in this process and for good."""
    for name in _QUOTE_BODIES:
        # Adding the same filter again changes nothing.
        logging.getLogger(name).addFilter(_FILTER)
