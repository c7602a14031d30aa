"""Where a trial takes place: its folder, its mark, its namespaces, its processes.

As root a trial has mount and host name namespaces of its own: its /dev/shm is its own, and what it mounts nobody else
sees. A run on two hosts has three network namespaces more: the hosts, and the switch between them. Each namespace
lives as long as a `cat` that reads from this process, so all is gone with it, whatever happens."""
import os
import shutil
import signal
import subprocess
import time
from typing import NamedTuple

SAVER = "lockstep-saver"     # as it calls itself
MARK = "LOCKSTEP_CHAOS"
HOSTS = ("chaosa", "chaosb")
IS_ROOT = os.geteuid() == 0


def now():
    return time.monotonic()


def wait_until(condition, seconds, pause=0.02):
    """Its first true answer, or the last one."""
    end = now() + seconds
    while True:
        answer = condition()
        if answer or now() >= end:
            return answer
        time.sleep(pause)


class Process(NamedTuple):
    pid: int
    parent: int
    name: str
    state: str
    rank: int       # of an MPI process, else -1
    host: str

    def __str__(self):
        return f"{self.name} {self.pid} ({self.state})"


def read(path, size=-1):
    """Its bytes, or none: files of /proc and of a run come and go."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError:
        return b""


def process(pid, environment):
    """None once it is a zombie or gone."""
    stat = read(f"/proc/{pid}/stat").decode(errors="replace")
    if ")" not in stat:
        return None
    name = stat[stat.index("(") + 1:stat.rindex(")")]
    state, parent = stat[stat.rindex(")") + 2:].split()[:2]
    if state in "ZX":
        return None
    values = dict(entry.split(b"=", 1) for entry in environment.split(b"\0") if b"=" in entry)
    return Process(pid, int(parent), name, state, int(values.get(b"OMPI_COMM_WORLD_RANK", b"-1")),
                   values.get(b"CHAOS_HOST", b"").decode())


class Namespace:
    """One that lives as long as this object: flags as of unshare(1), made ready by a shell script."""

    def __init__(self, flags, script, inside=()):
        self.holder = subprocess.Popen(
            [*inside, "unshare", *flags, "sh", "-c", f"set -e; {script}; echo ready; exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != b"ready\n":
            reason = self.holder.stderr.read().decode(errors="replace").strip()
            self.end()
            raise OSError(f"no namespace: {reason}")

    @property
    def pid(self):
        return self.holder.pid

    def end(self):
        self.holder.kill()
        self.holder.wait()
        for pipe in (self.holder.stdin, self.holder.stdout, self.holder.stderr):
            pipe.close()


class Network:
    """Two hosts on a switch. Cutting a host's link is pulling its cable out of the switch."""

    def __init__(self, inside):
        self.switch = self.hosts = None
        try:
            self.switch = Namespace(["-n"], "ip link add s type bridge; ip link set s up", inside)
            self.hosts = {}
            for i, host in enumerate(HOSTS):
                self.hosts[host] = Namespace(["-n", "-u"], f"hostname {host}; ip link set lo up", inside)
                self.in_switch(f"ip link add {host} type veth peer name eth0 netns {self.hosts[host].pid}; "
                               f"ip link set {host} master s up")
                self.in_host(host, f"ip link set eth0 up; ip addr add 10.213.77.{i + 1}/24 dev eth0")
        except Exception:
            self.end()
            raise

    def in_switch(self, script):
        subprocess.run(["nsenter", "-t", str(self.switch.pid), "-n", "sh", "-ec", script], check=True)

    def in_host(self, host, script):
        subprocess.run(["nsenter", "-t", str(self.hosts[host].pid), "-n", "sh", "-ec", script], check=True)

    def set_link(self, host, state):
        self.in_switch(f"ip link set {host} {state}")

    def agent(self):
        """What mpirun starts in the place of ssh: agent HOST COMMAND…"""
        cases = "\n".join(f"{host}) pid={space.pid};;" for host, space in self.hosts.items())
        return (f"#!/bin/sh\nhost=$1\nshift\ncase $host in\n{cases}\nesac\n"
                'exec setsid -w nsenter -t $pid -m -n -u env CHAOS_HOST=$host sh -c "$*"\n')

    def end(self):
        for space in [self.switch, *(self.hosts or {}).values()]:
            if space:
                space.end()


class World:
    """A trial's. `folder` is made, and removed by end() unless it is to be kept."""

    def __init__(self, folder, mark):
        self.folder, self.mark = folder, mark
        self.command = self.private = self.network = None
        self.before, self.more_environment = (), {}     # as of start(), of what was prepared
        self.small_disks = []                           # names of folders
        self.at_end = []                                # to be called when all processes are gone
        for name in ("disk", "tmp"):
            os.makedirs(os.path.join(folder, name))
        os.chmod(folder, 0o755)
        self.tmp = os.path.join(folder, "tmp")
        self.run_dir = os.path.join(folder, "disk", "run")
        self.shm_before = set(self.shared_memory()) if not IS_ROOT else set()
        if IS_ROOT:
            self.private = Namespace(["-m", "-u", "--propagation", "private"],
                                     "hostname chaos; mount -t tmpfs -o size=1g,mode=1777 shm /dev/shm")

    # ---- paths and commands, as those see them who live in it ----

    def path(self, *names):
        """Of a file in it, for us, who are outside."""
        path = os.path.join(self.folder, *names)
        return f"/proc/{self.private.pid}/root{path}" if self.private else path

    def run_path(self, *names):
        return self.path("disk", "run", *names)

    def within(self, host=None):
        """The words before a command that make it run in there."""
        if not self.private:
            return []
        words = ["nsenter", "-t", str(self.private.pid), "-m", "-u", f"--wdns={self.folder}"]
        return words if not host else \
            ["nsenter", "-t", str(self.network.hosts[host].pid), "-m", "-n", "-u", f"--wdns={self.folder}"]

    def shell(self, script):
        """As root, in there; whether it went well."""
        done = subprocess.run([*self.within(), "sh", "-ec", script], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        return done.returncode == 0

    def small_disk(self, name, options):
        if not self.shell(f"mount -t tmpfs -o mode=1777,{options} small '{self.folder}/{name}'"):
            raise OSError("no tmpfs can be mounted")
        self.small_disks.append(name)

    def environment(self, **more):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("OMPI_", "PMIX_", "LOCKSTEP_", "CHAOS_"))}
        return {**environment, "TMPDIR": self.tmp, MARK: self.mark, **more}

    def connect_hosts(self):
        self.network = Network(self.within())
        agent = os.path.join(self.folder, "agent")
        with open(agent, "w") as file:
            file.write(self.network.agent())
        os.chmod(agent, 0o755)
        return agent

    # ---- the run ----

    def start(self, argv, host=None, before=(), environment=None, **streams):
        """`before`: words that the command is run under; they must exec it, so that its process is ours."""
        extra = dict(environment or {}, **({"CHAOS_HOST": host} if host else {}))
        extra.update(self.more_environment)
        self.command = subprocess.Popen([*self.within(host), *self.before, *before, *argv], cwd=self.folder,
                                        env=self.environment(**extra), start_new_session=True, **streams)
        self.started_at = now()
        name = os.path.basename(argv[0]).encode()
        wait_until(lambda: read(f"/proc/{self.command.pid}/comm").strip() == name or
                   self.command.poll() is not None, 5, pause=0.0005)
        return self.command

    def has_ended(self):
        return self.command.poll() is not None

    # ---- processes ----

    def processes(self):
        """All living ones with our mark, the command and its children, but no helpers of ours."""
        entry = f"{MARK}={self.mark}".encode()
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            environment = read(f"/proc/{name}/environ")
            if entry in environment.split(b"\0"):
                one = process(int(name), environment)
                if one:
                    found.append(one)
        return found

    def find(self, target, rank=None):
        """The process of a run that `target` names, or None. For a rank: its number."""
        processes = self.processes()
        by_pid = {one.pid: one for one in processes}

        def is_wanted(one):
            parent = by_pid.get(one.parent)
            parent_name = parent.name if parent else ""
            if target == "command":
                return one.pid == self.command.pid
            if target == "guard":
                return one.name == "lockstep" and one.pid != self.command.pid
            if target == "saver":
                return one.name == SAVER
            if target == "rank":
                return one.name == "lockstep-worker" and one.rank == rank and \
                    parent_name != "lockstep-worker"
            return one.name == target and parent_name != target
        return next((one for one in processes if is_wanted(one)), None)

    # ---- what is there ----

    def shared_memory(self):
        try:
            names = os.listdir(self.path_of_shm())
        except OSError:
            return []
        return [name for name in names
                if IS_ROOT or os.stat(f"/dev/shm/{name}").st_uid == os.getuid()]

    def path_of_shm(self):
        return f"/proc/{self.private.pid}/root/dev/shm" if self.private else "/dev/shm"

    def new_shared_memory(self):
        return sorted(set(self.shared_memory()) - self.shm_before)

    # ---- the end ----

    def kill_all(self):
        for _ in range(100):
            left = self.processes()
            for one in left:
                try:
                    os.kill(one.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if self.command:
                self.command.poll()
            if not left:
                return
            time.sleep(0.02)

    def end(self, keep=False):
        self.kill_all()
        for undo in self.at_end:
            undo()
        if keep:    # what lies on small disks goes with them
            for name in self.small_disks:
                shutil.copytree(self.path(name), os.path.join(self.folder, "kept", name), symlinks=True,
                                dirs_exist_ok=True, ignore=ignore_sockets)
        if self.network:
            self.network.end()
        if self.private:
            self.private.end()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def ignore_sockets(folder, names):
    return [name for name in names
            if not os.path.isdir(os.path.join(folder, name)) and not os.path.isfile(os.path.join(folder, name))]
