"""Find the columns that look like MFA secrets, and write them down as reseal.toml."""

from reseal.discover.candidates import Candidate, candidates, unique_names
from reseal.discover.written import write_config

__all__ = ["Candidate", "candidates", "unique_names", "write_config"]
