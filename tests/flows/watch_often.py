"""Run the flow `watch_health` so many times, as a worker does, in a process of its own."""

import sys

from flows.watch_health import watch_health

if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        watch_health()
