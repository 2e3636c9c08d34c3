"""Connection pools in four tiers, never larger than the server has room for.

pool = reseal.AdaptivePool("postgresql://app@db.internal/app", tier="production")
vault = reseal.Vault.connect(pool)

`AdaptivePool` follows the load; `open_pool` and `open_async_pool` keep the size they begin with.
"""

from reseal.pool.adaptive import AdaptivePool
from reseal.pool.governor import Rhythm
from reseal.pool.opening import open_async_pool, open_pool
from reseal.pool.room import limits_of
from reseal.pool.tier import Limit, Size, Tier, fit

__all__ = [
    "AdaptivePool",
    "Limit",
    "Rhythm",
    "Size",
    "Tier",
    "fit",
    "limits_of",
    "open_async_pool",
    "open_pool",
]
