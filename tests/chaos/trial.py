"""One trial: a plan drawn from (seed, number), carried out, and all that was seen of it."""
import os
import random
import re
import subprocess
import tempfile
import threading
import time

from faults import FAULTS
from jobs import JOBS
from moments import MOMENTS
from plan import Expect, Plan, UNHURT, UNHURT_S, together
from streams import Streams
from world import HOSTS, World, now, wait_until

MOMENT_S = 20       # by then a moment comes, or never
COME_S = 1          # whom a fault is for may come a little later than its moment
SEEN_S = 15         # every run is watched for so long at least
PATIENCE_S = 8      # beyond what is promised: to see how late it is, or that it never ends
NAMED_S = 5         # after a stop, until it is named

ROUND = [fault for fault in FAULTS for _ in range(fault.places)]


def draw(seed, number):
    """(fault, plan): a function of these two numbers. Each round of trials has every fault in its places."""
    order = list(range(len(ROUND)))
    random.Random(f"{seed} round {number // len(ROUND)}").shuffle(order)
    fault = ROUND[order[number % len(ROUND)]]
    rng = random.Random(f"{seed} trial {number}")
    plan = Plan(ranks=rng.choice((1, 2, 2, 3, 3, 4)), lanes=rng.choice((4, 8)))
    fault.make(rng, plan)
    return fault, plan


class Trial:
    def __init__(self, seed, number, program, folder):
        self.seed, self.number, self.program = seed, number, program
        self.fault, self.plan = draw(seed, number)
        self.folder = folder
        self.deeds, self.expectations = [], []      # what was done, in words; what may follow
        self.world, self.skipped = None, ""
        self.last_deed_at = self.over_at = None
        self.ended, self.status, self.named_after_s, self.named_text = False, None, None, ""
        self.out = self.err = ""
        self.left_processes, self.again, self.rival = [], None, None

    @property
    def job(self):
        return JOBS[self.plan.job]

    @property
    def rank_timeout_s(self):
        return self.program.rank_timeout_s

    @property
    def seconds(self):
        """From the last deed, or from the start, until it was over: by the clock of whoever waits for it."""
        return self.over_at - (self.last_deed_at or self.world.started_at)

    # ---- the run ----

    def carry_out(self):
        self.world = World(self.folder, f"{os.getpid()}-{self.number}")
        try:
            self.start()
        except OSError as error:
            self.skipped = str(error)
            return
        for act in self.plan.acts:
            self.act(act)
        self.expect = together(self.expectations)
        self.wait_for_the_end()
        self.gather()

    def start(self):
        plan, world = self.plan, self.world
        if plan.prepare:
            plan.prepare(world)
        if plan.what:
            self.deeds.append(plan.what)
        self.expectations.append(plan.expect)
        with open(os.path.join(world.folder, "job.yaml"), "w") as file:
            file.write(self.job.text(plan.lanes))
        arguments, rest, host = self.arguments("disk/run"), [], None
        if plan.hosts:
            agent, host = world.connect_hosts(), HOSTS[0]
            arguments += ["--host", host_list(plan.ranks)]
            rest = ["--", "--mca", "plm_rsh_agent", agent]
        self.streams = Streams(plan.streams, world.folder)
        world.start(arguments + rest, host, plan.before, plan.environment, **self.streams.arguments())
        self.streams.started()

    def arguments(self, run_dir, *sets):
        arguments = [self.program.lockstep, "run", "job.yaml", "--ranks", str(self.plan.ranks),
                     "--run-dir", run_dir]
        if "rank_timeout" in self.plan.sets and self.program.knows_rank_timeout:
            sets += (f"report.rank_timeout_s={self.rank_timeout_s}",)
        for one in sets:
            arguments += ["--set", one]
        return arguments

    def act(self, act):
        """At its moment; nothing is done where that never comes."""
        if act.after_the_last and not self.deeds:
            return
        if not act.after_the_last:
            sign = MOMENTS[act.moment].sign
            wait_until(lambda: self.world.has_ended() or sign(self.world), MOMENT_S, pause=0.001)
        time.sleep(act.later_s)
        words = act.do(self) if act.after_the_last else \
            wait_until(lambda: self.world.has_ended() or act.do(self), COME_S, pause=0.005)
        words = words if isinstance(words, str) else None
        if words:
            self.deeds.append(f"{words} {now() - self.world.started_at:.2f} s after the start")
            self.last_deed_at = now()
            self.expectations.append(act.expect if isinstance(act.expect, Expect) else act.expect(self))

    def limit_s(self):
        limit = self.expect.limit_s if self.expect.hurts else UNHURT_S
        return limit + self.job.save_s * (self.plan.moment in ("saving", "after"))

    def wait_for_the_end(self):
        if self.plan.streams == "unread":
            wait_until(lambda: os.path.exists(self.world.run_path("model.safetensors")), MOMENT_S)
            self.streams.read_on()
        watcher = threading.Thread(target=self.watch_for_the_name) if self.expect.names else None
        if watcher:
            watcher.start()
        self.ended = wait_until(self.is_over, max(self.limit_s(), SEEN_S) + PATIENCE_S, pause=0.005)
        self.over_at = now()
        if watcher:
            watcher.join()
        self.status = self.world.command.poll()

    def is_over(self):
        """A command that was killed says nothing: its run is over when its processes are."""
        status = self.world.command.poll()
        return status is not None and (status >= 0 or not self.world.processes())

    def watch_for_the_name(self):
        """Until a stopped process is named, by a warning or by the status that somebody asks for."""
        while not self.world.has_ended() and now() - self.last_deed_at < 2 * NAMED_S:
            said = self.ask_status()[1]
            with open(self.streams.paths[1], errors="replace") as file:
                said += file.read()
            if re.search(self.expect.names, said):
                self.named_after_s = now() - self.last_deed_at
                return
            self.named_text = said
            time.sleep(0.2)

    def start_a_rival(self):
        """The same once more. Its output goes where nobody looks."""
        self.rival = subprocess.Popen([*self.world.within(), *self.arguments("disk/run")], cwd=self.folder,
                                      env=self.world.environment(), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # ---- what others say of it ----

    def command(self, *words, timeout=10):
        """(exit status, all that it said) of a command in the trial's world, without its mark."""
        environment = {**self.world.environment()}
        environment.pop("LOCKSTEP_CHAOS")
        try:
            with tempfile.TemporaryFile("w+", errors="replace") as output:
                done = subprocess.run([*self.world.within(HOSTS[0] if self.plan.hosts else None), *words],
                                      cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, timeout=timeout,
                                      stdout=output, stderr=subprocess.STDOUT, check=False)
                output.seek(0)
                return done.returncode, output.read()
        except subprocess.TimeoutExpired:
            return 124, f"no answer within {timeout} s"

    def ask_status(self):
        return self.command(self.program.lockstep, "status", "disk/run")

    # ---- afterwards ----

    def gather(self):
        """What is left when it has had time to tidy up; then nothing of it may live on."""
        if self.rival:
            wait_until(lambda: self.rival.poll() is not None, UNHURT_S)
        if self.ended:
            wait_until(lambda: not self.world.processes(), self.expect.tidy_s, pause=0.05)
        self.left_processes = [str(one) for one in self.world.processes()]
        self.world.kill_all()
        if self.plan.starts_again:
            self.again = self.command(*self.arguments("again", "train.steps=20"), timeout=30)
        self.out, self.err = self.streams.finish()

    def replay(self):
        return f"{self.seed}:{self.number}"

    def words(self):
        plan = self.plan
        hosts = " on two hosts" if plan.hosts else ""
        return f"{plan.job}, {plan.ranks} ranks{hosts}, {plan.lanes} lanes"


def host_list(ranks):
    """Half of the ranks, or one fewer, are on the second host."""
    there = ranks // 2
    return f"{HOSTS[0]}:{ranks - there},{HOSTS[1]}:{there}"
