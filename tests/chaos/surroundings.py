"""Faults of what is around a run: disks, limits, streams, clocks, strangers. See faults.py for the table."""
import atexit
import functools
import os
import random
import shutil
import struct
import subprocess
import tempfile

import strangers as outside
from moments import ALL, STARTING, TRAINING
from plan import Act, Expect, UNHURT, any_moment

NO_SPACE = Expect(cause=r"No space left|disk (is )?full")
KIB = 1024


def between(rng, low, high):
    """A whole number, small ones as likely as large ones."""
    return int(low * (high / low) ** rng.random())


def any_job(rng, plan, *jobs):
    plan.job = rng.choice(jobs)
    if plan.job == "wide":
        plan.lanes = 4


# ---- disks ----

def small_disk(names):
    """From the start on there is little room for the run directory, for TMPDIR, or for both."""
    def make(rng, plan):
        any_job(rng, plan, "short", "chatty", "wide")
        sizes = {name: between(rng, 4, 100_000 if name == "disk" else 8000) for name in names}
        files = rng.choice(("", "", f",nr_inodes={rng.randrange(2, 40)}"))

        def prepare(world):
            for name, kib in sizes.items():
                world.small_disk(name, f"size={kib}k{files}")
        plan.prepare, plan.expect = prepare, NO_SPACE
        plan.what = ", ".join(f"{name} of {kib} KiB" for name, kib in sizes.items()) + files
    return make


def disk_fills_up(rng, plan):
    """All of a sudden, but for a few bytes."""
    names = rng.choice((("disk",), ("disk",), ("tmp",), ("disk", "tmp")))
    sizes = {name: between(rng, 150_000, 300_000) for name in names}  # until then all has room
    room = rng.choice((0, rng.randrange(0, 64 * KIB)))

    def prepare(world):
        for name, kib in sizes.items():
            world.small_disk(name, f"size={kib}k")

    def fill(trial):
        for name in names:
            fill_disk(trial.world.path(name, "fill"), room)
        return f"{' and '.join(names)} filled up but for {room} bytes"
    plan.prepare = prepare
    plan.acts = [Act(**any_moment(rng, plan, ALL), do=fill, expect=NO_SPACE)]


def fill_disk(path, room):
    with open(path, "wb", buffering=0) as file:
        for chunk in (KIB * KIB, 4 * KIB):
            try:
                while file.write(b"x" * chunk) == chunk:
                    pass
            except OSError:
                pass
        size = os.fstat(file.fileno()).st_size
        os.ftruncate(file.fileno(), max(0, size - room))


def disk_read_only(rng, plan):
    """Mounted anew as such; where that is busy, an empty one that cannot be written is mounted over it."""
    def prepare(world):
        world.small_disk("disk", "size=300m")

    def lock(trial):
        disk = f"'{trial.world.folder}/disk'"
        if trial.world.shell(f"mount -o remount,ro {disk}"):
            return "disk made read-only"
        return "an empty read-only disk over it" if trial.world.shell(f"mount -t tmpfs -o ro none {disk}") else None
    plan.prepare = prepare
    plan.acts = [Act(**any_moment(rng, plan, ALL), do=lock,
                     expect=Expect(cause="Read-only|No such file|run directory|not a directory"))]


def run_dir_removed(rng, plan):
    def remove(trial):
        if not os.path.isdir(trial.world.run_path()):
            return None
        shutil.rmtree(trial.world.run_path(), ignore_errors=True)
        return "run directory removed"
    plan.acts = [Act(**any_moment(rng, plan, ALL), do=remove,
                     expect=Expect(cause="No such file|removed|run directory|gone"))]


def shm_full(rng, plan):
    any_job(rng, plan, "short", "steps", "wide")
    kib = between(rng, 4, 32_000)

    def prepare(world):
        if not world.shell(f"mount -t tmpfs -o size={kib}k,mode=1777 shm /dev/shm"):
            raise OSError("no tmpfs can be mounted")
    plan.prepare = prepare
    plan.what = f"/dev/shm of {kib} KiB"
    plan.expect = Expect(cause=r"space|shared memory|/dev/shm|signal 7\b|Bus error")


# ---- limits ----

def limit(option, low, high, jobs, expect):
    def make(rng, plan):
        any_job(rng, plan, *jobs)
        value = between(rng, low, high)
        plan.before = ("prlimit", f"--{option}={value}")
        plan.what = f"{option}={value}"
        plan.expect = expect
        if option == "fsize":
            plan.streams = "read"   # a file that takes what is printed would be limited as well
    return make


few_descriptors = limit("nofile", 16, 256, ("short", "steps", "wide"),
                        Expect(cause="Too many open files|descriptor|limit"))
file_size_limit = limit("fsize", 512, 200_000_000, ("short", "chatty", "wide"),
                        Expect(cause=r"File too large|file size|ulimit -f"))
little_address_space = limit("as", 100_000_000, 900_000_000, ("short", "wide"),
                             Expect(cause=r"memory|alloc|map|thread|signal (6|7|9|11)\b"))


def few_processes(rng, plan):
    """As a user without privileges: root knows no such limit."""
    any_job(rng, plan, "short", "steps")
    n, uid = between(rng, 1, 30), rng.randrange(61_000, 65_000)

    def prepare(world):
        for path in (world.folder, world.path("disk"), world.path("tmp")):
            os.chown(path, uid, uid)
    plan.prepare = prepare
    plan.before = ("prlimit", f"--nproc={n}", "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
                   "env", "HOME=/")
    plan.what = f"nproc={n} as user {uid}"
    plan.expect = Expect(cause=r"Resource temporarily unavailable|process(es)?\b.*limit|thread|fork|limit")


CGROUPS = "/sys/fs/cgroup/memory"
LIMIT_FILE = "memory.limit_in_bytes"
if not os.path.isdir(CGROUPS):
    CGROUPS, LIMIT_FILE = "/sys/fs/cgroup", "memory.max"


def memory_cgroup(rng, plan):
    """What is beyond it is killed by the kernel: a rank, most often."""
    any_job(rng, plan, "short", "steps", "wide")
    kib = between(rng, 8_000, 600_000)

    def prepare(world):
        folder = os.path.join(CGROUPS, f"chaos-{os.path.basename(world.folder)}-{os.getpid()}")
        os.mkdir(folder)
        world.at_end.append(lambda: os.rmdir(folder))
        with open(os.path.join(folder, LIMIT_FILE), "w") as file:
            file.write(str(kib * KIB))
        world.before = ("sh", "-c", f'echo $$ >"{folder}/cgroup.procs" && exec "$@"', "sh")
    plan.prepare, plan.what = prepare, f"a cgroup with {kib} KiB of memory"
    plan.expect = Expect(statuses=(1, -9), cause=r"signal 9\b|memory|alloc")


# ---- streams ----

def closed_streams(rng, plan):
    any_job(rng, plan, "short", "chatty")
    closed = [fd for fd in range(3) if rng.random() < 0.5] or [1, 2]
    plan.before = ("sh", "-c", 'exec "$@" ' + " ".join(f"{fd}>&-" for fd in closed), "sh")
    plan.what = f"descriptors {' '.join(map(str, closed))} closed"
    plan.streams = "closed" if 2 in closed else "files"


def full_output(rng, plan):
    any_job(rng, plan, "short", "chatty")
    full = rng.choice(((1,), (2,), (1, 2)))
    plan.before = ("sh", "-c", 'exec "$@" ' + " ".join(f"{fd}>/dev/full" for fd in full), "sh")
    plan.what = f"descriptors {' '.join(map(str, full))} are /dev/full"
    plan.streams = "closed" if 2 in full else "files"


def reader_stops(rng, plan):
    plan.job, plan.streams, plan.what = "chatty", "unread", "nobody reads its output until the weights are there"
    plan.ranks = rng.randint(1, 2)


def reader_goes(rng, plan):
    def close(trial):
        trial.streams.close()
        return "reader of its output gone"
    when = any_moment(rng, plan, STARTING + TRAINING)
    plan.job, plan.streams = "chatty", "read"
    plan.acts = [Act(**when, do=close, expect=UNHURT)]


# ---- clocks ----

@functools.cache
def clock_library():
    folder = tempfile.mkdtemp(prefix="lks-chaos-clock.")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o755)
    library = os.path.join(folder, "clock_jump.so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock_jump.c")
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def clock_jumps(rng, plan):
    """The wall clock by minutes to years, either way; or, as after a suspend, both clocks forward."""
    seconds = round(rng.choice((1, -1)) * 10 ** rng.uniform(0, 8.5), 3)
    monotonic = 0
    if rng.random() < 0.4:
        seconds = monotonic = round(10 ** rng.uniform(0, 5), 3)

    def prepare(world):
        world.clock = os.path.join(world.folder, "clock")
        with open(world.clock, "wb") as file:
            file.write(bytes(16))
        world.more_environment = {"LD_PRELOAD": clock_library(), "CHAOS_CLOCK": world.clock}

    def jump(trial):
        with open(trial.world.clock, "r+b") as file:
            file.write(struct.pack("qq", int(seconds * 1e9), int(monotonic * 1e9)))
        return f"clocks jump by {seconds} s, the monotonic one by {monotonic} s"
    plan.prepare = prepare
    plan.acts = [Act(**any_moment(rng, plan, ALL), do=jump, expect=UNHURT)]


# ---- strangers ----

def strangers(rng, plan):
    """Clients that send anything to all that the run listens to, until it is over."""
    seed = rng.getrandbits(32)

    def let_in(trial):
        return outside.start(trial.world, random.Random(seed))
    when = any_moment(rng, plan, STARTING[1:] + TRAINING)
    plan.acts = [Act(**when, do=let_in, expect=UNHURT)]
