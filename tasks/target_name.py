"""How a target may be named."""

from typing import Annotated

from pydantic import StringConstraints

# As Prefect lets blocks be named.
TargetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=200)]
