"""Become a Prefect worker that the kernel ends when the process that started it dies."""

import sys

from flows.bound import become


def main() -> None:
    """Become a process worker of a pool, which says over HTTP whether it is well."""
    become(
        "prefect", "worker", "start", "--pool", sys.argv[1], "--type", "process",
        "--install-policy", "never", "--with-healthcheck",
    )  # fmt: skip


if __name__ == "__main__":
    main()
