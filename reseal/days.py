"""How many days a period of reseal.toml may have."""

MOST_DAYS = 36_500
