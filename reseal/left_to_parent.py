"""Leave signals to the run, in a process that works for it; nothing but to import this is needed.

A service manager, a terminal and Prefect's workers send a signal to a run's whole group. The run
alone decides when to stop: the others must neither cut a batch nor take the pool with them.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
