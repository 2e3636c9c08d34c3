"""Run a command where there is no network, and name every packet that wanted to leave.

`python -m tests.offline MODULE …` runs `python -m MODULE …` in a network namespace of its own. All
that is not loopback goes to a gateway where somebody only counts. It ends with what the command
ends with, or with 1 where the command is content and something wanted to leave.
"""

import os
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

# Of the network for documentation (RFC 5737).
_OURS, _GATEWAY = "192.0.2.1", "192.0.2.2"
_SET_UP = (
    "ip link set lo up",
    "ip link add out0 type veth peer name out1",
    # With it, the kernel itself would ask for routers.
    "ip link set out0 addrgenmode none",
    "ip link set out1 addrgenmode none",
    f"ip address add {_OURS}/24 dev out0",
    "ip link set out0 up",
    "ip link set out1 up",
    # So that what leaves shows where to, and is no question for the gateway's address.
    f"ip neighbour add {_GATEWAY} lladdr 02:00:00:00:00:02 dev out0 nud permanent",
    f"ip route add default via {_GATEWAY}",
)
_IPV4 = 0x0800
_INSIDE = "--inside"


def main(words: list[str]) -> int:
    """Run the command in a namespace of its own, or, once in there, for good."""
    if words[:1] != [_INSIDE]:
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        again = [sys.executable, "-m", "tests.offline", _INSIDE, *words]
        return subprocess.run(["unshare", "--net", *as_root, *again], check=False).returncode
    _set_up()
    with _counted() as left:
        code = subprocess.run([sys.executable, "-m", *words[1:]], check=False).returncode
    for where, packets in sorted(left.items()):
        print(f"{packets} packets wanted to leave to {where}", file=sys.stderr)
    return code or bool(left)


def _set_up() -> None:
    for command in _SET_UP:
        subprocess.run(command.split(), check=True)


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Count what leaves, by where to, for the length of the block."""
    left: Counter[str] = Counter()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_IPV4)) as gateway:
        gateway.bind(("out1", _IPV4))
        threading.Thread(target=_count, args=(gateway, left), daemon=True).start()
        yield left


def _count(gateway: socket.socket, left: Counter[str]) -> None:
    while packet := gateway.recv(2048):
        length = (packet[0] & 0x0F) * 4
        (port,) = struct.unpack("!H", packet[length + 2 : length + 4])
        left[f"{socket.inet_ntoa(packet[16:20])}:{port}"] += 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
