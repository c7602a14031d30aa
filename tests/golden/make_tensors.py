#!/usr/bin/python3
"""Expected values for tests/core/tensor and tests/core/ops/test_op_dtypes.c, from PyTorch.

    tests/golden/make_tensors.py print > tests/golden/print.inc
    tests/golden/make_tensors.py dtypes > tests/golden/op_dtypes.inc      (made with torch 1.13.1)
    tests/golden/make_tensors.py casts > tests/golden/casts.inc           (made with torch 2.15.0)
    tests/golden/make_tensors.py layouts > tests/golden/print_layouts.inc (made with torch 2.15.0)
    tests/golden/make_tensors.py factories > tests/golden/factories.inc   (made with torch 2.15.0)
"""
import sys

import torch

NAMES = ["F32", "F64", "I64", "I32", "I16", "U8", "BOOL", "F16", "BF16"]
TYPES = [torch.float32, torch.float64, torch.int64, torch.int32, torch.int16,
         torch.uint8, torch.bool, torch.float16, torch.bfloat16]


def printed():
    """Texts, in the order of the tensors in test_print.c."""
    inf, nan = float("inf"), float("nan")
    tensors = [
        torch.tensor(3.14159),
        torch.tensor([1.0, 2.0, 3.0]),
        torch.tensor([[1.5, -2.25], [3.0, 100.125]]),
        torch.tensor([1e-5, 1.0, 2.5]),
        torch.tensor([1.0, 12345678.0, 3e9]),
        torch.tensor([0.0, inf, -inf, nan]),
        torch.tensor([0.5, inf, nan]),
        torch.arange(24).reshape(2, 3, 4),
        torch.tensor([True, False, True]),
        torch.tensor([[1, -20], [300, 4]], dtype=torch.int16),
        torch.tensor([1.5, 2.5], dtype=torch.float64),
        torch.arange(30).float() / 7,
        torch.arange(2000),
        torch.arange(2400).reshape(40, 60),
        torch.zeros(0),
        torch.zeros(2, 0),
        torch.zeros(3, dtype=torch.int64)[:0],
        torch.arange(12).reshape(3, 4).t(),
        torch.ones(2, 2, requires_grad=True),
        torch.arange(18, dtype=torch.float64).mul(1000.5),
    ]
    for t in tensors:
        text = str(t).replace("torch.", "").replace("\n", "\\n")
        print('    "%s",' % text)


def casts():
    """Of each dtype into each: what is cast, as f64 or i64 holds it, and what it becomes. A float that an integer
    type cannot hold is left out: PyTorch leaves that open."""
    floats = [-2.75, -1.0, -0.5, -0.0, 0.5, 1.0, 1.5, 2.5, 3.14159265358979, 100.7, 127.0, 2047.5, 1e-8, 6e-8, INF, -INF, float("nan"),
              1 / 3, 65519.0, 65520.0, 1e30, 16777217.0]
    whole = [0, 1, -1, 2, 100, 255, 256, 300, -129, 32767, 32768, 65537, -70000, 2 ** 24 + 1, 2 ** 31 + 5, -2 ** 31 - 7, 2 ** 40 + 7]
    for a, source in zip(NAMES, TYPES):
        values = floats if source.is_floating_point else whole
        x = torch.tensor(values).to(torch.float64 if source.is_floating_point else torch.int64).to(source)
        for b, target in zip(NAMES, TYPES):
            kept = x
            if source.is_floating_point and not target.is_floating_point and target != torch.bool:
                limits = torch.iinfo(target)
                kept = x[(x.double() > float(limits.min) - 1) & (x.double() < float(limits.max)) & (x.isfinite())]
            pairs = ", ".join("{%s, %s}" % (written(v), written(w))
                              for v, w in zip(kept.double().tolist(), kept.to(target).double().tolist()))
            print("    {LKS_%s, LKS_%s, %d, {%s}}," % (a, b, kept.numel(), pairs))


def layouts():
    """Texts of tensors that a rule makes, the same in test_print.c: element i is
    ((7919 i + 31 row) % 1009 - 504) scale + offset, cast; or infinity, -infinity and nan first.
    A dtype's name is shorter here, which lines are broken by."""
    add_suffixes = torch._tensor_str._add_suffixes
    torch._tensor_str._add_suffixes = lambda text, suffixes, *a, **k: add_suffixes(
        text, [s.replace("torch.", "") for s in suffixes], *a, **k)
    shapes = {"F32": [(), (1,), (7,), (30,), (3, 4), (2, 3, 4), (2, 1, 2, 3), (1001,), (10, 150), (3, 400), (4, 5, 100),
                      (1200, 1), (2, 7, 80)],
              "other": [(), (3,), (25,), (2, 3), (1500,)]}
    scales = [(1, 0), (0.37, 0), (1e-3, 0), (1e-6, 0), (3e4, 0.5), (2.5e5, 0), (1e-3, 1e5), (0, 0), (0, 0.25), (0, 1e-5), (0, 3e9)]
    rows = []
    for scale, offset in scales:
        for shape in shapes["F32"]:
            rows.append(("F32", shape, scale, offset, 0))
    for name in ("F64", "F16", "BF16"):
        for scale, offset in [(1, 0), (0.37, 0), (1e-3, 0), (100, 0.25)]:
            for shape in shapes["other"]:
                rows.append((name, shape, scale, offset, 0))
    for name, scale, offset in [("I64", 1, 0), ("I64", 1e12, 0), ("I32", 1e6, 0), ("I16", 30, 0), ("U8", 0.2, 101),
                                ("BOOL", 0.002, 0.1)]:
        for shape in shapes["other"]:
            rows.append((name, shape, scale, offset, 0))
    for special in (1, 2, 3):
        for scale in (1, 0.37, 1e-6, 3e4):
            for shape in [(), (2,), (5,), (30,), (2, 3)]:
                rows.append(("F32", shape, scale, 0, special))
    for name in NAMES:
        for shape in [(0,), (2, 0), (0, 3), (1, 0, 2)]:
            rows.append((name, shape, 0, 0, 0))
    for i, (name, shape, scale, offset, special) in enumerate(rows):
        n = torch.Size(shape).numel()
        values = [((7919 * e + 31 * i) % 1009 - 504) * scale + offset for e in range(n)]
        values[:special] = [INF, -INF, float("nan")][:min(special, n)]
        t = torch.tensor(values, dtype=torch.float64).to(TYPES[NAMES.index(name)]).reshape(shape)
        text = str(t).replace("torch.", "").replace("\n", "\\n")
        print('    {LKS_%s, {%d, {%s}}, %r, %r, %d, "%s"},' % (
            name, len(shape), ", ".join(map(str, shape)) or "0", scale, offset, special, text))


def small(dtype, values):
    return torch.tensor(values).to(dtype)


def result(f, *args):
    """The dtype and values of a result, or that there is none."""
    try:
        y = f(*args)
    except RuntimeError:
        return "{LKS_N_DTYPES, {0}}"
    values = ", ".join("%.9g" % v for v in y.double().reshape(-1).tolist())
    return "{LKS_%s, {%s}}" % (NAMES[TYPES.index(y.dtype)], values)


def dtypes():
    binary = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div,
              "add_scalar": lambda a, b: a + b[1], "scalar_div": lambda a, b: a[0] / b,
              "scalars_mul": lambda a, b: a[0] * b[1], "add_": lambda a, b: a.add_(b),
              "mul_scalar_": lambda a, b: a.mul_(b[1])}
    for name, f in binary.items():
        print("static const dtype_result %s_results[LKS_N_DTYPES][LKS_N_DTYPES] = {" % name)
        for na, a in zip(NAMES, TYPES):
            for nb, b in zip(NAMES, TYPES):
                y = result(f, small(a, [3, 0, 7]), small(b, [1, 4, 2]))
                print("    [LKS_%s][LKS_%s] = %s," % (na, nb, y))
        print("};")
    unary = {"neg": torch.neg, "abs": torch.abs, "square": torch.square, "sqrt": torch.sqrt,
             "exp": torch.exp, "log": torch.log, "relu": torch.relu, "tanh": torch.tanh,
             "sigmoid": torch.sigmoid, "sum_all": torch.sum, "mean_all": torch.mean,
             "add_half": lambda x: x + 0.5, "add_two": lambda x: x + 2,
             "mul_half": lambda x: x * 0.5, "mul_two": lambda x: x * 2,
             # these with torch 2.15.0
             "sub_half": lambda x: x - 0.5, "sub_two": lambda x: x - 2, "div_two": lambda x: x / 2,
             "pow_two": lambda x: x ** 2, "pow_half": lambda x: x ** 0.5,
             "clamp_whole": lambda x: x.clamp(2, 3), "clamp_half": lambda x: x.clamp(1.5, 3),
             "clamp_open": lambda x: x.clamp(-INF, 3.0), "clamp_min_two": lambda x: x.clamp_min(2),
             "clamp_min_half": lambda x: x.clamp_min(1.5), "clamp_max_two": lambda x: x.clamp_max(2),
             "clamp_max_half": lambda x: x.clamp_max(1.5),
             "hardtanh": lambda x: torch.nn.functional.hardtanh(x, 1, 2.5), "relu6": torch.nn.functional.relu6,
             "threshold": lambda x: torch.nn.functional.threshold(x, 1.5, 7.5)}
    for name, f in unary.items():
        print("static const dtype_result %s_results[LKS_N_DTYPES] = {" % name)
        for n, t in zip(NAMES, TYPES):
            print("    [LKS_%s] = %s," % (n, result(f, small(t, [1, 4, 2]))))
        print("};")


def written(x):
    """A number as C reads it."""
    x = float(x)
    return "NAN" if x != x else "-0.0" if x == 0 and str(x) == "-0.0" else ("-" if x < 0 else "") + "INFINITY" if x in (INF, -INF) else "%.17g" % x


INF = float("inf")


def factories():
    """Ranges and scales: what was asked for, then every element."""
    def row(kind, args, name, y):
        numbers = ", ".join(written(a) for a in args)
        values = ", ".join(written(v) for v in y.double().tolist())
        print("    {%s, {%s}, LKS_%s, %d, {%s}}," % (kind, numbers, name, y.numel(), values or "0"))

    for name, dtype in zip(NAMES, TYPES):
        if name == "BOOL":
            continue
        for args in [(0, 5, 1), (1, 10, 3), (5, 0, -2), (0.5, 3, 1), (0, 3, 0.5), (3, 3, 1), (1, 2, 0.1), (-3, 4, 2.5)]:
            if name == "U8" and min(args) < 0:
                continue
            row("ARANGE", args, name, torch.arange(*args, dtype=dtype))
        for start, end, n in [(0, 1, 5), (3, 10, 5), (0.5, 9.75, 4), (10, 0, 3), (2, 7, 1), (2, 7, 0), (0.1, 0.7, 7)]:
            row("LINSPACE", (start, end, n), name, torch.linspace(start, end, n, dtype=dtype))
        for start, end, n in [(0, 6, 4), (0.5, 2, 3), (3, 0, 4), (2, 2, 1)]:
            row("LOGSPACE", (start, end, n), name, torch.logspace(start, end, n, 2.0, dtype=dtype))


print("/* Made by tests/golden/make_tensors.py. */")
{"print": printed, "layouts": layouts, "casts": casts, "dtypes": dtypes, "factories": factories}[sys.argv[1]]()
