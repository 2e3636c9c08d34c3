"""Find the columns that look like MFA secrets, and write them down as reseal.toml."""

from reseal.discover.candidates import Candidate, candidates, unique_names
from reseal.discover.written import Answers, exists, write_config

__all__ = ["Answers", "Candidate", "candidates", "exists", "unique_names", "write_config"]
