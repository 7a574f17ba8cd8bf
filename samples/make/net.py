"""The lab network: hosts as network namespaces on one bridge, sockets inside them, captures of it.

Nothing here can reach a real network: the bridge lives in a namespace of its
own, without uplink and without a route.
"""
from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

CLONE_NEWNET = 0x40000000
TIMEOUT = 8.0

_libc = ctypes.CDLL("libc.so.6", use_errno=True)


@dataclass(frozen=True)
class Host:
    """One machine of the lab. `windows` gives it the TTL and the TCP options of one."""

    name: str
    ip: str
    mac: str
    windows: bool = False


LYNC = Host("lync", "10.1.1.10", "00:15:5d:01:01:0a", windows=True)
CUPS = Host("cups", "10.1.1.20", "00:50:56:01:01:14")
NODE = Host("node", "10.1.1.21", "00:50:56:01:01:15")
CUPS2 = Host("cups2", "10.1.1.22", "00:50:56:01:01:16")
DNS = Host("dns", "10.1.1.53", "00:15:5d:01:01:35", windows=True)
HOSTS = (LYNC, CUPS, NODE, CUPS2, DNS)


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=30)


class Leg:
    """One TCP connection (or TLS session on it) with both of its ends in our hands."""

    def __init__(self, client: Host, server: Host, client_end: socket.socket,
                 server_end: socket.socket) -> None:
        self.client, self.server = client, server
        self.client_end, self.server_end = client_end, server_end
        self.client_port = client_end.getsockname()[1]
        self.server_port = server_end.getsockname()[1]

    def ends(self, sender: Host) -> tuple[socket.socket, socket.socket]:
        """The end of `sender` and the other one."""
        if sender is self.client:
            return self.client_end, self.server_end
        if sender is self.server:
            return self.server_end, self.client_end
        raise ValueError(f"{sender.name} has no end on this leg")

    def port_of(self, host: Host) -> int:
        return self.client_port if host is self.client else self.server_port

    def send(self, sender: Host, data: bytes) -> None:
        """Sends `data` from `sender` and reads exactly that at the other end."""
        here, there = self.ends(sender)
        here.sendall(data)
        left = len(data)
        while left:
            part = there.recv(left)
            if not part:
                raise ConnectionError("the other end closed")
            left -= len(part)

    def close(self, first: Host) -> None:
        """Orderly close, begun by `first`: close_notify where there is TLS, then FIN, both ways."""
        here, there = self.ends(first)
        if hasattr(here, "unwrap"):
            answer = threading.Thread(target=_answer_close_notify, args=(there,))
            answer.start()
            _unwrap(here)
            answer.join()
        self._finish(here, there)

    def close_bare(self, first: Host) -> None:
        """Close by FIN alone, without a close_notify."""
        self._finish(*self.ends(first))

    @staticmethod
    def _finish(here: socket.socket, there: socket.socket) -> None:
        here.close()
        with contextlib.suppress(OSError):
            there.settimeout(1)
            there.recv(1)
        there.close()

    def reset(self, by: Host) -> None:
        """Ends the connection with RST from `by`."""
        here, there = self.ends(by)
        here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        here.close()
        time.sleep(0.05)
        there.close()


def _unwrap(end: ssl.SSLSocket) -> None:
    with contextlib.suppress(OSError, ValueError):
        end.unwrap()


def _answer_close_notify(end: ssl.SSLSocket) -> None:
    if end.recv(1):
        raise ConnectionError("data in the place of a close_notify")
    _unwrap(end)


class Datagrams:
    """Two UDP sockets that talk to each other."""

    def __init__(self, ends: dict[Host, socket.socket]) -> None:
        self._ends = ends

    def port_of(self, host: Host) -> int:
        return self._ends[host].getsockname()[1]

    def send(self, sender: Host, data: bytes) -> None:
        here = self._ends[sender]
        there = next(end for host, end in self._ends.items() if host is not sender)
        here.sendto(data, there.getsockname())
        there.recv(65536)

    def close(self) -> None:
        for end in self._ends.values():
            end.close()


class Lab:
    """The namespaces of one run; a context manager that removes them at the end."""

    def __init__(self, prefix: str, hosts: tuple[Host, ...] = HOSTS) -> None:
        self.prefix, self.hosts = prefix, hosts
        self._made: list[str] = []

    def __enter__(self) -> "Lab":
        try:
            self._up()
        except BaseException:
            self._down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._down()

    def namespace(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def _add(self, name: str) -> str:
        namespace = self.namespace(name)
        run("ip", "netns", "add", namespace)
        self._made.append(namespace)
        self._set(namespace, "net.ipv6.conf.all.disable_ipv6=1",
                  "net.ipv6.conf.default.disable_ipv6=1")
        run("ip", "-n", namespace, "link", "set", "lo", "up")
        return namespace

    @staticmethod
    def _set(namespace: str, *settings: str) -> None:
        run("ip", "netns", "exec", namespace, "sysctl", "-qw", *settings)

    def _up(self) -> None:
        switch = self._add("switch")
        run("ip", "-n", switch, "link", "add", "br0", "type", "bridge",
            "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
        for host in self.hosts:
            self._plug(switch, host)
        run("ip", "-n", switch, "link", "set", "br0", "up")

    def _plug(self, switch: str, host: Host) -> None:
        namespace, port = self._add(host.name), f"p_{host.name}"
        run("ip", "-n", switch, "link", "add", port, "type", "veth",
            "peer", "name", "eth0", "netns", namespace)
        run("ip", "-n", namespace, "link", "set", "eth0", "address", host.mac)
        run("ip", "-n", namespace, "addr", "add", f"{host.ip}/24", "dev", "eth0")
        run("ip", "-n", namespace, "link", "set", "eth0", "up")
        run("ip", "-n", switch, "link", "set", port, "master", "br0")
        run("ip", "-n", switch, "link", "set", port, "up")
        # Frames as on a wire: no segments above the MTU, checksums filled in.
        off = ("tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off")
        run("ip", "netns", "exec", namespace, "ethtool", "-K", "eth0", *off)
        run("ip", "netns", "exec", switch, "ethtool", "-K", port, *off)
        # SYNs at 0, 1, 3, 7 s; newer kernels would send the first five a second apart.
        linear = Path("/proc/sys/net/ipv4/tcp_syn_linear_timeouts")
        if linear.exists():
            self._set(namespace, "net.ipv4.tcp_syn_linear_timeouts=0")
        if host.windows:
            self._set(namespace, "net.ipv4.ip_default_ttl=128", "net.ipv4.tcp_timestamps=0")

    def _down(self) -> None:
        for namespace in reversed(self._made):
            subprocess.run(["ip", "netns", "del", namespace], check=False, timeout=30)
        self._made.clear()

    @contextlib.contextmanager
    def inside(self, host: Host) -> Iterator[None]:
        """Sockets made in this block belong to the host."""
        own = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
        other = os.open(f"/run/netns/{self.namespace(host.name)}", os.O_RDONLY)
        try:
            _enter(other)
            try:
                yield
            finally:
                _enter(own)
        finally:
            os.close(own)
            os.close(other)

    def socket(self, host: Host, port: int = 0, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket of the host, bound to its address."""
        with self.inside(host):
            made = socket.socket(socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(TIMEOUT)
        made.bind((host.ip, port))
        return made

    @contextlib.contextmanager
    def listening(self, host: Host, port: int) -> Iterator[socket.socket]:
        with contextlib.closing(self.socket(host, port)) as listener:
            listener.listen(8)
            yield listener

    def connect(self, client: Host, client_port: int, server: Host, server_port: int) -> Leg:
        """A TCP connection with both ends."""
        with self.listening(server, server_port) as listener:
            client_end = self.socket(client, client_port)
            client_end.connect((server.ip, server_port))
            server_end, _ = listener.accept()
        for end in (client_end, server_end):
            end.settimeout(TIMEOUT)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Leg(client, server, client_end, server_end)

    def datagrams(self, one: Host, one_port: int, other: Host, other_port: int) -> Datagrams:
        return Datagrams({one: self.socket(one, one_port, socket.SOCK_DGRAM),
                          other: self.socket(other, other_port, socket.SOCK_DGRAM)})

    def attempt(self, client: Host, client_port: int, server: Host, server_port: int,
                seconds: float) -> None:
        """A connection attempt that is expected to fail."""
        with contextlib.closing(self.socket(client, client_port)) as end:
            end.settimeout(seconds)
            try:
                end.connect((server.ip, server_port))
            except OSError:
                return
        raise RuntimeError("this attempt had to fail")

    def drop(self, host: Host, port: int) -> None:
        """The host's firewall drops what comes for this TCP port, without an answer."""
        run("ip", "netns", "exec", self.namespace(host.name), "nft",
            "add table inet lab; add chain inet lab in { type filter hook input priority 0; }; "
            f"add rule inet lab in tcp dport {port} drop")

    @contextlib.contextmanager
    def capture(self, path: Path, options: tuple[str, ...] = (),
                at: Host | None = None) -> Iterator[None]:
        """Records what passes the bridge, or with `at` what that host sees on `any`."""
        namespace = self.namespace(at.name if at else "switch")
        command = ["ip", "netns", "exec", namespace, "tcpdump", "-i", "any" if at else "br0",
                   "-s", "0", "-B", "65536", "-U", "--immediate-mode", "-n", "-Z", "root", *options, "-w", str(path)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            line = process.stderr.readline()
            if "listening on" not in line and "data link type" not in line:
                raise RuntimeError(f"tcpdump: {line.strip()}")
            time.sleep(0.4)
            yield
            time.sleep(0.4)
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
        if "0 packets dropped by kernel" not in said.splitlines():
            raise RuntimeError(f"tcpdump: {said.strip()}")


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
