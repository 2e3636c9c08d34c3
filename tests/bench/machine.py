"""What the figures were measured on."""

import os
import platform
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from tests.bench.site import Site

SETTINGS = """
SELECT name, current_setting(name) FROM unnest(%s::text[]) WITH ORDINALITY AS s (name, place)
ORDER BY place
"""

# What decides how fast rows are rewritten.
NAMES = [
    "server_version", "shared_buffers", "work_mem", "maintenance_work_mem", "wal_level",
    "max_wal_size", "checkpoint_timeout", "fsync", "synchronous_commit", "full_page_writes",
    "wal_compression", "data_checksums", "autovacuum", "max_parallel_workers_per_gather", "jit",
]  # fmt: skip


def described() -> dict[str, Any]:
    """Return the machine, its memory in GiB, and how busy it is."""
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def settings(site: Site) -> dict[str, str]:
    """Return the settings of the server, its version first."""
    with site.connected() as connection:
        return dict(connection.execute(SETTINGS, [NAMES]).fetchall())


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
