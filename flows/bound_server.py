"""Become a Prefect server that the kernel ends when the process that started it dies."""

import sys

from flows.bound import become


def main() -> None:
    """Become uvicorn with Prefect's API."""
    application = ["--factory", "flows.own_server:create"]
    address = ["--host", "127.0.0.1", "--port", sys.argv[1], "--log-level", "error"]
    become("uvicorn", *application, *address)


if __name__ == "__main__":
    main()
