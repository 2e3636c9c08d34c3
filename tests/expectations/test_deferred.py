"""What Great Expectations imports in vain is not loaded, and is there for whoever does need it."""

import subprocess
import sys

import pytest

LOADED = "print('scipy.stats._distn_infrastructure' in sys.modules)"
IMPORTS = "import sys; import expectations.checkpoint; "
USES = "from scipy.stats import theilslopes; print(theilslopes([1, 2, 3]).slope); "
USES_FIRST = "import sys; from scipy import stats; stats.theilslopes; import expectations; "
UNKNOWN = "from expectations.deferred import defer; defer('scipy.nothing'); import sys; "


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (IMPORTS + LOADED, ["False"]),
        (IMPORTS + USES + LOADED, ["1.0", "True"]),
        (USES_FIRST + USES + LOADED, ["1.0", "True"]),
        (UNKNOWN + "print('scipy.nothing' in sys.modules)", ["False"]),
    ],
)
def test_it_is_loaded_when_it_is_used(program, said):
    ended = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert ended.stdout.split() == said
