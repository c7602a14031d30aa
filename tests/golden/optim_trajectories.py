#!/usr/bin/env python3
"""Parameter trajectories of torch.optim for made-up gradients, in float64.

    /usr/bin/python3 tests/golden/optim_trajectories.py     # writes optim_trajectories.inc

Each case takes the same 8 gradients of two parameters (3 and 2 values); the learning rate is
halved before step 5. The cases of sgd and the first of adam were made with torch 1.13.1, those from
amsgrad on with torch 2.
"""
import pathlib

import torch

CASES = [
    ("sgd", dict(lr=0.1)),
    ("sgd", dict(lr=0.1, weight_decay=0.05)),
    ("sgd", dict(lr=0.1, momentum=0.9)),
    ("sgd", dict(lr=0.1, momentum=0.9, dampening=0.25, weight_decay=0.05)),
    ("sgd", dict(lr=0.1, momentum=0.9, nesterov=True)),
    ("sgd", dict(lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.05)),
    ("adam", dict()),
    ("adam", dict(lr=0.1)),
    ("adam", dict(lr=0.1, betas=(0.5, 0.75), eps=0.01)),
    ("adam", dict(lr=0.1, weight_decay=0.05)),
    ("adam", dict(lr=0.1, weight_decay=0.05, amsgrad=True)),
    ("adam", dict(lr=0.1, weight_decay=0.05, maximize=True)),
    ("sgd", dict(lr=0.1, momentum=0.9, weight_decay=0.05, maximize=True)),
    ("adamw", dict()),
    ("adamw", dict(lr=0.1, betas=(0.5, 0.75), weight_decay=0.5)),
    ("adamw", dict(lr=0.1, amsgrad=True)),
    ("nadam", dict()),
    ("nadam", dict(lr=0.1, betas=(0.5, 0.75), weight_decay=0.05, momentum_decay=0.1)),
    ("nadam", dict(lr=0.1, weight_decay=0.5, decoupled_weight_decay=True)),
    ("radam", dict()),
    ("radam", dict(lr=0.1, betas=(0.5, 0.9), weight_decay=0.05)),
    ("radam", dict(lr=0.1, weight_decay=0.5, decoupled_weight_decay=True)),
    ("adamax", dict()),
    ("adamax", dict(lr=0.1, betas=(0.5, 0.75), eps=0.01, weight_decay=0.05)),
    ("adagrad", dict()),
    ("adagrad", dict(lr=0.1, lr_decay=0.1, weight_decay=0.05, initial_accumulator_value=0.5)),
    ("adadelta", dict()),
    ("adadelta", dict(lr=0.1, rho=0.5, eps=0.01, weight_decay=0.05)),
    ("rmsprop", dict()),
    ("rmsprop", dict(lr=0.1, alpha=0.5, weight_decay=0.05)),
    ("rmsprop", dict(lr=0.1, alpha=0.5, momentum=0.9)),
    ("rmsprop", dict(lr=0.1, alpha=0.5, centered=True)),
    ("rmsprop", dict(lr=0.1, alpha=0.5, momentum=0.5, centered=True, weight_decay=0.05)),
    ("rprop", dict()),
    ("rprop", dict(lr=0.1, etas=(0.25, 1.5), step_sizes=(0.05, 0.2))),
    ("asgd", dict()),
    ("asgd", dict(lr=0.1, lambd=0.1, alpha=0.5, t0=2, weight_decay=0.05)),
]
STEPS, HALVE_BEFORE = 8, 5
OPTIMIZERS = {name.lower(): getattr(torch.optim, name) for name in (
    "SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop", "Rprop", "ASGD")}


def c_values(tensor):
    return ", ".join(repr(v) for v in tensor.tolist())


def c_option(key, value):
    values = [float(v) for v in (value if isinstance(value, tuple) else (value,))]
    return f'{{"{key}", {len(values)}, {{{", ".join(map(repr, values))}}}}}'


def trajectory(kind, options, start, grads):
    params = [torch.nn.Parameter(start[:3].clone()), torch.nn.Parameter(start[3:].clone())]
    optimizer = OPTIMIZERS[kind](params, **options)
    for step in range(STEPS):
        if step + 1 == HALVE_BEFORE:
            optimizer.param_groups[0]["lr"] /= 2
        params[0].grad, params[1].grad = grads[step, :3].clone(), grads[step, 3:].clone()
        optimizer.step()
        yield torch.cat([p.detach() for p in params])


def c_case(kind, options, rows):
    items = ", ".join(c_option(*item) for item in options.items()) or "{0}"
    rows = ",\n      ".join(f"{{{c_values(row)}}}" for row in rows)
    return f'    {{"{kind}", {len(options)}, {{{items}}},\n     {{{rows}}}}},'


def main():
    torch.manual_seed(0)
    # float32 values, so that both sides start from and see the same numbers
    start = torch.randn(5).double()
    grads = torch.randn(STEPS, 5).double()
    grads[3] = 0
    lines = [f"/* Made by tests/golden/optim_trajectories.py with torch {torch.__version__}. */"]
    lines.append(f"enum {{ N_STEPS = {STEPS}, HALVE_BEFORE = {HALVE_BEFORE} }};")
    lines.append(f"static const double start[] = {{{c_values(start)}}};")
    lines.append("static const double grads[][5] = {")
    lines += [f"    {{{c_values(g)}}}," for g in grads]
    lines.append("};")
    lines.append("static const struct trajectory {")
    lines.append("    const char *type;")
    lines.append("    size_t n_options;")
    lines.append("    lks_option options[5];")
    lines.append("    double values[N_STEPS][5]; /* after each step */")
    lines.append("} trajectories[] = {")
    lines += [c_case(kind, options, trajectory(kind, options, start, grads))
              for kind, options in CASES]
    lines.append("};")
    path = pathlib.Path(__file__).parent / "optim_trajectories.inc"
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
