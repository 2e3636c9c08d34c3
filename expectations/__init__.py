"""What must be true, as sentences."""

from expectations.deferred import defer

# 55 MiB and most of a second, for distributions of numbers.
defer("scipy.stats")
