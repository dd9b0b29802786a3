"""1,000 hosts and 100,000 mailboxes, idle, against 6 hosts: whole process, from its start until it has stopped listening.

    python benchmarks/scale.py [rounds] [hosts] [mailboxes]

It needs a file descriptor for each host.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from processes import cost
from rounds import compare
from texts import crowd, mailboxes

IDLE = str(Path(__file__).with_name("idle.py"))


def _scenario(folder: Path, hosts: int, people: int) -> str:
    csv = f"people-{people}.csv"
    with (folder / csv).open("w") as file:
        file.writelines(mailboxes(people))
    path = folder / f"hosts-{hosts}.yaml"
    path.write_text(crowd(hosts, csv))
    return str(path)


def main(rounds: int = 5, hosts: int = 1000, people: int = 100_000) -> None:
    """Compare a large topology with a small one."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        small, large = _scenario(folder, 6, 10), _scenario(folder, hosts, people)
        sides = {
            "6 hosts": partial(cost, folder, IDLE, small),
            f"{hosts:,} hosts": partial(cost, folder, IDLE, large),
        }
        compare(f"{hosts:,} hosts and {people:,} mailboxes, idle", rounds, sides)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
