"""The service's limits, which a container does not enforce: run by limits, on
a kernel of its own. What comes to more in the service's cgroup is refused or
killed, and the service comes again."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess

import pytest

import box

CGROUPS = pathlib.Path("/sys/fs/cgroup")
MEMORY, TASKS = 256 << 20, 64

# Each joins the cgroup that it is told of first.
JOIN = "import os, sys; open(sys.argv[1] + '/cgroup.procs', 'w').write('0')\n"
FORK = JOIN + """
children = 0
try:
    while children < 500:
        if os.fork() == 0:
            os.read(0, 1)
            os._exit(0)
        children += 1
except BlockingIOError:
    print("refused", children)
"""
EAT = JOIN + "kept = bytearray(b'x') * (int(sys.argv[2]) << 20)"


@pytest.fixture(scope="session")
def modules():
    """How kenmend asks whose connection it is: modules, and no modprobe."""
    finit_module = 313
    for name in ("inet_diag", "tcp_diag"):
        fd = os.open(f"/srv/modules/{name}.ko", os.O_RDONLY)
        assert ctypes.CDLL(None).syscall(finit_module, fd, b"", 0) == 0
        os.close(fd)


@pytest.fixture(scope="session")
def started(modules):
    """The first connection starts it, and it makes its certificate."""
    socket.create_connection(("127.0.0.1", box.PORT)).close()
    box.wait("the certificate", box.CA.exists, seconds=60)


@pytest.fixture
def cgroup(started):
    """kenmend's, which its socket has started."""
    assert box.Page("root").good("/v1/health")
    return CGROUPS / box.prop("kenmend.service", "ControlGroup").lstrip("/")


def value(cgroup, name):
    return (cgroup / name).read_text().strip()


def event(cgroup, name, what):
    return int(dict(line.split() for line in value(
        cgroup, name).splitlines())[what])


def inside(cgroup, program, *words):
    return subprocess.run(
        ["python3", "-c", program, cgroup, *map(str, words)], text=True,
        stdin=subprocess.PIPE, capture_output=True, timeout=60)


def test_in_force(cgroup):
    assert int(value(cgroup, "memory.max")) == MEMORY
    assert int(value(cgroup, "pids.max")) == TASKS
    # It does not live near them.
    assert int(value(cgroup, "memory.peak")) < MEMORY / 4


def test_tasks(cgroup):
    before = int(value(cgroup, "pids.current"))
    done = inside(cgroup, FORK)
    assert done.stdout.split() == ["refused", str(TASKS - before - 1)], done
    assert event(cgroup, "pids.events", "max") > 0
    assert box.Page("root").good("/v1/health")


def test_memory(cgroup):
    """The one that takes too much is killed, and the service ends whole."""
    assert inside(cgroup, EAT, 100).returncode == 0
    pid, where = box.main_pid(), box.cursor()
    assert inside(cgroup, EAT, 300).returncode == -signal.SIGKILL
    box.wait("the end of the daemon", lambda: not box.alive(pid))
    assert "oom-kill" in box.journal(None, since=where)
    assert box.Page("root").good("/v1/health")
    assert box.main_pid() != pid
