"""What a process did with each key: counted from any thread, taken once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from reseal.usage import Usage, Used


def test_what_was_counted_is_taken_once_and_may_be_given_back():
    usage = Usage()
    usage.opened(1)
    usage.opened(1)
    usage.sealed(2)

    taken = usage.take()
    assert taken == {1: Used(2, 0), 2: Used(0, 1)}
    assert usage.take() == {}
    usage.opened(1)
    usage.give_back(taken)
    assert usage.take() == {1: Used(3, 0), 2: Used(0, 1)}


def test_threads_that_count_while_another_tells_lose_nothing():
    usage = Usage()
    total: Counter[tuple[int, str]] = Counter()

    def work(_number: int) -> None:
        for _ in range(500):
            usage.opened(1)
            usage.sealed(2)

    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(work, number) for number in range(4)]
        while not all(each.done() for each in done):
            for version, (opens, seals) in usage.take().items():
                total.update({(version, "opens"): opens, (version, "seals"): seals})
    for version, (opens, seals) in usage.take().items():
        total.update({(version, "opens"): opens, (version, "seals"): seals})

    assert total == {
        (1, "opens"): 2000, (1, "seals"): 0, (2, "opens"): 0, (2, "seals"): 2000,
    }  # fmt: skip
