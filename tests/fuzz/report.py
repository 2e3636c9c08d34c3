"""What came of a subject: a table of how cases were made against what was answered."""

from collections import Counter

from tests.fuzz.campaign import Tally


def show(name: str, tally: Tally, seconds: float) -> None:
    """Print the table, the slowest case and every fault."""
    slowest, number = tally.slowest
    print(f"\n{name}: {tally.total:,} cases in {seconds:.0f} s")
    print(f"the slowest took {slowest:.2f} s, case {number}")
    for line in _table(tally.answers):
        print(line)
    for fault in tally.faults:
        print(f"\n{fault}")
    print(flush=True)


def _table(answers: Counter[tuple[str, str]]) -> list[str]:
    said = sorted({answer for _, answer in answers})
    hows = sorted({how for how, _ in answers})
    rows = [["", *said, "all"]]
    for how in hows:
        counts = [answers[how, answer] for answer in said]
        rows.append([how, *map(_number, counts), _number(sum(counts))])
    sums = [sum(answers[how, answer] for how in hows) for answer in said]
    rows.append(["all", *map(_number, sums), _number(sum(sums))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_line(row, widths) for row in rows]


def _number(count: int) -> str:
    return f"{count:,}" if count else ""


def _line(row: list[str], widths: list[int]) -> str:
    first, *others = (
        text.ljust(width) if at == 0 else text.rjust(width)
        for at, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others])
