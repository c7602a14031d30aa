"""What a trial is to be: the words in which the table of faults is written."""
import re
import signal
from dataclasses import dataclass, field
from typing import Callable, NamedTuple

from moments import MOMENTS

UNHURT_S = 30       # a run that nothing keeps from it goes to its end within this


class Expect(NamedTuple):
    """What may follow from a fault. A run may always end well in spite of it."""
    hurts: bool = True          # it may also fail
    limit_s: float = UNHURT_S   # after the fault, until the run is over
    statuses: tuple = (1,)      # with which it may fail
    cause: str = ""             # what the one line must then say: a regular expression
    silences: bool = False      # the command itself dies of it and says nothing
    names: str = ""             # status or a warning says this within 5 s: a regular expression
    median_s: float = 0         # of many such trials; 0: not promised
    tidy_s: float = 5           # after the end, until nothing may be left


UNHURT = Expect(hurts=False)


def together(expectations):
    """Of several faults in one run: whatever may follow from any of them."""
    hurting = [one for one in expectations if one.hurts]
    if not hurting:
        return UNHURT
    return Expect(limit_s=max(one.limit_s for one in hurting),
                  statuses=tuple({status for one in hurting for status in one.statuses}),
                  cause="|".join(f"(?:{one.cause})" for one in hurting if one.cause),
                  silences=any(one.silences for one in hurting),
                  names=hurting[0].names if len(hurting) == 1 else "",
                  median_s=hurting[0].median_s if len(hurting) == 1 else 0,
                  tidy_s=max(one.tidy_s for one in hurting))


class Act(NamedTuple):
    """Something done to a run. `do` is given the trial and says what it did; None: there was nobody to do it to."""
    moment: str
    later_s: float
    do: Callable
    expect: Expect
    after_the_last: bool = False    # later_s counts from the act before, whatever the moment


@dataclass
class Plan:
    job: str = "steps"
    lanes: int = 8
    ranks: int = 2
    hosts: bool = False         # two of them
    moment: str = ""
    acts: list = field(default_factory=list)
    what: str = ""              # of the surroundings, in words
    expect: Expect = UNHURT     # of the surroundings
    prepare: Callable = None    # of the World, before the start
    before: tuple = ()          # words the command is run under
    environment: dict = field(default_factory=dict)
    streams: str = "files"      # where its output goes: see streams.py
    sets: tuple = ()            # --set of these
    starts_again: bool = False  # what is left may be removed by the next start


class Fault(NamedTuple):
    name: str
    places: int         # of how many in a round it has
    needs: str          # words: root, gcc, cgroup, hosts (two of them: root too)
    make: Callable      # of a Random and a Plan with ranks and lanes drawn: fills it in


def any_moment(rng, plan, moments):
    """Draws one, and the job that fits; gives the words of an Act."""
    moment = MOMENTS[rng.choice(moments)]
    plan.moment, plan.job = moment.name, moment.job
    if moment.job == "wide":
        plan.lanes = 4
    return {"moment": moment.name, "later_s": round(rng.uniform(0, moment.later_s), 4)}


def named(number):
    """How a line may call a signal."""
    text = re.escape(signal.strsignal(number) or "?").split(r"\ \(")[0]
    return rf"(?:signal {int(number)}\b|{signal.Signals(number).name}\b|{text})"


def rank_named(rank, number):
    return rf"rank {rank}\b.*{named(number)}|{named(number)}.*rank {rank}\b"
