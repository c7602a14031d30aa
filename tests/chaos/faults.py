"""THE TABLE OF FAULTS: what can be done to a run, how often, and what may follow from it.

A fault draws its parameters from the random numbers it is given and from nothing else, so that seed and number tell
a trial. To add one: a function that fills in a Plan, and its line in the table at the end."""
import re
import os
import signal
from signal import (SIGABRT, SIGALRM, SIGBUS, SIGCONT, SIGFPE, SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGSEGV, SIGSTOP,
                    SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU)

import surroundings as around
from moments import ALL, STARTING, TRAINING
from plan import Act, Expect, Fault, UNHURT, any_moment, named, rank_named
from world import HOSTS

CRASHES = (SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGXCPU)
ASKS = (SIGTERM, SIGINT, SIGHUP)
ODD = (SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM)
FATAL = (SIGKILL, SIGKILL, *CRASHES)
GUARDED = r"guard|mpirun|interrupted"

# ---- what may follow when a process gets a signal: (target, kind) ----

FOLLOWS = {
    ("command", "fatal"): lambda n, r: Expect(limit_s=5, statuses=(-n,), silences=True),
    ("command", "ask"):   lambda n, r: Expect(limit_s=3, statuses=(130, -n), cause="interrupted"),
    ("command", "odd"):   lambda n, r: UNHURT if n == SIGPIPE else
                                       Expect(limit_s=5, statuses=(-n,), silences=True),
    ("guard", "fatal"):   lambda n, r: Expect(statuses=(1,), cause=rf"guard|{named(n)}"),
    ("guard", "ask"):     lambda n, r: Expect(statuses=(1, 130), cause=rf"guard|{named(n)}|interrupted"),
    ("guard", "odd"):     lambda n, r: Expect(statuses=(1, 130), cause=rf"guard|{named(n)}"),
    ("mpirun", "fatal"):  lambda n, r: Expect(cause=rf"mpirun.*{named(n)}|rank \d.*{named(n)}"),  # it may pass it on
    ("mpirun", "ask"):    lambda n, r: Expect(statuses=(1, 130),
                                              cause=rf"mpirun.*({named(n)}|by a signal|asked)|interrupted"),
    ("mpirun", "odd"):    lambda n, r: Expect(cause=named(n)),
    ("rank", "fatal"):    lambda n, r: Expect(limit_s=2.5, median_s=1.5, cause=rank_named(r, n)),
    ("rank", "ask"):      lambda n, r: Expect(limit_s=3, statuses=(1, 130),
                                              cause=rf"interrupted|{rank_named(r, n)}"),
    ("rank", "odd"):      lambda n, r: Expect(limit_s=2.5, cause=rank_named(r, n)),
    ("orted", "fatal"):   lambda n, r: Expect(limit_s=10, cause=HOSTS[1]),
    ("orted", "ask"):     lambda n, r: Expect(limit_s=10, statuses=(1, 130), cause=HOSTS[1]),
    ("orted", "odd"):     lambda n, r: Expect(limit_s=10, cause=rf"{HOSTS[1]}|{named(n)}"),
    ("saver", "fatal"):   lambda n, r: Expect(limit_s=10, cause=rf"{named(n)}|weights|model\.safetensors"),
    ("saver", "ask"):     lambda n, r: Expect(limit_s=10, statuses=(1, 130),
                                              cause=rf"{named(n)}|weights|model\.safetensors|interrupted"),
}


def kind_of(number):
    return "ask" if number in ASKS else "odd" if number in ODD else "fatal"


def follows(target, number, rank):
    return FOLLOWS[target, kind_of(number)](number, rank)


def stopped_for_ever(trial_timeout_s, target, rank, at_start):
    if target != "rank":    # the run may go on to its end without it
        return Expect(limit_s=40, cause="stopped|answer|silent|mpirun|" + HOSTS[1])
    cause = rf"rank {rank}\b.*(stopped|silent|answer|connect|no sign|not begun)|(stopped|silent).*rank {rank}\b"
    if at_start:
        return Expect(limit_s=30, cause=rf"{cause}|no rank has begun")
    return Expect(limit_s=trial_timeout_s + 5, cause=cause,
                  names=rf"rank {rank}\b.*(stopped|stalled|answer|silent|no sign)|process \d+\b.* is stopped")


# ---- signals ----

def hit(target, number, rank):
    """Of an Act: the signal to the process, if it is there."""
    def do(trial):
        one = trial.world.find(target, rank)
        if not one:
            return None
        try:
            os.kill(one.pid, number)
        except ProcessLookupError:
            return None
        return f"{signal.Signals(number).name} to {name_of(target, rank)} ({one.pid})"
    return do


def name_of(target, rank):
    return f"rank {rank}" if target == "rank" else target


def one_signal(target, numbers, moments):
    def make(rng, plan):
        number, rank = rng.choice(numbers), rng.randrange(plan.ranks)
        when = any_moment(rng, plan, moments)
        plan.acts = [Act(**when, do=hit(target, number, rank), expect=follows(target, number, rank))]
    return make


def two_signals(first, second):
    """Each a (targets, signals); within 0.3 s. Without command and guard the next start may clean up."""
    def make(rng, plan):
        victims = []
        plan.ranks = max(plan.ranks, 2)
        when = any_moment(rng, plan, ALL)
        ranks = rng.sample(range(plan.ranks), 2)
        for i, (targets, numbers) in enumerate((first, second)):
            target, number = rng.choice(targets), rng.choice(numbers)
            victims.append((target, kind_of(number)))
            plan.acts.append(Act(when["moment"], when["later_s"] if i == 0 else round(rng.uniform(0, 0.3), 4),
                                 hit(target, number, ranks[i]), follows(target, number, ranks[i]),
                                 after_the_last=i > 0))
        plan.starts_again = set(victims) == {("command", "fatal"), ("guard", "fatal")}
    return make


def kill_command_and(target, first):
    """Both at once: what holds the run together is gone, so it has longer, and the next start may clean up."""
    def make(rng, plan):
        when = any_moment(rng, plan, TRAINING)
        expect = Expect(limit_s=15, statuses=(-SIGKILL, 1), silences=True)  # 1: it was quicker to see the first
        plan.acts = [Act(**when, do=hit(target, first, 0), expect=expect),
                     Act(when["moment"], round(rng.uniform(0, 0.3), 4), hit("command", SIGKILL, 0), expect,
                         after_the_last=True)]
        plan.starts_again = True
    return make


def stop_and_continue(targets):
    def make(rng, plan):
        target, rank = rng.choice(targets), rng.randrange(plan.ranks)
        when = any_moment(rng, plan, ALL)
        plan.acts = [Act(**when, do=hit(target, SIGSTOP, rank), expect=UNHURT),
                     Act(when["moment"], round(rng.uniform(0.02, 3.0), 3), hit(target, SIGCONT, rank), UNHURT,
                         after_the_last=True)]
    return make


def stop_for_ever(targets, moments):
    def make(rng, plan):
        target = rng.choice(targets)
        plan.ranks = max(plan.ranks, 2)
        rank = rng.randrange(plan.ranks)
        when = any_moment(rng, plan, moments)
        at_start = when["moment"] in STARTING
        plan.sets = ("rank_timeout",)
        plan.acts = [Act(**when, do=hit(target, SIGSTOP, rank),
                         expect=lambda trial: stopped_for_ever(trial.rank_timeout_s, target, rank, at_start))]
    return make


# ---- another start in the same directory ----

def second_start(rng, plan):
    """One of the two must win, with all its files."""
    def do(trial):
        trial.start_a_rival()
        return "a second start in the same directory"
    plan.job = rng.choice(("short", "steps"))
    expect = Expect(statuses=(1, 2), cause="already|exists|in use|another|other run")
    plan.acts = [Act("start", round(rng.choice((0, rng.uniform(0, 0.3))), 4), do, expect)]


# ---- two hosts: ranks are on both, mpirun on the first ----

def on_two_hosts(make):
    def fill_in(rng, plan):
        make(rng, plan)
        plan.hosts, plan.ranks = True, max(2, plan.ranks)
    return fill_in


def or_lost(make):
    """mpirun names a signal on several hosts only after 3 to 4 s: by then it is killed, and the rank named without."""
    def fill_in(rng, plan):
        make(rng, plan)
        def widened(expect):
            rank = re.search(r"rank \d+", expect.cause)
            return expect._replace(cause=rf"{expect.cause}|{rank[0]}\b.* was (lost\b.*clos|killed by a signal)") if rank else expect
        plan.acts = [act._replace(expect=widened(act.expect)) for act in plan.acts]
    return fill_in


def cut_link(rng, plan):
    when = any_moment(rng, plan, ("init", *TRAINING))
    host, is_forever = rng.choice(HOSTS), rng.random() < 0.7

    def set_link(state):
        def do(trial):
            trial.world.network.set_link(host, state)
            return f"link of {host} {state}"
        return do
    plan.hosts, plan.ranks = True, max(2, plan.ranks)
    plan.sets = ("rank_timeout",)
    # While mpirun and its daemon still talk, what is unacknowledged keeps TCP from its own probes. A host that
    # is cut off is on its own then: its ranks end as at a start that hangs, or by their timeout.
    is_starting = when["moment"] in ("init", "opening", "first")
    expect = Expect(limit_s=30 if is_starting else 6, cause=HOSTS[1], tidy_s=40)
    plan.acts = [Act(**when, do=set_link("down"), expect=expect if is_forever else UNHURT)]
    if not is_forever:
        plan.acts.append(Act(when["moment"], round(rng.uniform(0.05, 1.2), 3), set_link("up"), UNHURT,
                             after_the_last=True))


# ---- THE TABLE ----

EVERY = ("command", "mpirun", "rank", "guard")
FAULTS = (
    #     name                 places  needs    what
    Fault("undisturbed",           1, "",      lambda rng, plan: any_moment(rng, plan, ALL)),

    Fault("kill-rank",             5, "",      one_signal("rank", (SIGKILL,), ALL)),
    Fault("crash-rank",            3, "",      one_signal("rank", CRASHES, ALL)),
    Fault("ask-rank",              2, "",      one_signal("rank", ASKS, ALL)),
    Fault("odd-rank",              1, "",      one_signal("rank", ODD, ALL)),
    Fault("kill-mpirun",           3, "",      one_signal("mpirun", FATAL, ALL)),
    Fault("ask-mpirun",            3, "",      one_signal("mpirun", ASKS, ALL)),
    Fault("odd-mpirun",            1, "",      one_signal("mpirun", ODD, ALL)),
    Fault("kill-guard",            2, "",      one_signal("guard", FATAL, ALL)),
    Fault("ask-guard",             1, "",      one_signal("guard", ASKS + ODD, ALL)),
    Fault("kill-command",          2, "",      one_signal("command", FATAL, ALL)),
    Fault("ask-command",           4, "",      one_signal("command", ASKS, ALL)),
    Fault("odd-command",           1, "",      one_signal("command", ODD, ALL)),
    Fault("kill-saver",            2, "",      one_signal("saver", FATAL + ASKS, ("saving",))),

    Fault("ctrl-c-twice",          2, "",      two_signals((("command",), ASKS), (("command",), ASKS))),
    Fault("two-ranks",             2, "",      two_signals((("rank",), FATAL), (("rank",), FATAL))),
    Fault("ctrl-c-and-more",       2, "",      two_signals((("command",), ASKS), (EVERY, FATAL))),
    Fault("two-victims",           3, "",      two_signals((EVERY, FATAL + ASKS), (EVERY, FATAL + ASKS))),
    Fault("kill-command-guard",    1, "",      kill_command_and("guard", SIGKILL)),
    Fault("kill-command-stopped",  1, "",      kill_command_and("mpirun", SIGSTOP)),

    Fault("pause",                 3, "",      stop_and_continue(EVERY)),
    Fault("stop-rank",             2, "",      stop_for_ever(("rank",), TRAINING)),
    Fault("stop-at-start",         1, "",      stop_for_ever(("rank",), ("init", "opening"))),
    Fault("stop-others",           1, "",      stop_for_ever(("mpirun", "guard"), ALL)),

    Fault("second-start",          3, "",      second_start),

    Fault("full-run-disk",         2, "root",  around.small_disk(("disk",))),
    Fault("full-tmpdir",           2, "root",  around.small_disk(("tmp",))),
    Fault("full-both",             1, "root",  around.small_disk(("disk", "tmp"))),
    Fault("disk-fills-up",         2, "root",  around.disk_fills_up),
    Fault("disk-read-only",        1, "root",  around.disk_read_only),
    Fault("run-dir-removed",       1, "",      around.run_dir_removed),
    Fault("shm-full",              2, "root",  around.shm_full),
    Fault("few-descriptors",       3, "",      around.few_descriptors),
    Fault("few-processes",         2, "root",  around.few_processes),
    Fault("little-memory",         1, "",      around.little_address_space),
    Fault("memory-cgroup",         1, "cgroup", around.memory_cgroup),
    Fault("file-size-limit",       2, "",      around.file_size_limit),
    Fault("closed-streams",        2, "",      around.closed_streams),
    Fault("full-output",           1, "",      around.full_output),
    Fault("reader-stops",          1, "",      around.reader_stops),
    Fault("reader-goes",           1, "",      around.reader_goes),
    Fault("clock-jumps",           3, "gcc",   around.clock_jumps),
    Fault("strangers",             2, "",      around.strangers),

    Fault("two-hosts",             1, "hosts", on_two_hosts(lambda rng, plan: any_moment(rng, plan, TRAINING))),
    Fault("link-cut",              3, "hosts", cut_link),
    Fault("kill-rank-two-hosts",   1, "hosts", on_two_hosts(or_lost(one_signal("rank", FATAL, ALL)))),
    Fault("kill-orted",            2, "hosts", on_two_hosts(one_signal("orted", FATAL + ASKS, ALL))),
    Fault("stop-orted",            1, "hosts", on_two_hosts(stop_for_ever(("orted",), TRAINING))),
    Fault("ask-two-hosts",         1, "hosts", on_two_hosts(one_signal("command", ASKS, ALL))),
    Fault("kill-command-two-hosts", 1, "hosts", on_two_hosts(one_signal("command", FATAL, ALL))),
)
