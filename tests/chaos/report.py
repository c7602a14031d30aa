"""What is printed: a line a trial, what was broken, the table of times."""
import statistics

MIN_FOR_MEDIAN = 4
MIN_FOR_IDLE = 6    # of a fault's trials some come too late to do anything; not all of so many


def verdict_line(trial, broken):
    done = "; ".join(trial.deeds) or "nothing"
    texts = (trial.out, trial.err) if trial.status == 0 else (trial.err, trial.out)
    said = (texts[0].splitlines() or texts[1].splitlines() or [""])[-1].removeprefix("lockstep: ")
    return (f"{trial.replay():>8} {trial.fault.name:<22} {trial.words()}, {trial.plan.moment or 'from the start'}: "
            f"{done}: {trial.seconds:.2f} s, exit {trial.status}: {said[:160]!r}: "
            f"{'BROKEN' if broken else 'kept'}")


def broken_lines(broken):
    return [f"         - {sentence}: {wrong}" for sentence, wrong in broken]


class Times:
    """Of each fault: seconds from the last thing done until the run was over."""

    def __init__(self):
        self.of = {}        # fault name: [seconds]
        self.hit = {}       # fault name: [seconds] of trials whose median is promised
        self.promised = {}  # fault name: median
        self.counts = {}    # fault name: [trials, broken]
        self.idle = {}      # fault name: [trials that were to do something, of which did nothing]

    def add(self, trial, broken):
        name = trial.fault.name
        count = self.counts.setdefault(name, [0, 0])
        count[0] += 1
        count[1] += bool(broken)
        if trial.plan.acts or trial.plan.what:
            idle = self.idle.setdefault(name, [0, 0])
            idle[0] += 1
            idle[1] += not trial.deeds
        self.of.setdefault(name, []).append(trial.seconds)
        if trial.expect.median_s and trial.plan.moment not in ("saving", "after"):
            self.hit.setdefault(name, []).append(trial.seconds)
            self.promised[name] = trial.expect.median_s

    def late_medians(self):
        """A promise on many trials together."""
        for name, promised in self.promised.items():
            values = self.hit[name]
            if len(values) >= MIN_FOR_MEDIAN and statistics.median(values) > promised:
                yield (f"the median of {len(values)} trials of {name} is {statistics.median(values):.2f} s, "
                       f"{promised:g} s are promised")

    def never_done(self):
        """A fault that never finds what it is to hurt tries nothing."""
        for name, (n_trials, n_idle) in self.idle.items():
            if n_trials >= MIN_FOR_IDLE and n_idle == n_trials:
                yield f"{name}: nothing was done in any of {n_trials} trials"

    def table(self):
        yield f"{'fault':<24}{'trials':>7}{'broken':>7}{'median':>8}{'p90':>8}{'max':>8}  seconds until the end"
        for name, values in sorted(self.of.items()):
            values = sorted(values)
            p90 = values[min(len(values) - 1, int(0.9 * len(values)))]
            yield (f"{name:<24}{self.counts[name][0]:>7}{self.counts[name][1]:>7}{statistics.median(values):>8.2f}"
                   f"{p90:>8.2f}{values[-1]:>8.2f}")
