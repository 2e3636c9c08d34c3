"""The network is slow, or says nothing at all for a while."""

from time import sleep

from tests.chaos.faults.interface import Fault, moments
from tests.chaos.proxy import Proxy
from tests.chaos.round import Round

_LONGEST_DELAY_SECONDS = 0.03
_SHORTEST_SECONDS, _LONGEST_SECONDS = 1.0, 5.0


class Latency(Fault):
    """Whatever is sent takes its time, for some seconds."""

    name = "latency"
    breaks = False

    def inject(self, round: Round) -> int:
        """Slow the run down from some moment on."""
        (moment,) = moments(round.dice, 1)
        delay = round.dice.random() * _LONGEST_DELAY_SECONDS
        seconds = round.dice.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS)
        round.said = f"{delay * 1000:.0f} ms for {seconds:.1f} s from {moment} on"
        with Proxy(round.scene.database) as proxy:
            round.start(RESEAL_DATABASE_URL=proxy.url)
            is_met = round.reaches(moment)
            proxy.script.delay = delay
            round.waits_for(lambda: False, seconds)
            proxy.script.delay = 0.0
            round.finish()
        return int(is_met)


class Silence(Fault):
    """Connections stand, but nothing goes through; then it does again, or all of them are reset.

    Longer than a lock is waited for. Who waits for an answer has no other way to tell.
    """

    name = "half-open connections"

    def inject(self, round: Round) -> int:
        """Keep silent up to twice."""
        silences = 0
        with Proxy(round.scene.database) as proxy:
            round.start(RESEAL_DATABASE_URL=proxy.url)
            for moment in moments(round.dice, 2):
                ends_in_reset = round.dice.random() < 0.5
                seconds = round.dice.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS)
                if not round.reaches(moment):
                    break
                proxy.script.flows.clear()
                sleep(seconds)
                if ends_in_reset:
                    proxy.cut_all()
                proxy.script.flows.set()
                silences += 1
                round.said += f" {moment}, {seconds:.1f} s" + ", reset" * ends_in_reset
            round.finish()
        return silences
