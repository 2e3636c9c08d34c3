"""The Prefect server of the session, which commands are run against."""

from tests.flows.conftest import prefect_api, prefect_home

__all__ = ["prefect_api", "prefect_home"]
