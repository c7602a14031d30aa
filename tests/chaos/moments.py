"""When a fault strikes: as soon as a sign of the moment is there, and a random while later."""
import glob
import os
from typing import Callable, NamedTuple

from world import read


class Moment(NamedTuple):
    name: str
    job: str            # that spends time there
    later_s: float      # at most so long after the sign
    sign: Callable      # of a World


def lines(world, n):
    return read(world.run_path("metrics.jsonl")).count(b"\n") >= n


def weights_are_written(world):
    return any(not path.endswith(".safetensors") for path in glob.glob(world.run_path("model.safetensors?*")))


MOMENTS = {moment.name: moment for moment in (
    #      name          job         later_s  the sign
    Moment("start",      "steps",      0.15, lambda w: True),                     # the command runs
    Moment("init",       "steps",      0.15, lambda w: w.find("rank", 0)),        # ranks join MPI, read data
    Moment("opening",    "steps",      0.05, lambda w: os.path.exists(w.run_path("job.yaml"))),
    Moment("first",      "steps",      0.03, lambda w: lines(w, 1)),
    Moment("middle",     "steps",      0.60, lambda w: lines(w, 20)),
    Moment("evaluating", "evaluated",  0.40, lambda w: b'"split"' in read(w.run_path("metrics.jsonl"))),
    Moment("saving",     "wide",       0.05, weights_are_written),
    Moment("after",      "wide",       0.03, lambda w: os.path.exists(w.run_path("model.safetensors"))),
)}
TRAINING = ("first", "middle", "middle", "evaluating")
STARTING = ("start", "init", "init", "opening")
SAVING = ("saving", "saving", "after")
ALL = STARTING + TRAINING + SAVING
