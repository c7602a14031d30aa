"""THE LIST OF PROMISES: what a run keeps, whatever is done to it.

Each is a function whose name, read as a sentence, is the promise. It is given a Trial that is over and gives what is
wrong, in words, one a line; nothing where the promise was kept or says nothing about this trial. To add one: a
function under @promise, and a way to break it in fake/lockstep for self_test."""
import hashlib
import json
import os
import re

from safetensors import is_whole
from trial import NAMED_S

PROMISES = []
ON_TIME = ("it ends in time", "a stopped rank is named within five seconds")   # these alone a busy machine may break


def promise(function):
    PROMISES.append(function)
    return function


def sentence(function):
    return function.__name__.replace("_", " ")


def judge(trial, without=()):
    """[(promise, what is wrong)]"""
    return [(sentence(function), wrong) for function in PROMISES if function.__name__ not in without
            for wrong in function(trial) or ()]


# ---- words and numbers that a run is known by ----

EXIT_STATES = {0: {"finished", "succeeded"}, 1: {"failed"}, 2: {"failed", "refused"},
               130: {"interrupted", "cancelled"}}
FINISHED = re.compile(r"^lockstep: finished ", re.M)
FAILED = re.compile(r"^lockstep: (error: |interrupted)")
ENDINGS = {0: r"finish|succeed", 1: r"fail|error|lost|killed|ended", 2: r"fail|refus|error|not a run|no run",
           130: r"interrupt|cancel"}
HALF_FILE = re.compile(r"\.tmp|\.new$|~$")


def was_killed(trial):
    return trial.status is not None and trial.status < 0


def metrics(trial):
    try:
        with open(trial.world.run_path("metrics.jsonl"), "rb") as file:
            return file.read().split(b"\n")
    except OSError:
        return [b""]


# ---- the promises ----

@promise
def it_ends_in_time(trial):
    if not trial.ended:
        yield f"not over {trial.seconds:.1f} s after it, {trial.limit_s():g} s are promised"
    elif trial.status == 0 or not trial.expect.hurts:   # not hurt: it went to its own end
        if trial.seconds > max(trial.limit_s(), 30):
            yield f"finished only {trial.seconds:.1f} s after it"
    elif trial.seconds > trial.limit_s():
        yield f"over after {trial.seconds:.2f} s, {trial.limit_s():g} s are promised"


@promise
def a_stopped_rank_is_named_within_five_seconds(trial):
    if trial.expect.names and trial.seconds > NAMED_S:
        if trial.named_after_s is None:
            yield f"never; status says: {trial.named_text.strip()[-200:]!r}"
        elif trial.named_after_s > NAMED_S + 0.5:
            yield f"only after {trial.named_after_s:.1f} s"


@promise
def what_it_was_not_hurt_by_it_survives(trial):
    if trial.ended and trial.status != 0 and not trial.expect.hurts:
        yield f"exit status {trial.status}: {last_line(trial)!r}"


@promise
def its_exit_status_says_how_it_ended(trial):
    if not trial.ended:
        return
    has_weights = os.path.exists(trial.world.run_path("model.safetensors"))
    if trial.status not in (0, *trial.expect.statuses) and trial.expect.hurts:
        yield f"exit status {trial.status}, not one of {sorted({0, *trial.expect.statuses})}"
    elif trial.status in (1, 2) and has_weights and not trial.rival:
        yield f"exit status {trial.status} beside finished weights"


@promise
def of_two_starts_in_one_directory_one_wins(trial):
    if trial.rival and [trial.status, trial.rival.returncode].count(0) != 1:
        yield f"they end with {trial.status} and {trial.rival.returncode}"


@promise
def a_run_that_ends_well_has_all_its_files(trial):
    ended_well = 0 in (trial.status, trial.rival and trial.rival.returncode)
    for name in ("job.yaml", "metrics.jsonl", "model.safetensors", "logs/rank-0.log") if ended_well else ():
        if not os.path.exists(trial.world.run_path(name)):
            yield f"it has no {name}"


@promise
def its_last_words_are_one_line(trial):
    if not trial.ended or was_killed(trial) or not trial.streams.sees_errors:
        return
    lines = trial.err.splitlines()
    strange = [line for line in lines if not line.startswith("lockstep: ")]
    if strange:
        yield f"not a line of its own: {strange[0]!r}"
    verdicts = [line for line in lines if FAILED.match(line)]
    if trial.status == 0:
        if verdicts:
            yield f"exit status 0 and {verdicts[0]!r}"
        elif trial.plan.streams == "files" and not re.search("/dev/full|closed", trial.plan.what) and \
                len(FINISHED.findall(trial.out)) != 1:
            yield f"not one line that it finished: {trial.out[-200:]!r}"
    elif len(verdicts) != 1:
        yield f"{len(verdicts)} last lines: {lines[-3:]}"
    elif lines[-1] != verdicts[0]:
        yield f"it goes on after it: {lines[-1]!r}"


@promise
def its_last_line_names_the_true_cause(trial):
    if not trial.ended or trial.status == 0 or was_killed(trial) or not trial.streams.sees_errors:
        return
    if trial.expect.hurts and trial.expect.cause and not re.search(trial.expect.cause, last_line(trial), re.I):
        yield f"{last_line(trial)!r} is not about /{trial.expect.cause}/"


def last_line(trial):
    lines = trial.err.splitlines()
    return lines[-1] if lines else ""


@promise
def no_process_is_left(trial):
    if trial.left_processes:
        yield ", ".join(trial.left_processes)


@promise
def no_temporary_file_is_left(trial):
    world = trial.world
    left = [f"/dev/shm/{name}" for name in world.new_shared_memory()]
    for folder, _, names in os.walk(world.path("tmp")):
        left += [os.path.join(os.path.relpath(folder, world.path()), name) for name in names if name != "fill"]
        if not names and folder != world.path("tmp"):
            left.append(os.path.relpath(folder, world.path()) + "/")
    if os.path.lexists(world.run_path("status.sock")):
        left.append("status.sock")
    if left:
        yield f"{len(left)}: " + ", ".join(left[:4])
    if trial.again and trial.again[0] != 0:
        yield f"the next start ends with {trial.again[0]}: {trial.again[1][-200:]!r}"


@promise
def no_half_file_is_left(trial):
    for folder, _, names in os.walk(trial.world.run_path()):
        for name in names:
            if HALF_FILE.search(name):
                size = os.lstat(os.path.join(folder, name)).st_size
                yield f"{name} ({size} bytes)"
    lines = metrics(trial)
    if lines[-1]:
        yield f"the last line of metrics.jsonl is cut: {lines[-1][-60:]!r}"
    for number, line in enumerate(lines[:-1], 1):
        try:
            json.loads(line)
        except ValueError:
            yield f"line {number} of metrics.jsonl is not JSON: {line[:80]!r}"
            break
    if os.path.exists(trial.world.run_path("job.yaml")):
        status, said = trial.command(trial.program.lockstep, "check", "disk/run/job.yaml")
        if status != 0:
            yield f"job.yaml cannot be checked: {said.strip()[-200:]!r}"
    if os.path.exists(trial.world.run_path("model.safetensors")):
        wrong = is_whole(trial.world.run_path("model.safetensors"), known=trial.program.known_weights)
        if wrong:
            yield f"model.safetensors: {wrong}"


@promise
def result_json_agrees_with_the_exit_status(trial):
    path = trial.world.run_path("result.json")
    if not trial.ended or was_killed(trial) or trial.rival or not os.path.exists(path):
        return
    try:
        with open(path, "rb") as file:
            state = json.load(file)["state"]
    except (ValueError, KeyError, TypeError) as error:
        yield f"it cannot be read: {error!r}"
        return
    if state not in EXIT_STATES.get(trial.status, {state}):
        yield f"exit status {trial.status}, but state {state!r}"


@promise
def a_run_that_ends_well_has_the_undisturbed_bits(trial):
    path = trial.world.run_path("model.safetensors")
    if not os.path.exists(path):
        return
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    expected = trial.program.undisturbed(trial.plan.job, trial.plan.lanes)
    if sha256 != expected:
        yield f"sha256 {sha256[:12]}…, undisturbed {expected[:12]}…"


@promise
def status_tells_how_it_ended(trial):
    if not trial.ended or was_killed(trial) or trial.rival or not os.path.isdir(trial.world.run_path()):
        return
    if "disk" in trial.world.small_disks:   # it may have had no room to write down how it ended
        return
    status, said = trial.ask_status()
    if status != 0:
        yield f"exit status {status}: {said.strip()[-200:]!r}"
    elif not re.search(ENDINGS.get(trial.status, "."), said, re.I):
        yield f"it does not say so: {said.strip()[-200:]!r}"
