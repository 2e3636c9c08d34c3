"""A worker process of the run is killed, as by a machine that is short of memory."""

import signal

from tests.chaos.faults.interface import SLOWLY, Fault, amid_rows
from tests.chaos.round import Round

SAYS = "a worker process was killed"

_FAILED = 1


class KillWorker(Fault):
    """The runner has to tell; it does not go on without."""

    name = "worker killed"

    def inject(self, round: Round) -> int:
        """Kill one."""
        moment = amid_rows(round.dice)
        round.mode = SLOWLY
        round.start()
        if not round.reaches(moment):
            round.finish()
            return 0
        # Forked by a server, which is the runner's child.
        family = round.family
        workers = [one for one in family[1:] if one.ppid() != family[0].pid]
        for worker in workers[:1]:
            worker.send_signal(signal.SIGKILL)
        round.finish()
        round.said = str(moment)
        ended = round.ended
        if ended is not None and ended.code == _FAILED and SAYS not in ended.out:
            round.wrong.append(f"it does not say that a worker was killed: {ended.out[-500:]}")
        return len(workers[:1])
