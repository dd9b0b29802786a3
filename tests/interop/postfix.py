"""A real Postfix in a folder of its own, on loopback only; it takes root, and leaves the system's configuration alone."""

from __future__ import annotations

import grp
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

MASTER = Path("/usr/lib/postfix/sbin/master")
QUEUES = [
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "maildrop",
    "pid",
    "private",
    "public",
    "saved",
    "trace",
]

MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log/maillog
maillog_file_prefixes = {folder}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {name}
mydestination =
mynetworks = 127.0.0.0/8
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
alias_maps =
local_recipient_maps =
"""
MASTER_CF = """127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def why_not() -> str:
    """Return why Postfix cannot be used here, empty where it can."""
    if not MASTER.exists():
        return "Postfix is not installed"
    return "" if os.geteuid() == 0 else "Postfix starts for root only"


class Postfix:
    """One that runs.

    Args:
        name: the name it gives for itself.
        settings: more of main.cf.
    """

    def __init__(self, name: str, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailsim-postfix-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.port = _free_port()
        for part in ("etc", "log", "queue", "data", *(f"queue/{each}" for each in QUEUES)):
            (self.folder / part).mkdir()
        self._own()
        more = "".join(f"{key} = {value}\n" for key, value in settings.items())
        (self.folder / "etc/main.cf").write_text(MAIN.format(folder=self.folder, name=name) + more)
        (self.folder / "etc/master.cf").write_text(MASTER_CF.format(port=self.port))
        environment = {**os.environ, "MAIL_CONFIG": str(self.folder / "etc")}
        # with -w it returns when it listens
        subprocess.run(
            [str(MASTER), "-w", "-c", str(self.folder / "etc")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=True,
        )

    def _own(self) -> None:
        """Give the queue to who Postfix runs as."""
        owner, group = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
        for each in QUEUES:
            os.chown(self.folder / "queue" / each, 0 if each == "pid" else owner, -1)
        for each in ("maildrop", "public"):
            os.chown(self.folder / "queue" / each, owner, group)
            (self.folder / "queue" / each).chmod(0o730 if each == "maildrop" else 0o710)
        os.chown(self.folder / "data", owner, -1)

    @property
    def log(self) -> str:
        """Return what it wrote down."""
        return "".join(each.read_text() for each in (self.folder / "log").iterdir())

    def stop(self) -> None:
        """Stop it with its children, wait until they are gone, and forget it."""
        pid = self.folder / "queue/pid/master.pid"
        if pid.exists():
            gone = os.pidfd_open(int(pid.read_text()))
            os.kill(int(pid.read_text()), signal.SIGTERM)
            select.select([gone], [], [], 30)
            os.close(gone)
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
