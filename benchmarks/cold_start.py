"""Starting: six hosts and one message over three verified-TLS hops, whole process, against ``python -c pass``.

python benchmarks/cold_start.py [rounds]
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from processes import cost
from rounds import compare
from texts import chain


def main(rounds: int = 11) -> None:
    """Compare commands with an empty program."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        scenario = folder / "six.yaml"
        scenario.write_text(chain(4, 1, 20, bystanders=2))
        mailsim = partial(cost, folder, "-m", "mailsim")
        sides = {
            "python -c pass": partial(cost, folder, "-c", "pass"),
            "mailsim --help": partial(mailsim, "--help"),
            "mailsim predict": partial(mailsim, "predict", str(scenario)),
            "mailsim run": partial(mailsim, "run", str(scenario)),
        }
        compare("6 hosts, 1 message, 3 hops, whole process", rounds, sides)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
