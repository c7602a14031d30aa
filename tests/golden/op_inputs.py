#!/usr/bin/python3
"""Expected results for tests/core/ops/test_op_inputs.c: what PyTorch makes of inputs without elements, without
dimensions, of one element, and of plain ones.

    tests/golden/op_inputs.py > tests/golden/op_inputs.inc        (made with torch 2.15.0)

A row tells a result's dtype and sizes and the sum of (i + 1) y_i, then that sum of the input's gradient, the cotangent
of y_i being i + 1; or that PyTorch refuses.
"""
import warnings

import torch
import torch.nn.functional as F

warnings.simplefilter("ignore")
torch.set_default_dtype(torch.float64)
NAMES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64", torch.bool: "BOOL"}
INF = float("inf")

SHAPES = [(), (1,), (0,), (3,), (0, 3), (2, 0), (2, 3), (3, 1), (2, 0, 3), (2, 3, 4)]
IMAGES = [(1, 2, 4, 4), (2, 2, 4, 5), (0, 2, 4, 4)]


def number(i, n):
    """In (0.1, 0.9), as value_at() of the test; no two alike."""
    return 0.1 + 0.8 * ((37 * i + 11) % 101) / 101


def row(x):
    """Beside x: as long as its last dimension."""
    n = x.shape[-1] if x.dim() else 1
    return torch.tensor([0.2 + 0.1 * i for i in range(n)])


def like(x):
    return row(x).expand_as(x) if x.dim() else torch.tensor(0.2)


def recurrent(module, layer, rows, x):
    """The first output with a hidden_size of 2."""
    weights = {"weight_ih" + layer: torch.stack([row(x)] * rows), "weight_hh" + layer: torch.full((rows, 2), 0.5)}
    return torch.func.functional_call(module(x.shape[-1], 2, bias=False), weights, (x,))[0]


def zeros(*shape):
    return torch.zeros(shape, dtype=torch.int64)


def half(x):
    return x.gt(0.5)


UNARY = {
    "neg": torch.neg, "abs": torch.abs, "square": torch.square, "sgn": torch.sign, "floor": torch.floor, "ceil": torch.ceil,
    "round": torch.round, "trunc": torch.trunc, "relu": torch.relu, "sqrt": torch.sqrt, "exp": torch.exp, "log": torch.log,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "sin": torch.sin, "cos": torch.cos, "erf": torch.erf, "erfc": torch.erfc,
    "expm1": torch.expm1, "log1p": torch.log1p, "log2": torch.log2, "rsqrt": torch.rsqrt, "reciprocal": torch.reciprocal,
    "xlogx": lambda x: torch.xlogy(x, x), "selu": F.selu, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu, "mish": F.mish, "logsigmoid": F.logsigmoid, "softsign": F.softsign, "tanhshrink": F.tanhshrink,
    "relu6": F.relu6, "hardsigmoid": F.hardsigmoid, "hardswish": F.hardswish,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.4), "pow_scalar": lambda x: x ** 0.4, "clamp_min": lambda x: x.clamp_min(0.4),
    "clamp_max": lambda x: x.clamp_max(0.4), "elu": lambda x: F.elu(x, 0.4), "celu": lambda x: F.celu(x, 0.4),
    "hardshrink": lambda x: F.hardshrink(x, 0.4), "softshrink": lambda x: F.softshrink(x, 0.4),
    "smooth_abs": lambda x: F.smooth_l1_loss(x, torch.zeros_like(x), beta=0.4, reduction="none"),
    "clamp": lambda x: x.clamp(0.3, 0.7), "softplus": lambda x: F.softplus(x, 0.3, 0.7),
    "hardtanh": lambda x: F.hardtanh(x, 0.3, 0.7), "threshold": lambda x: F.threshold(x, 0.3, 0.7),
}
BINARY = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum, "minimum": torch.minimum,
    "pow": torch.pow, "leaky": lambda a, b: torch.where(a > 0, a, b * a), "xlogy": torch.xlogy,
    "bce": lambda a, b: F.binary_cross_entropy(*torch.broadcast_tensors(a, b), reduction="none"),
    "eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge,
    "logical_and": torch.logical_and, "logical_or": torch.logical_or,
}
OPS = dict(UNARY)
for name, f in BINARY.items():
    OPS[name + "/itself"] = lambda x, f=f: f(x, x.detach())
    OPS[name + "/row"] = lambda x, f=f: f(x, row(x))
    OPS[name + "/scalar"] = lambda x, f=f: f(x, torch.tensor(0.45))
OPS.update({
    "add_scalar": lambda x: x + 0.5, "sub_scalar": lambda x: x - 0.5, "mul_scalar": lambda x: x * 0.5,
    "div_scalar": lambda x: x / 0.5, "gt_scalar": lambda x: x > 0.5, "logical_not": torch.logical_not,
    "lerp": lambda x: torch.lerp(x, row(x), row(x)), "lerp_scalar": lambda x: torch.lerp(x, row(x), 0.3),
    "addcmul": lambda x: torch.addcmul(x, x, row(x), value=0.7), "addcdiv": lambda x: torch.addcdiv(x, x, row(x), value=0.7),
    "glu": lambda x: F.glu(x, -1),
    "where": lambda x: torch.where(half(x), x, row(x)), "masked_fill_scalar": lambda x: x.masked_fill(half(x), 0.25),
    "masked_select": lambda x: x.masked_select(half(x)), "nonzero": lambda x: half(x).nonzero(),

    "sum_all": torch.sum, "mean_all": torch.mean, "prod_all": torch.prod, "max_all": torch.max, "min_all": torch.min,
    "sum/first": lambda x: x.sum(0), "sum/last": lambda x: x.sum(-1, keepdim=True), "mean/last": lambda x: x.mean(-1),
    "prod/last": lambda x: x.prod(-1), "amax/last": lambda x: x.amax(-1), "amin/first": lambda x: x.amin(0, keepdim=True),
    "argmax/last": lambda x: x.argmax(-1), "argmin/first": lambda x: x.argmin(0),
    "max_dim/last": lambda x: x.max(-1)[0], "min_dim/first": lambda x: x.min(0)[0],
    "any/last": lambda x: half(x).any(-1), "all/all": lambda x: half(x).all(),
    "var/last": lambda x: x.var(-1), "std/all": lambda x: x.std(), "norm/two": lambda x: torch.linalg.vector_norm(x, 2, -1),
    "norm/one": lambda x: torch.linalg.vector_norm(x, 1), "logsumexp/last": lambda x: x.logsumexp(-1),
    "cumsum/last": lambda x: x.cumsum(-1), "cumprod/first": lambda x: x.cumprod(0),
    "sort/last": lambda x: x.sort(-1)[0], "argsort/last": lambda x: x.argsort(-1), "topk/one": lambda x: x.topk(1, -1)[0],
    "softmax/last": lambda x: x.softmax(-1), "log_softmax/first": lambda x: x.log_softmax(0),

    "reshape": lambda x: x.reshape(-1), "flatten": lambda x: x.flatten(), "transpose": lambda x: x.transpose(0, -1),
    "squeeze": lambda x: x.squeeze(-1), "squeeze_all": lambda x: x.squeeze(), "unsqueeze": lambda x: x.unsqueeze(-1),
    "narrow/none": lambda x: x.narrow(-1, 0, 0), "select/first": lambda x: x.select(0, 0), "select/last": lambda x: x.select(-1, -1),
    "slice": lambda x: x[..., ::2] if x.dim() else x.narrow(0, 0, 1), "cat/first": lambda x: torch.cat([x, x], 0),
    "cat/last": lambda x: torch.cat([x, x], -1), "stack/first": lambda x: torch.stack([x, x], 0),
    "stack/last": lambda x: torch.stack([x, x], -1), "repeat": lambda x: x.repeat([2] * max(1, x.dim())),
    "tile": lambda x: x.tile(2), "flip": lambda x: x.flip(-1), "roll/flat": lambda x: x.roll(1), "roll/last": lambda x: x.roll(1, -1),
    "t": torch.t, "movedim": lambda x: x.movedim(0, -1), "diagonal": lambda x: x.diagonal(), "trace": torch.trace,
    "tril": torch.tril, "triu": torch.triu, "diag": torch.diag, "contiguous": lambda x: x.contiguous(), "clone": torch.clone,
    "to": lambda x: x.to(torch.float32), "unbind": lambda x: x.unbind(0)[0], "chunk": lambda x: x.chunk(2, -1)[0],
    "split": lambda x: x.split(2, -1)[0], "expand": lambda x: x.expand(2, *x.shape), "pad": lambda x: F.pad(x, (1, 2)),
    "index_select": lambda x: x.index_select(-1, zeros(2)), "index": lambda x: x[zeros(2)], "index/mask": lambda x: x[half(x)],
    "gather": lambda x: x.gather(-1, zeros(*x.shape)), "scatter_add": lambda x: x.scatter_add(-1, zeros(*x.shape), x),
    "index_add": lambda x: x.index_add(0, zeros(x.shape[0] if x.dim() else 1), x), "take_along_dim": lambda x: x.take_along_dim(zeros(*x.shape), -1),

    "matmul/turned": lambda x: x @ x.transpose(0, -1).detach(), "matmul/row": lambda x: x @ row(x),
    "outer": lambda x: torch.outer(x, row(x)), "linear": lambda x: F.linear(x, torch.stack([row(x), row(x)]), torch.tensor([0.5, 0.25])),
    "layer_norm": lambda x: F.layer_norm(x, x.shape[-1:]),
    "mse_loss": lambda x: F.mse_loss(x, like(x)), "l1_loss/sum": lambda x: F.l1_loss(x, like(x), reduction="sum"),
    "smooth_l1_loss/none": lambda x: F.smooth_l1_loss(x, like(x), beta=0.5, reduction="none"),
    "binary_cross_entropy": lambda x: F.binary_cross_entropy(x, like(x).clamp(0, 1)),
    "kl_div/sum": lambda x: F.kl_div(x, like(x), reduction="sum"),
    "cross_entropy": lambda x: F.cross_entropy(x, zeros(x.shape[0], *x.shape[2:]), reduction="sum"),
    "cosine_similarity": lambda x: F.cosine_similarity(x, like(x), -1),
    "rnn/gru": lambda x: recurrent(torch.nn.GRU, "_l0", 6, x), "rnn/lstm": lambda x: recurrent(torch.nn.LSTM, "_l0", 8, x),
    "lstm_cell": lambda x: recurrent(torch.nn.LSTMCell, "", 8, x),
})
WINDOWS = {
    "conv2d": lambda x: F.conv2d(x, torch.full((3, 2, 3, 3), 0.5), torch.tensor([0.1, 0.2, 0.3]), padding=1),
    "conv_transpose2d": lambda x: F.conv_transpose2d(x, torch.full((2, 3, 2, 2), 0.5), stride=2),
    "max_pool2d": lambda x: F.max_pool2d(x, 2), "avg_pool2d": lambda x: F.avg_pool2d(x, 2),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
    "batch_norm/evaluating": lambda x: F.batch_norm(x, torch.tensor([0.1, 0.2]), torch.tensor([0.3, 0.4]), eps=0.01),
    "group_norm": lambda x: F.group_norm(x, 1, eps=0.01), "unfold": lambda x: F.unfold(x, 2),
}
# A scalar has one dimension here where PyTorch finds none; its RNNs refuse inputs of no features, which its cells take.
TAKEN_HERE = {("roll/last", ()), ("rnn/gru", (2, 0)), ("rnn/lstm", (2, 0))}


def checksum(t):
    values = t.detach().double().reshape(-1)
    return float((values * torch.arange(1., values.numel() + 1)).sum())


def written(x):
    return "NAN" if x != x else "INFINITY" if x == INF else "-INFINITY" if x == -INF else "%.12g" % x


def result(f, shape):
    n = torch.Size(shape).numel()
    x = torch.tensor([number(i, n) for i in range(n)]).reshape(shape).requires_grad_()
    try:
        y = f(x)
    except (RuntimeError, IndexError, ValueError):
        return "LKS_N_DTYPES, {0, {0}}, 0, false, 0"
    grad = 0.
    if y.requires_grad:
        y.backward(torch.arange(1., y.numel() + 1).reshape(y.shape).to(y.dtype))
        grad = checksum(x.grad)
    return "LKS_%s, {%d, {%s}}, %s, %s, %s" % (
        NAMES[y.dtype], y.dim(), ", ".join(map(str, y.shape)) or "0", written(checksum(y)),
        "true" if y.requires_grad else "false", written(grad))


print("/* Made by tests/golden/op_inputs.py. */")
for ops, shapes in ((OPS, SHAPES), (WINDOWS, IMAGES)):
    for name, f in ops.items():
        for shape in shapes:
            if (name, shape) in TAKEN_HERE:
                continue
            print('    {"%s", {%d, {%s}}, %s},' % (name, len(shape), ", ".join(map(str, shape)) or "0", result(f, shape)))
