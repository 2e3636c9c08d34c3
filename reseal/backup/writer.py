"""Write a backup file, record by record; `file.py` reads it and says what is in it."""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from typing import BinaryIO

from reseal.backup.header import Header, line


def write(
    file: BinaryIO, header: Header, signing: bytes, rows: Iterable[tuple[list[str], bytes]]
) -> int:
    """Write header, records and trailer; return how many records."""
    mac, count = hmac.new(signing, digestmod="sha256"), 0

    def put(part: bytes) -> None:
        mac.update(part)
        file.write(part)

    put(header.line)
    for row_key, sealed in rows:
        put(line({"key": row_key, "sealed": b64encode(sealed).decode()}))
        count += 1
    put(b'{"rows":%d,"hmac":"' % count)
    file.write(mac.hexdigest().encode() + b'"}\n')
    return count
