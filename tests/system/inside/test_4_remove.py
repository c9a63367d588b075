"""Removing: no service, no trust; purging: nothing at all."""

import grp
import pathlib
import pwd
import socket

import pytest

import box


def policies():
    return [str(path) for root in ("/etc/chromium", "/etc/opt", "/etc/firefox")
            for path in pathlib.Path(root).rglob("*") if path.is_file()
            and (b"kenmen" in path.read_bytes() or
                 b"127.0.0.1" in path.read_bytes())]


def nobody_listens():
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", box.PORT), 5).close()


def test_remove(kenmen, demo):
    box.Page("alice").good("/v1/health")
    pid = box.main_pid()
    box.apt_remove("kenmen-demo", "kenmen")
    assert not box.alive(pid)
    nobody_listens()
    assert policies() == []
    # Kept for whoever installs it again.
    assert pathlib.Path("/etc/kenmen/kenmen.conf").exists()
    assert box.CA.exists()


def test_install_again(kenmen, demo):
    ca = box.CA.read_bytes()
    box.apt_install("/srv/packages", "kenmen")
    assert box.CA.read_bytes() == ca
    assert policies()
    assert box.Page("alice").good("/v1/health")["service"] == "kenmend"


def test_purge(kenmen, demo):
    pathlib.Path("/etc/kenmen/conf.d/drone.conf").unlink()
    box.apt_remove("kenmen-demo", "kenmen", purge=True)
    nobody_listens()
    left = box.files() - box.MACHINE_FILES
    assert sorted(left) == []
    for books, name in ((pwd.getpwnam, "kenmen"), (grp.getgrnam, "kenmen")):
        with pytest.raises(KeyError):
            books(name)
    assert not pathlib.Path("/run/kenmen").exists()
    assert box.run("systemctl", "list-unit-files", "--no-legend", "kenmend*",
                   "kenmen-trust*", check=False) == ""


def test_opt_out(kenmen):
    """The file alone, made before the first installation, is enough."""
    mark = pathlib.Path("/etc/kenmen/no-browser-policies")
    mark.parent.mkdir()
    mark.touch()
    box.apt_install("/srv/packages", "kenmen")
    box.run("systemctl", "start", "kenmend.service")
    assert box.CA.exists()
    assert policies() == []
    box.apt_remove("kenmen", purge=True)
    assert not mark.parent.exists()
