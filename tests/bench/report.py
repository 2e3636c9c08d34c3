"""The figures as a person reads them at the terminal."""

from typing import Any

from tests.bench.lines import COMMANDS
from tests.bench.tables import ratio

HEADING = (
    f"{'medians':28}{'rows':>10}{'rows/s':>11}{'ratio':>8}{'least-most':>15}{'pair':>8}"
    f"{'client':>8}{'server':>8}{'WAL':>7}{'MiB':>6}"
)


def show(document: dict[str, Any]) -> None:
    """Print the medians of each line, and the stages of whole commands."""
    print(f"\n{HEADING}")
    for name, figures in document["median"].items():
        print(f"{document['lines'][name]['title']:28}{_line(figures)}")
    for name, why in document["missing"].items():
        print(f"{document['lines'][name]['title']:28}not available: {why}")
    print(
        "\nratio: to the bare UPDATE of the same round; pair: to the one on the same table;"
        "\nclient, server: processor microseconds a row; WAL: bytes a row; MiB: all of the client"
    )
    _show_stages(document)


def _line(figures: dict[str, Any]) -> str:
    memory = figures["memory"]
    span = f"{ratio(figures['ratio_least'])}-{ratio(figures['ratio_most'])}"
    return (
        f"{figures['rows']:>10,.0f}{figures['rows_per_second']:>11,.0f}"
        f"{ratio(figures['ratio']):>8}{span:>15}{ratio(figures['pair_ratio']):>8}"
        f"{figures['client_microseconds']:>8.1f}"
        f"{figures['server_microseconds']:>8.1f}{figures['wal_bytes']:>7.0f}"
        f"{memory['together'] if memory else 0:>6.0f}"
    )


def _show_stages(document: dict[str, Any]) -> None:
    for name, command in COMMANDS.items():
        if name in document["median"]:
            seconds = document["median"][name]["stages"]
            stages = ", ".join(f"{stage} {s:.1f} s" for stage, s in seconds.items())
            print(f"\n{command}: {stages}, all {sum(seconds.values()):.1f} s")
