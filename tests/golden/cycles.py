#!/usr/bin/env python3
"""Learning rate, momentum and one parameter along torch.optim.lr_scheduler's cycles, in float64.

    /usr/bin/python3 tests/golden/cycles.py     # writes cycles.inc

The parameter starts at 1; the gradient of step n, from 0, is n - 2.
"""
import pathlib

import torch

CASES = [
    ("sgd", dict(lr=0.1, momentum=0.9), "one_cycle_lr", dict(max_lr=0.5, total_steps=10)),
    ("adamw", dict(lr=0.1), "one_cycle_lr", dict(max_lr=0.5, total_steps=10, three_phase=True, pct_start=0.4, base_momentum=0.5)),
    ("rmsprop", dict(lr=0.1, momentum=0.5), "one_cycle_lr", dict(max_lr=0.5, total_steps=8, max_momentum=0.75)),
    ("sgd", dict(lr=0.1, momentum=0.9, nesterov=True), "cyclic_lr", dict(base_lr=0.1, max_lr=0.4, step_size_up=4)),
    ("sgd", dict(lr=0.1, momentum=0.9), "cyclic_lr", dict(base_lr=0.1, max_lr=0.4, step_size_up=3, step_size_down=2, base_momentum=0.25)),
    ("radam", dict(lr=0.1), "cyclic_lr", dict(base_lr=0.1, max_lr=0.4, step_size_up=3, cycle_momentum=True)),
    ("sgd", dict(lr=0.1, momentum=0.9), "cyclic_lr", dict(base_lr=0.1, max_lr=0.4, step_size_up=3, cycle_momentum=False)),
]
STEPS = 8
OPTIMIZERS = dict(sgd=torch.optim.SGD, adamw=torch.optim.AdamW, rmsprop=torch.optim.RMSprop, radam=torch.optim.RAdam)
SCHEDULES = dict(one_cycle_lr=torch.optim.lr_scheduler.OneCycleLR, cyclic_lr=torch.optim.lr_scheduler.CyclicLR)


def c_options(options):
    return f"{len(options)}, {{{', '.join(f'{{{chr(34)}{k}{chr(34)}, 1, {{{float(v)!r}}}}}' for k, v in options.items())}}}"


def rows(optimizer, options, schedule, cycle):
    p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optim = OPTIMIZERS[optimizer]([p], **options)
    course = SCHEDULES[schedule](optim, **cycle)
    for step in range(STEPS):
        group = optim.param_groups[0]
        lr, momentum = group["lr"], group["betas"][0] if "betas" in group else group["momentum"]
        p.grad = torch.full_like(p, step - 2)
        optim.step()
        yield f"{{{float(lr)!r}, {float(momentum)!r}, {p.item()!r}}}"
        course.step()


def main():
    lines = [f"/* Made by tests/golden/cycles.py with torch {torch.__version__}. */",
             f"enum {{ CYCLE_STEPS = {STEPS} }};",
             "static const struct cycle {",
             "    const char *optim, *schedule;",
             "    size_t n_optim_options;",
             "    lks_option optim_options[4];",
             "    size_t n_options;",
             "    lks_option options[8];",
             "    struct {",
             "        double lr, momentum, p; /* of the step, after it */",
             "    } at[CYCLE_STEPS];",
             "} cycles[] = {"]
    for optimizer, options, schedule, cycle in CASES:
        lines.append(f'    {{"{optimizer}", "{schedule}", {c_options(options)},\n     {c_options(cycle)},\n     {{'
                     + ",\n      ".join(rows(optimizer, options, schedule, cycle)) + "}},")
    lines.append("};")
    (pathlib.Path(__file__).parent / "cycles.inc").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
