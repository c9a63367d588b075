"""Runs where kenmend would: says of each thing that it must not be able to do
whether it was refused. Refused is what the kernel refuses, not what fails for
another reason."""

import ctypes
import errno
import mmap
import os
import socket

REFUSED = {errno.EPERM, errno.EACCES, errno.EROFS, errno.EAFNOSUPPORT,
           errno.ENOSYS}
libc = ctypes.CDLL(None, use_errno=True)


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")


def writable_code():
    mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)


def outside():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", ("192.0.2.1", 9))


TRIES = {
    "write_etc": lambda: open("/etc/kenmen/x", "w"),
    "write_usr": lambda: open("/usr/lib/x", "w"),
    "read_home": lambda: os.listdir("/home/alice"),
    "read_key_of_ssh": lambda: open("/etc/shadow").read(),
    "run_shell": lambda: os.execv("/usr/sbin/useradd", ["useradd"]),
    "open_device": lambda: os.open("/dev/mem", os.O_RDONLY),
    "raw_socket": lambda: socket.socket(
        socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "packet_socket": lambda: socket.socket(socket.AF_PACKET,
                                           socket.SOCK_RAW),
    "bluetooth": lambda: socket.socket(31, socket.SOCK_RAW),
    "writable_code": writable_code,
    "become_root": lambda: os.setuid(0),
    "mount": lambda: call(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    "namespace": lambda: call(libc.unshare(0x10000000)),  # CLONE_NEWUSER
    "clock": lambda: call(libc.settimeofday(ctypes.byref(
        (ctypes.c_long * 2)(1, 1)), None)),
    "outside": outside,
}

for name, attempt in TRIES.items():
    try:
        attempt()
        how = "done"
    except OSError as error:
        how = ("refused" if error.errno in REFUSED or
               name == "open_device" and error.errno == errno.ENOENT or
               name == "read_home" and error.errno == errno.ENOENT
               else errno.errorcode.get(error.errno, "failed"))
    print(f"hostile: {name}: {how}", flush=True)
