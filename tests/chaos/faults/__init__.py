"""The kinds of fault, one file each or a few that are alike, and how often each is chosen."""

from tests.chaos.boundaries import BOUNDARIES
from tests.chaos.faults.boundary import KillAtBoundary
from tests.chaos.faults.crash import Crash
from tests.chaos.faults.cut import CutAtCommit
from tests.chaos.faults.deadlock import Deadlocks
from tests.chaos.faults.freeze import Freeze
from tests.chaos.faults.full import DiskFull
from tests.chaos.faults.interface import Fault
from tests.chaos.faults.kill import Kill
from tests.chaos.faults.lock import Locks
from tests.chaos.faults.second import Second
from tests.chaos.faults.slow import Latency, Silence
from tests.chaos.faults.terminate import Terminate
from tests.chaos.faults.worker import KillWorker
from tests.chaos.proxy import Cut

# In how many rounds of the whole campaign; a round of some kinds has several faults.
ROUNDS: dict[str, tuple[Fault, int]] = {
    "kill": (Kill(), 44),
    "boundary": (KillAtBoundary(), len(BOUNDARIES)),
    "worker": (KillWorker(), 6),
    "crash": (Crash(), 26),
    "cut-before": (CutAtCommit(Cut.BEFORE), 20),
    "cut-after": (CutAtCommit(Cut.AFTER), 20),
    "latency": (Latency(), 6),
    "silence": (Silence(), 10),
    "terminate": (Terminate(), 20),
    "full": (DiskFull(), 8),
    "lock": (Locks(), 16),
    "deadlock": (Deadlocks(), 12),
    "second": (Second(), 12),
    "freeze": (Freeze(), 12),
}
