#!/usr/bin/python3
"""Expected values for tests/core/ops/test_ops.c: results and gradients from PyTorch, float64.

    tests/golden/make_ops.py > tests/golden/ops.inc        (made with torch 2.15)

Every case of tests/core/ops/test_ops/*.c stands here under the same name with the same inputs.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

torch.set_default_dtype(torch.float64)
M32 = 0xffffffff


def bits(i, k):
    """The i-th element of the k-th input: see input_value in test_ops.c."""
    h = (i * 2654435761 + (k + 1) * 97531) & M32
    h ^= h >> 15
    h = h * 2246822519 & M32
    return h ^ h >> 13


class X:
    """A float64 input, uniform in [low, high)."""

    def __init__(self, *shape, low=-1, high=1):
        self.shape, self.low, self.high = shape, low, high

    def make(self, k):
        n = torch.Size(self.shape).numel()
        values = [self.low + (self.high - self.low) * (bits(i, k) / 4294967296) for i in range(n)]
        return torch.tensor(values, dtype=torch.float64).reshape(self.shape).requires_grad_()


class Index:
    """An int64 input, 0 … n - 1."""

    def __init__(self, n, *shape):
        self.n, self.shape = n, shape

    def make(self, k):
        n = torch.Size(self.shape).numel()
        values = [bits(i, k) % self.n for i in range(n)]
        return torch.tensor(values, dtype=torch.int64).reshape(self.shape)


def number(v):
    return "NAN" if math.isnan(v) else "%.12g" % v


def numbers(tensor):
    flat = tensor.detach().contiguous().reshape(-1).tolist()
    return "(const double[]){%s}" % ", ".join(map(number, flat)) if flat else "NOTHING"


def cotangent(y):
    n = y.numel()
    return torch.tensor([2 * (bits(i, 99) / 4294967296) - 1 for i in range(n)]).reshape(y.shape)


def case(name, f, *inputs):
    made = [spec.make(k) for k, spec in enumerate(inputs)]
    y = f(*made)
    if y.requires_grad:
        y.backward(cotangent(y))
    grads = [numbers(x.grad) if x.requires_grad and x.grad is not None else "NULL" for x in made]
    shape = ", ".join(str(n) for n in y.shape)
    print('    {"%s", {%d, {%s}}, %s,\n     {%s}},'
          % (name, y.dim(), shape or "0", numbers(y), ", ".join(grads)))


def philox_uniform(n, seed, step, lane, layer):
    """Philox 4x32-10 as core/base/rng.h lays it out: element i is word i % 4 of block i / 4."""
    out = []
    for block in range((n + 3) // 4):
        c, key = [block, step, lane, layer], [seed & M32, seed >> 32]
        for _ in range(10):
            p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(p1 >> 32) ^ c[1] ^ key[0], p1 & M32, (p0 >> 32) ^ c[3] ^ key[1], p0 & M32]
            key = [(key[0] + 0x9E3779B9) & M32, (key[1] + 0xBB67AE85) & M32]
        out += c
    return [(word >> 8) / 2**24 for word in out[:n]]


def dropout(x, p, part=0):
    u = torch.tensor(philox_uniform(x.numel(), 7, 1, 2, 3 + (part << 16))).reshape(x.shape)
    return torch.where(u >= p, x / (1 - p), torch.zeros(()))


def unary(name, f, low=-1, high=1):
    case(name + "/matrix", f, X(3, 5, low=low, high=high))
    case(name + "/scalar", f, X(1, low=0.5, high=2))
    case(name + "/empty", f, X(3, 0, 2))


def binary(name, f):
    def y(*shape):
        return X(*shape, low=0.5, high=2)
    case(name + "/same", f, X(2, 3, 4), y(2, 3, 4))
    case(name + "/row", f, X(3, 4), y(4))
    case(name + "/column", f, X(3, 1), y(3, 4))
    case(name + "/both", f, X(2, 1, 3), y(4, 1))
    case(name + "/scalar", f, X(2, 3), y(1))
    case(name + "/scalar_first", f, X(), y(2, 3))
    case(name + "/empty", f, X(0, 3), y(1, 3))
    case(name + "/itself", lambda a: f(a, a), y(2, 3))


def pointwise():
    unary("neg", torch.neg)
    unary("abs", torch.abs)
    unary("square", torch.square)
    unary("sqrt", torch.sqrt, 0.1, 2)
    unary("exp", torch.exp, -3, 3)
    unary("log", torch.log, 0.1, 4)
    unary("relu", torch.relu)
    unary("leaky_relu", lambda x: F.leaky_relu(x, 0.2))
    unary("tanh", torch.tanh, -3, 3)
    unary("sigmoid", torch.sigmoid, -5, 5)
    binary("add", torch.add)
    binary("sub", torch.sub)
    binary("mul", torch.mul)
    binary("div", torch.div)
    for name, f in (("add_scalar", lambda x: x + 2.5), ("sub_scalar", lambda x: x - 2.5),
                    ("mul_scalar", lambda x: x * -0.75), ("div_scalar", lambda x: x / -0.75)):
        case(name + "/matrix", f, X(3, 4))
        case(name + "/empty", f, X(0))


def in_place():
    case("add_/same", lambda a, b: a.clone().add_(b), X(2, 3), X(2, 3))
    case("add_/row", lambda a, b: a.clone().add_(b), X(2, 3), X(3))
    case("add_/itself", lambda a: a.clone().add_(a), X(2, 3))
    case("add_/empty", lambda a, b: a.clone().add_(b), X(2, 0), X(1))
    case("mul_/same", lambda a, b: a.clone().mul_(b), X(2, 3), X(2, 3))
    case("mul_/row", lambda a, b: a.clone().mul_(b), X(2, 3), X(3))
    case("mul_/itself", lambda a: a * a, X(2, 3))
    case("mul_/empty", lambda a, b: a.clone().mul_(b), X(2, 0), X(1))
    case("relu_/matrix", lambda a: a.clone().relu_(), X(3, 4))
    case("relu_/empty", lambda a: a.clone().relu_(), X(0, 4))
    case("fill_/between", lambda a, b: a.clone().fill_(3) * b, X(2, 3), X(2, 3))
    case("fill_/empty", lambda a, b: a.clone().fill_(3) * b, X(2, 0), X(2, 0))
    case("copy_/same", lambda a, b: a.clone().copy_(b), X(2, 3), X(2, 3))
    case("copy_/row", lambda a, b: a.clone().copy_(b), X(2, 3), X(3))
    case("copy_/own_transpose", lambda a: a.t().clone(), X(3, 3))
    case("copy_/empty", lambda a, b: a.clone().copy_(b), X(2, 0), X(1))


def reductions():
    case("sum/two_dims", lambda x: x.sum((0, 2)), X(2, 3, 4))
    case("sum/two_dims_kept", lambda x: x.sum((0, 2), keepdim=True), X(2, 3, 4))
    case("sum/last", lambda x: x.sum(-1), X(3, 4))
    case("sum/everything", lambda x: x.sum(), X(3, 4))
    case("sum/of_nothing", lambda x: x.sum(-1), X(3, 0))
    case("sum/to_nothing", lambda x: x.sum(-1), X(0, 3))
    case("sum/scalar", lambda x: x.sum(0, keepdim=True), X())
    case("mean/two_dims", lambda x: x.mean((0, 2)), X(2, 3, 4))
    case("mean/last_kept", lambda x: x.mean(-1, keepdim=True), X(3, 4))
    case("mean/of_nothing", lambda x: x.mean(-1), X(3, 0))
    case("mean/to_nothing", lambda x: x.mean(-1), X(0, 3))
    case("mean/scalar", lambda x: x.mean(-1), X())
    case("sum_all/matrix", torch.sum, X(3, 4))
    case("sum_all/scalar", torch.sum, X())
    case("sum_all/empty", torch.sum, X(0))
    case("mean_all/matrix", torch.mean, X(3, 4))
    case("mean_all/empty", torch.mean, X(0))
    case("argmax/first", lambda x: x.argmax(0), X(4, 3))
    case("argmax/last", lambda x: x.argmax(-1), X(2, 3, 5))
    case("argmax/to_nothing", lambda x: x.argmax(-1), X(0, 3))
    case("argmax/scalar", lambda x: x.argmax(-1), X())


def views():
    case("reshape/plain", lambda x: x.reshape(4, 3), X(2, 6))
    case("reshape/open", lambda x: x.reshape(2, -1, 2), X(3, 4))
    case("reshape/transposed", lambda x: x.t().reshape(12), X(3, 4))
    case("reshape/empty", lambda x: x.reshape(3, 0), X(0, 2))
    case("permute/cycle", lambda x: x.permute(2, 0, 1), X(2, 3, 4))
    case("permute/empty", lambda x: x.permute(2, 0, 1), X(2, 0, 4))
    case("expand/rows", lambda x: x.expand(2, 3, 4), X(3, 1))
    case("expand/kept", lambda x: x.expand(2, -1, 4), X(3, 1))
    case("expand/to_nothing", lambda x: x.expand(0, 3), X(1, 3))
    # PyTorch has no negative steps: Python's, by index.
    case("slice/forward", lambda x: x[:, 1:5:2], X(2, 6))
    case("slice/backward", lambda x: x[:, list(range(6))[4:0:-2]], X(2, 6))
    case("slice/reversed", lambda x: x[:, list(range(6))[::-1]], X(2, 6))
    case("slice/nothing", lambda x: x[:, 4:2], X(2, 6))
    case("slice/clamped", lambda x: x[-100:100], X(2, 6))
    case("slice/overlap", lambda x: x[:, 0:4] + x[:, 2:6], X(2, 6))
    case("flatten/tail", lambda x: x.flatten(1, -1), X(2, 3, 4))
    case("flatten/scalar", lambda x: x.flatten(0, -1), X())
    case("flatten/empty", lambda x: x.flatten(1, -1), X(0, 3, 4))
    case("transpose/ends", lambda x: x.transpose(0, -1), X(2, 3, 4))
    case("transpose/empty", lambda x: x.transpose(0, -1), X(2, 3, 0))
    case("transpose/scalar", lambda x: x.transpose(0, -1), X())
    case("squeeze/one", lambda x: x.squeeze(1), X(2, 1, 4))
    case("squeeze/other", lambda x: x.squeeze(1), X(2, 3))
    case("squeeze/empty", lambda x: x.squeeze(1), X(2, 1, 0))
    case("squeeze/scalar", lambda x: x.squeeze(-1), X())
    case("unsqueeze/middle", lambda x: x.unsqueeze(1), X(2, 3))
    case("unsqueeze/last", lambda x: x.unsqueeze(-1), X(2, 3))
    case("unsqueeze/empty", lambda x: x.unsqueeze(1), X(2, 0))
    case("reshape_view/row", lambda x: x.view(2, -1), X(2))
    case("reshape_view/dense", lambda x: x.view(4, 3), X(3, 4))
    case("reshape_view/one_more", lambda x: x.view(4, 3), X(4, 3, 1))
    case("narrow/from_end", lambda x: x.narrow(1, -3, 2), X(3, 4))
    case("narrow/middle", lambda x: x.narrow(1, 1, 2), X(3, 4))
    case("narrow/nothing", lambda x: x.narrow(1, 4, 0), X(3, 4))
    case("select/first", lambda x: x.select(0, 1), X(3, 4))
    case("select/from_end", lambda x: x.select(1, -1), X(3, 4, 2))
    case("select/all", lambda x: x[0] + x[1], X(2, 4))
    case("select/empty", lambda x: x.select(0, 1), X(3, 0))


def copies():
    case("cat/rows", lambda a, b: torch.cat((a, b), 0), X(2, 3), X(1, 3))
    case("cat/columns", lambda a, b, c: torch.cat((a, b, c), -1), X(2, 3), X(2, 1), X(2, 2))
    case("cat/empty", lambda a, b: torch.cat((a, b), 0), X(0, 3), X(2, 3))
    case("clone/matrix", torch.clone, X(3, 4))
    case("clone/empty", torch.clone, X(0, 4))
    case("to/itself", lambda x: x.to(torch.float64) * x, X(3, 4))
    case("to/empty", lambda x: x.to(torch.float64) * x, X(0, 4))
    case("to_device/to and fro", lambda x: x * 1, X(3, 4))
    case("to_device/reference", lambda x: x * x, X(3, 4))
    case("to_device/scalar", lambda x: x * x, X())
    case("to_device/empty", lambda x: x * 1, X(0, 4))
    case("contiguous/transposed", lambda x: x.t().contiguous(), X(3, 4))
    case("contiguous/itself", lambda x: x.contiguous(), X(3, 4))
    case("contiguous/empty", lambda x: x.t().contiguous(), X(3, 0))
    case("index_select/rows", lambda x, i: x.index_select(0, i), X(4, 3), Index(4, 6))
    case("index_select/columns", lambda x, i: x.index_select(-1, i), X(2, 3), Index(3, 2))
    case("index_select/twice", lambda x, i: 2 * x.index_select(0, i), X(4, 3), Index(4, 6))
    case("index_select/nothing", lambda x, i: x.index_select(0, i), X(4, 3), Index(4, 0))
    case("index_select/scalar", lambda x, i: x.index_select(-1, i), X(), Index(1, 1))


def arrangements():
    case("t/matrix", torch.t, X(2, 3))
    case("t/vector", torch.t, X(3))
    case("t/scalar", torch.t, X())
    case("squeeze_all/some", torch.squeeze, X(1, 2, 1, 3))
    case("squeeze_all/none", torch.squeeze, X(2, 3))
    case("squeeze_all/scalar", torch.squeeze, X())
    case("movedim/one", lambda x: x.movedim(0, -1), X(2, 3, 4))
    case("movedim/all", lambda x: x.movedim((0, 1, 2), (2, 0, 1)), X(2, 3, 4))
    case("movedim/scalar", lambda x: x.movedim(0, -1), X())
    case("stack/first", lambda a, b: torch.stack((a, b), 0), X(2, 3), X(2, 3))
    case("stack/middle", lambda a, b, c: torch.stack((a, b, c), 1), X(2, 3), X(2, 3), X(2, 3))
    case("stack/last", lambda a, b: torch.stack((a, b), -1), X(2, 3), X(2, 3))
    case("stack/scalars", lambda a, b: torch.stack((a, b), 0), X(), X())
    case("stack/many", lambda a: torch.stack((a,) * 20, 0), X(2))
    case("repeat/both", lambda x: x.repeat(2, 3), X(2, 3))
    case("repeat/more_dims", lambda x: x.repeat(2, 1, 3), X(2, 3))
    case("repeat/once", lambda x: x.repeat(1, 1), X(2, 3))
    case("repeat/one_element", lambda x: x.repeat(4), X(1))
    case("repeat/nothing", lambda x: x.repeat(2, 0), X(2, 3))
    case("repeat/of_nothing", lambda x: x.repeat(2, 3), X(0, 3))
    case("repeat/scalar", lambda x: x.repeat(2, 3), X())
    case("repeat/scalar_itself", lambda x: x.repeat(()), X())
    case("tile/fewer", lambda x: x.tile((3,)), X(2, 3))
    case("tile/more", lambda x: x.tile((2, 3)), X(3))
    case("flip/one", lambda x: x.flip(-1), X(2, 3))
    case("flip/both", lambda x: x.flip(0, 2), X(2, 2, 3))
    case("flip/none", lambda x: x.flip(()), X(2, 3))
    case("flip/empty", lambda x: x.flip(-1), X(2, 0))
    case("flip/scalar", lambda x: x.flip(-1), X())
    case("roll/flat", lambda x: x.roll(2), X(2, 3))
    case("roll/two", lambda x: x.roll((4, -1), (1, 0)), X(2, 3))
    case("roll/around", lambda x: x.roll((-3, 2), (1, 0)), X(2, 3))
    case("pad/constant", lambda x: F.pad(x, (1, 2), "constant", 0.5), X(2, 3))
    case("pad/cut", lambda x: F.pad(x, (-1, 2, 0, -1), "constant", 0.5), X(2, 3))
    case("pad/nothing", lambda x: F.pad(x, (0, 0)), X(2, 3))
    case("pad/of_nothing", lambda x: F.pad(x, (1, 1)), X(2, 0))
    case("pad/reflect", lambda x: F.pad(x, (2, 1, 1, 0), "reflect"), X(1, 2, 3))
    case("pad/replicate", lambda x: F.pad(x, (2, 4, 1, 0), "replicate"), X(1, 2, 3))
    case("pad/circular", lambda x: F.pad(x, (3, 1, 1, 0), "circular"), X(1, 1, 2, 3))
    case("roll/empty", lambda x: x.roll((4, -1), (1, 0)), X(0, 3))


def pieces():
    case("unbind/rows", lambda x: torch.cat(x.unbind(0)[::-1]), X(3, 2))
    case("unbind/columns", lambda x: torch.cat(x.unbind(-1)[::-1]), X(2, 3))
    case("split/rest", lambda x: torch.cat(x.split(2, -1)[::-1], -1), X(2, 5))
    case("split/whole", lambda x: torch.cat(x.split(9, -1)[::-1], -1), X(2, 5))
    case("split/empty", lambda x: torch.cat(x.split(2, -1)[::-1], -1), X(2, 0))
    case("chunk/even", lambda x: torch.cat(x.chunk(3, 1)[::-1], 1), X(2, 6))
    case("chunk/fewer", lambda x: torch.cat(x.chunk(3, 1)[::-1], 1), X(2, 4))
    case("chunk/empty", lambda x: torch.cat(x.chunk(3, 1)[::-1], 1), X(2, 0))
    case("split_sizes/three", lambda x: torch.cat(x.split((1, 0, 3), 1)[::-1], 1), X(2, 4))
    case("diagonal/main", lambda x: x.diagonal(0, 0, 1), X(3, 4))
    case("diagonal/above", lambda x: x.diagonal(2, 0, 1), X(3, 4))
    case("diagonal/below", lambda x: x.diagonal(-1, 0, 1), X(3, 4))
    case("diagonal/beyond", lambda x: x.diagonal(9, 0, 1), X(3, 4))
    case("diagonal/swapped", lambda x: x.diagonal(1, 2, 0), X(3, 2, 4))
    case("trace/matrix", torch.trace, X(3, 4))
    case("trace/empty", torch.trace, X(0, 4))


def choices():
    for name, b in (("eq", 1), ("ne", 1), ("lt", 0.5), ("le", 1), ("gt", 1), ("ge", 0.5)):
        f = getattr(torch, name)
        case(name + "/integers", f, Index(3, 2, 5), Index(3, 5))
        case(name + "/floats", f, X(3, 4), X(3, 1))
        case(name + "/mixed", f, X(3, low=0, high=2), Index(3, 3))
        case(name + "/scalar", f, X(3), X())
        case(name + "/empty", f, X(0, 3), X(3))
        case(name + "_scalar/integers", lambda x: f(x, b), Index(3, 2, 5))
        case(name + "_scalar/floats", lambda x: f(x, b), X(7, low=0, high=2))
        case(name + "_scalar/empty", lambda x: f(x, b), X(0, 3))
    for name in ("logical_and", "logical_or"):
        case(name + "/integers", getattr(torch, name), Index(2, 2, 6), Index(2, 6))
        case(name + "/floats", getattr(torch, name), X(4), X(4))
    case("logical_not/integers", torch.logical_not, Index(2, 2, 6))
    case("logical_not/floats", torch.logical_not, X(4))

    def where(c, a, b):
        return torch.where(c.bool(), a, b)
    case("where/same", where, Index(2, 3, 4), X(3, 4), X(3, 4))
    case("where/broadcast", where, Index(2, 4), X(3, 1), X())
    case("where/condition", where, Index(2, 2, 3), X(), X(3))
    case("where/itself", lambda c, a: where(c, a * a, a), Index(2, 3, 4), X(3, 4))
    case("where/empty", where, Index(2, 0, 4), X(4), X(4))
    case("masked_fill/same", lambda x, m, v: x.masked_fill(m.bool(), v), X(3, 4), Index(2, 3, 4), X())
    case("masked_fill/broadcast", lambda x, m, v: x.expand(3, 4).masked_fill(m.bool(), v), X(3, 1), Index(2, 4), X())
    case("masked_fill_scalar/same", lambda x, m: x.masked_fill(m.bool(), 0.5), X(3, 4), Index(2, 3, 4))
    case("masked_fill_scalar/row", lambda x, m: x.masked_fill(m.bool(), 0.5), X(3, 4), Index(2, 4))
    case("masked_fill_scalar/empty", lambda x, m: x.masked_fill(m.bool(), 0.5), X(0, 4), Index(2, 4))
    for name, x, m in (("same", X(3, 4), Index(2, 3, 4)), ("broadcast", X(3, 1), Index(2, 4)),
                       ("scalar", X(), Index(2, 5)), ("none", X(4), Index(1, 4)),
                       ("empty", X(0, 4), Index(2, 4))):
        case("masked_select/" + name, lambda x, m: x.masked_select(m.bool()), x, m)
    for name in ("tril", "triu"):
        f = getattr(torch, name)
        case(name + "/main", f, X(3, 4))
        case(name + "/below", lambda x: f(x, -1), X(2, 3, 3))
        case(name + "/above", lambda x: f(x, 2), X(4, 4))
        case(name + "/empty", f, X(0, 3))
    case("diag/vector", torch.diag, X(3))
    case("diag/vector_below", lambda x: x.diag(-2), X(3))
    case("diag/vector_above", lambda x: x.diag(1), X(3))
    case("diag/vector_empty", lambda x: x.diag(1), X(0))
    case("diag/matrix", torch.diag, X(3, 4))
    case("diag/matrix_below", lambda x: x.diag(-2), X(3, 4))
    case("diag/matrix_above", lambda x: x.diag(1), X(3, 4))


def places():
    case("gather/first", lambda x, i: x.gather(0, i), X(4, 3), Index(4, 5, 3))
    case("gather/last", lambda x, i: x.gather(-1, i), X(2, 3, 4), Index(4, 2, 3, 2))
    case("gather/smaller", lambda x, i: x.gather(0, i), X(4, 3), Index(4, 5, 2))
    case("gather/twice", lambda x, i: 2 * x.gather(0, i), X(4, 3), Index(4, 6, 3))
    case("gather/nothing", lambda x, i: x.gather(0, i), X(4, 3), Index(4, 0, 3))
    case("gather/scalar", lambda x, i: x.gather(0, i), X(), Index(1))
    case("gather/scalar_to_some", lambda x, i: x.gather(0, i), X(), Index(1, 3))
    case("take_along_dim/same", lambda x, i: x.take_along_dim(i, 0), X(4, 3), Index(4, 2, 3))
    case("take_along_dim/index_broadcast", lambda x, i: x.take_along_dim(i, -1), X(2, 4), Index(4, 1, 3))
    case("take_along_dim/x_broadcast", lambda x, i: x.take_along_dim(i, -1), X(1, 4), Index(4, 2, 3))

    def apart(i, dim):
        return i.sort(dim=dim, stable=True)[1]
    case("scatter/first", lambda x, i, y: x.scatter(0, apart(i, 0), y), X(4, 3), Index(9, 2, 3), X(2, 3))
    case("scatter/last", lambda x, i, y: x.scatter(-1, apart(i, -1), y), X(2, 4), Index(9, 2, 3), X(2, 3))
    # PyTorch gives no gradient to elements of which some have no index, unless they are cut off before.
    case("scatter/smaller", lambda x, i, y: x.scatter(0, apart(i, 0), y[:2, :2]), X(4, 3), Index(9, 2, 2), X(3, 3))
    case("scatter/nothing", lambda x, i, y: x.scatter(0, apart(i, 0), y[:0]), X(4, 3), Index(9, 0, 3), X(2, 3))
    case("scatter/scalar", lambda x, i, y: x.scatter(0, apart(i, 0), y), X(), Index(9, 1), X(1))
    case("scatter_value/some", lambda x, i: x.scatter(1, i, 0.5), X(3, 4), Index(4, 3, 2))
    case("scatter_value/empty", lambda x, i: x.scatter(1, i, 0.5), X(0, 4), Index(4, 0, 2))
    case("scatter_add/first", lambda x, i, y: x.scatter_add(0, i, y), X(3, 2), Index(3, 7, 2), X(7, 2))
    case("scatter_add/last", lambda x, i, y: x.scatter_add(-1, i, y[:, :5]), X(2, 3), Index(3, 2, 5), X(2, 6))
    case("scatter_add/empty", lambda x, i, y: x.scatter_add(0, i, y), X(3, 0), Index(3, 7, 0), X(7, 0))
    case("scatter_add/scalar", lambda x, i, y: x.scatter_add(0, i, y), X(), Index(1, 1), X(1))
    case("index_add/rows", lambda x, i, y: x.index_add(0, i, y), X(3, 2), Index(3, 5), X(5, 2))
    case("index_add/scaled", lambda x, i, y: x.index_add(-1, i, y, alpha=-2), X(2, 3), Index(3, 4), X(2, 4))
    case("index_add/nothing", lambda x, i, y: x.index_add(0, i, y), X(3, 2), Index(3, 0), X(0, 2))
    case("index_add/scalar", lambda x, i, y: x.index_add(0, i, y), X(), Index(1, 1), X())
    case("one_hot/matrix", lambda i: F.one_hot(i, 4), Index(4, 2, 3))
    case("one_hot/scalar", lambda i: F.one_hot(i, 4), Index(4))
    case("one_hot/empty", lambda i: F.one_hot(i, 4), Index(4, 0))
    case("index/one", lambda x, i: x[i], X(4, 3), Index(4, 2, 3))
    case("index/two", lambda x, i, j: x[i, j], X(3, 4, 2), Index(3, 5), Index(4, 5))
    case("index/broadcast", lambda x, i, j: x[i, j], X(3, 4), Index(3, 3, 1), Index(4, 2))
    case("index/from_end", lambda x, i: x[i - 4], X(4, 3), Index(8, 6))
    case("index/nothing", lambda x, i, j: x[i, j], X(3, 4), Index(3, 0), Index(4, 0))

    # Masks are where whole numbers from 0 to 2 are not 0.
    case("nonzero/matrix", lambda i: i.nonzero(), Index(2, 3, 4))
    case("nonzero/vector", lambda i: i.nonzero(), Index(3, 7))
    case("nonzero/scalar", lambda i: i.nonzero(), Index(2))
    case("nonzero/empty", lambda i: i.nonzero(), Index(2, 3, 0))
    case("index/columns", lambda x, i: x[:, i], X(4, 3), Index(3, 2, 2))
    case("index/last_two", lambda x, i, j: x[:, i, j], X(2, 3, 4), Index(3, 5, 1), Index(4, 2))
    case("index/around", lambda x, i, j: x[i, :, j], X(3, 2, 4), Index(3, 5, 1), Index(4, 2))
    case("index/scalars", lambda x, i, j: x[i, :, j], X(3, 2, 4), Index(3), Index(4))
    case("index/mask", lambda x, m: x[m != 0], X(3, 4), Index(2, 3, 4))
    case("index/mask_columns", lambda x, m: x[:, m != 0], X(2, 5), Index(3, 5))
    case("index/mask_and_index", lambda x, m, i: x[m != 0, i], X(3, 5, 4), Index(2, 3, 5), Index(4, 1))
    case("index/mask_around", lambda x, m, i: x[i, :, m != 0], X(3, 2, 4), Index(2, 4), Index(3, 1))
    case("index/truth", lambda x, m: x[m != 0], X(3), Index(2))
    case("index/all", lambda x: x[:, :] * 1, X(2, 3))

    def put(x, i, y):
        return x.index_put((apart(i, 0),), y)
    case("index_put/rows", put, X(4, 3), Index(9, 2), X(2, 3))
    case("index_put/broadcast", put, X(4, 3), Index(9, 2), X(3))
    case("index_put/elements", put, X(4), Index(9, 3), X(3))
    case("index_put/add", lambda x, i, j, y: x.index_put((i, j), y, True), X(3, 4), Index(3, 6), Index(4, 6), X(6))
    case("index_put/add_rows", lambda x, i, j, y: x.index_put((i, j), y, True),
         X(3, 4, 2), Index(3, 5), Index(4, 5), X(5, 2))
    put_columns = lambda x, i, y: x.index_put((torch.arange(x.shape[0])[:, None], apart(i, 0)), y)
    case("index_put/columns", put_columns, X(2, 4), Index(9, 3), X(2, 3))

    def put_around(x, y):
        x = x.clone()
        x[torch.tensor([0, 2]), :, torch.tensor([1, 3])] = y
        return x
    case("index_put/around", put_around, X(3, 2, 4), X(2, 2))

    def put_masked(x, m, y):
        x = x.clone()
        x[m != 0] = y
        return x
    case("index_put/mask", put_masked, X(3, 4), Index(2, 3, 4), X())
    case("index_put/truth", lambda x, m, y: put_masked(x, m + 1, y), X(3), Index(1), X(3))
    case("index_put/all", lambda x, y: x * 0 + y, X(2, 3), X(3))
    case("embedding/matrix", F.embedding, Index(4, 2, 3), X(4, 3))
    case("embedding/scalar", F.embedding, Index(4), X(4, 3))
    case("embedding/nothing", F.embedding, Index(4, 0), X(4, 3))

    def bags(mode, padding_idx=None):
        offsets = torch.tensor([0, 2, 2])
        return lambda i, w: F.embedding_bag(i, w, offsets, mode=mode, padding_idx=padding_idx)
    case("embedding_bag/plain", F.embedding_bag, Index(4, 3, 2), X(4, 3))
    case("embedding_bag/mean", bags("mean"), Index(4, 6), X(4, 3))
    case("embedding_bag/sum", bags("sum"), Index(4, 6), X(4, 3))
    case("embedding_bag/max", bags("max"), Index(4, 6), X(4, 3))
    case("embedding_bag/padded", bags("mean", 1), Index(4, 6), X(4, 3))
    case("embedding_bag/members", lambda i, w, m: (F.embedding(i, w) * m.unsqueeze(2)).sum(1)
         / m.sum(1, keepdim=True).clamp(min=1), Index(4, 3, 2), X(4, 3), Index(2, 3, 2))
    case("embedding_bag/weighted", lambda i, w, p: F.embedding_bag(i, w, mode="sum", per_sample_weights=p),
         Index(4, 3, 2), X(4, 3), X(3, 2))


def more_reductions():
    def both(pair):
        return torch.stack((pair[0], pair[1].to(torch.float64)))
    case("argmin/first", lambda x: x.argmin(0), X(4, 3))
    case("argmin/last", lambda x: x.argmin(-1), X(2, 3, 5))
    case("argmin/equals", lambda x: x.argmin(-1), Index(3, 3, 8))
    case("argmin/scalar", lambda x: x.argmin(-1), X())
    for name in ("amax", "amin"):
        f = getattr(torch, name)
        case(name + "/ends", lambda x: f(x, (0, 2)), X(2, 3, 4))
        case(name + "/kept", lambda x: f(x, -1, keepdim=True), X(3, 4))
        case(name + "/all", lambda x: f(x, ()), X(3, 4))
        case(name + "/integers", lambda x: f(x, ()), Index(9, 3, 4))
        case(name + "/scalar", lambda x: f(x, -1, keepdim=True), X())
    for name in ("max", "min"):
        f = getattr(torch, name)
        case(name + "_all/matrix", f, X(3, 4))
        case(name + "_all/scalar", f, X())
        case(name + "_all/integers", f, Index(9, 3, 4))
        case(name + "_dim/first", lambda x: both(f(x, 0)), X(4, 3))
        case(name + "_dim/kept", lambda x: both(f(x, -1, keepdim=True)), X(2, 3, 4))
        case(name + "_dim/scalar", lambda x: both(f(x, -1, keepdim=True)), X())
    case("max_dim/alone", lambda x: x.max(-1)[0], X(3, 4))
    case("max_dim/equals", lambda x: x.max(-1)[0], Index(3, 3, 8))
    case("prod/first", lambda x: x.prod(0), X(4, 3))
    case("prod/kept", lambda x: x.prod(-1, keepdim=True), X(2, 3, 4))
    case("prod/zeros", lambda x: x.relu().prod(-1), X(6, 4))
    case("prod/integers", lambda x: x.prod(-1, keepdim=True), Index(4, 3, 4))
    case("prod/of_nothing", lambda x: x.prod(-1, keepdim=True), X(2, 0))
    case("prod/scalar", lambda x: x.prod(0), X())
    case("prod_all/matrix", torch.prod, X(2, 3))
    case("prod_all/integers", torch.prod, Index(9, 2, 2))
    case("prod_all/empty", torch.prod, X(0))
    for name, keepdim in (("any", False), ("all", True)):
        f = getattr(torch, name)
        case(name + "/integers", lambda x: f(x, -1, keepdim=keepdim), Index(2, 4, 2))
        case(name + "/floats", lambda x: f(x, -1, keepdim=keepdim), X(2, 3))
        case(name + "/of_nothing", lambda x: f(x, -1, keepdim=keepdim), X(2, 0))
    case("var/all", torch.var, X(3, 4))
    case("var/kept", lambda x: x.var((0, 2), correction=0, keepdim=True), X(2, 3, 4))
    case("var/correction", lambda x: x.var(-1, correction=2), X(3, 4))
    case("std/all", torch.std, X(3, 4))
    case("std/kept", lambda x: x.std((0, 2), correction=0, keepdim=True), X(2, 3, 4))
    norm = torch.linalg.vector_norm
    case("norm/two", norm, X(3, 4))
    case("norm/zero", lambda x: norm(x, 0, -1) + 0 * x.sum(), X(3, 4))
    case("norm/one", lambda x: norm(x, 1, -1, keepdim=True), X(3, 4))
    case("norm/three", lambda x: norm(x, 3, (0, 2)), X(2, 3, 4))
    case("norm/half", lambda x: norm(x, 0.5, -1), X(3, 4))
    case("norm/below", lambda x: norm(x, -1.5, -1), X(3, 4))
    case("norm/inf", lambda x: norm(x, math.inf, -1), X(3, 4))
    case("norm/least", lambda x: norm(x, -math.inf, -1), X(3, 4))
    case("norm/empty", norm, X(0))
    case("norm/scalar", lambda x: norm(x, 0.5, -1), X())
    matrix_norm = torch.linalg.matrix_norm
    case("matrix_norm/columns", lambda x: matrix_norm(x, 1), X(3, 4))
    case("matrix_norm/rows", lambda x: matrix_norm(x, math.inf, keepdim=True), X(2, 3, 4))
    case("matrix_norm/least", lambda x: matrix_norm(x, -1), X(3, 4))
    case("logsumexp/last", lambda x: x.logsumexp(-1), X(3, 4))
    case("logsumexp/kept", lambda x: x.logsumexp((0, 2), keepdim=True), X(2, 3, 4))
    case("logsumexp/large", lambda x: (2000 * x).logsumexp(-1), X(2, 2))
    case("logsumexp/to_nothing", lambda x: x.logsumexp(-1), X(0, 4))
    case("logsumexp/scalar", lambda x: x.logsumexp(-1), X())
    for name in ("cumsum", "cumprod"):
        f = getattr(torch, name)
        case(name + "/first", lambda x: f(x, 0), X(4, 3))
        case(name + "/last", lambda x: f(x, -1), X(2, 3, 5))
        case(name + "/integers", lambda x: f(x, -1), Index(9, 3, 4))
        case(name + "/empty", lambda x: f(x, -1), X(2, 0))
        case(name + "/scalar", lambda x: f(x, 0), X())
    case("cumprod/zeros", lambda x: x.relu().cumprod(-1), X(6, 4))
    case("sort/last", lambda x: both(x.sort(-1)), X(3, 5))
    case("sort/down", lambda x: both(x.sort(0, descending=True)), X(5, 3))
    case("sort/integers", lambda x: x.sort(0)[0], Index(5, 6, 2))
    case("sort/empty", lambda x: both(x.sort(-1)), X(2, 0))
    case("sort/scalar", lambda x: both(x.sort(0, descending=True)), X())
    case("argsort/last", lambda x: x.argsort(-1), X(3, 5))
    case("argsort/down", lambda x: x.argsort(0, descending=True), X(5, 3))
    case("argsort/equals", lambda x: x.sort(dim=-1, stable=True)[1], Index(3, 2, 6))
    case("argsort/scalar", lambda x: x.argsort(-1), X())
    case("topk/largest", lambda x: both(x.topk(2, -1)), X(3, 5))
    case("topk/least", lambda x: both(x.topk(3, 0, largest=False)), X(5, 3))
    case("topk/none", lambda x: x.topk(0, -1)[0], X(3, 5))
    case("topk/scalar", lambda x: both(x.topk(1, 0)), X())


def products():
    for name, a, b in (("matrices", (2, 3), (3, 4)), ("batch", (2, 2, 3), (2, 3, 4)),
                       ("batch_by_one", (2, 2, 3), (3, 4)), ("one_by_batch", (2, 3), (2, 3, 4)),
                       ("batches_broadcast", (2, 1, 2, 3), (3, 3, 2)), ("vectors", (3,), (3,)),
                       ("matrix_vector", (2, 3), (3,)), ("vector_matrix", (3,), (3, 2)),
                       ("inner_empty", (2, 0), (0, 3)), ("outer_empty", (0, 2), (2, 3))):
        case("matmul/" + name, torch.matmul, X(*a), X(*b))
    case("outer/vectors", torch.outer, X(2), X(3))
    case("outer/empty", torch.outer, X(2), X(0))
    case("addmm/plain", torch.addmm, X(2, 4), X(2, 3), X(3, 4))
    case("addmm/scaled", lambda x, a, b: torch.addmm(x, a, b, beta=0.5, alpha=-2), X(4), X(2, 3), X(3, 4))
    case("addmm/no_beta", lambda x, a, b: torch.addmm(x, a, b, beta=0) + 0 * x, X(4), X(2, 3), X(3, 4))
    case("addmv/scaled", lambda x, a, b: torch.addmv(x, a, b, beta=0.5, alpha=-2), X(2), X(2, 3), X(3))
    case("addbmm/scaled", lambda x, a, b: torch.addbmm(x, a, b, beta=0.5, alpha=-2),
         X(2, 4), X(2, 2, 3), X(2, 3, 4))
    case("baddbmm/scaled", lambda x, a, b: torch.baddbmm(x, a, b, beta=0.5, alpha=-2),
         X(2, 2, 4), X(2, 2, 3), X(2, 3, 4))
    case("linear/bias", F.linear, X(3, 4), X(2, 4), X(2))
    case("linear/plain", F.linear, X(3, 4), X(2, 4))
    case("linear/sequence", F.linear, X(2, 3, 4), X(5, 4), X(5))
    case("linear/vector", F.linear, X(4), X(2, 4), X(2))
    case("linear/shared", lambda x, w, b: F.linear(F.linear(x, w, b), w, b), X(2, 3), X(3, 3), X(3))
    case("linear/no_rows", F.linear, X(0, 4), X(2, 4), X(2))


def images():
    case("conv2d/plain", F.conv2d, X(2, 2, 5, 6), X(3, 2, 3, 2), X(3))
    case("conv2d/no_bias", F.conv2d, X(2, 1, 4, 4), X(2, 1, 3, 3))
    case("conv2d/strided", lambda x, w, b: F.conv2d(x, w, b, (2, 1), (1, 2), (1, 2)),
         X(2, 2, 5, 6), X(3, 2, 3, 2), X(3))
    case("conv2d/grouped", lambda x, w, b: F.conv2d(x, w, b, padding=1, groups=2),
         X(2, 4, 4, 4), X(6, 2, 3, 3), X(6))
    case("conv2d/single", F.conv2d, X(2, 5, 5), X(3, 2, 3, 3), X(3))
    case("conv2d/shared", lambda x, w, b, c: F.conv2d(x, w, b) + F.conv2d(x, w, c),
         X(1, 1, 4, 4), X(2, 1, 3, 3), X(2), X(2))
    case("conv2d/no_images", F.conv2d, X(0, 2, 5, 5), X(3, 2, 3, 3), X(3))
    case("unfold/plain", lambda x: F.unfold(x, (2, 3)), X(2, 2, 3, 4))
    case("unfold/general", lambda x: F.unfold(x, 2, (2, 1), (1, 2), (1, 2)), X(1, 2, 3, 4))
    case("unfold/single", lambda x: F.unfold(x, 2), X(2, 3, 3))
    case("unfold/no_images", lambda x: F.unfold(x, 2), X(0, 2, 3, 3))
    case("pixel_shuffle/two", lambda x: F.pixel_shuffle(x, 2), X(2, 8, 2, 3))
    case("pixel_shuffle/one", lambda x: F.pixel_shuffle(x, 1), X(2, 2, 3))
    case("pixel_shuffle/more_dims", lambda x: F.pixel_shuffle(x, 2), X(2, 1, 4, 2, 2))
    resampling()
    case("max_pool2d/plain", lambda x: F.max_pool2d(x, 2), X(2, 3, 5, 4))
    case("max_pool2d/general", lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 1), (1, 2)),
         X(2, 2, 6, 5))
    case("max_pool2d/single", lambda x: F.max_pool2d(x, 2), X(2, 4, 4))
    case("max_pool2d/no_images", lambda x: F.max_pool2d(x, 2), X(0, 2, 4, 4))


def max_pool_indices(x, pool):
    y, index = pool(x)
    return y * (index + 1)


def windows():
    """Transposed and one-dimensional convolutions, pooling."""
    case("conv_transpose2d/plain", F.conv_transpose2d, X(2, 2, 3, 4), X(2, 3, 3, 2), X(3))
    case("conv_transpose2d/no_bias", F.conv_transpose2d, X(2, 1, 3, 3), X(1, 2, 2, 2))
    case("conv_transpose2d/general",
         lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 1), (1, 2), (1, 0), 2, (1, 2)),
         X(2, 4, 3, 3), X(4, 1, 3, 3), X(2))
    case("conv_transpose2d/far_apart",
         lambda x, w, b: F.conv_transpose2d(x, w, b, (3, 2), (1, 2), (2, 3), 1, (4, 4)),
         X(1, 2, 3, 2), X(2, 2, 2, 2), X(2))
    case("conv_transpose2d/single", F.conv_transpose2d, X(2, 3, 3), X(2, 3, 2, 2), X(3))
    case("conv_transpose2d/shared", lambda x, w: F.conv_transpose2d(F.conv_transpose2d(x, w), w),
         X(1, 2, 2, 2), X(2, 2, 2, 2))
    case("conv_transpose2d/no_images", F.conv_transpose2d, X(0, 2, 3, 3), X(2, 3, 2, 2), X(3))
    case("conv1d/plain", F.conv1d, X(2, 2, 6), X(3, 2, 3), X(3))
    case("conv1d/general", lambda x, w, b: F.conv1d(x, w, b, 2, 1, 2, 2), X(2, 4, 7), X(2, 2, 3), X(2))
    case("conv1d/single", F.conv1d, X(2, 6), X(3, 2, 3))
    case("conv_transpose1d/plain", F.conv_transpose1d, X(2, 2, 4), X(2, 3, 3), X(3))
    case("conv_transpose1d/general",
         lambda x, w, b: F.conv_transpose1d(x, w, b, 2, 1, 1, 2, 2), X(2, 4, 3), X(4, 1, 3), X(2))
    case("conv_transpose1d/single", F.conv_transpose1d, X(2, 4), X(2, 3, 3))
    case("max_pool2d/ceil", lambda x: F.max_pool2d(x, (2, 3), (2, 2), (0, 1), 1, True), X(2, 2, 5, 6))
    for name, shape in (("plain", (2, 2, 5, 4)), ("single", (2, 4, 4))):
        case("max_pool2d_with_indices/" + name, lambda x: max_pool_indices(
            x, lambda v: F.max_pool2d(v, 2, return_indices=True)), X(*shape))
    case("avg_pool2d/plain", lambda x: F.avg_pool2d(x, 2), X(2, 3, 5, 4))
    case("avg_pool2d/padded", lambda x: F.avg_pool2d(x, (3, 2), (2, 1), 1), X(2, 2, 6, 5))
    case("avg_pool2d/inside", lambda x: F.avg_pool2d(x, (3, 2), (2, 1), 1, True, False), X(2, 2, 6, 5))
    case("avg_pool2d/divided", lambda x: F.avg_pool2d(x, 3, 2, 1, True, True, -2), X(1, 2, 6, 4))
    case("avg_pool2d/single", lambda x: F.avg_pool2d(x, 2), X(2, 4, 4))
    case("avg_pool2d/no_images", lambda x: F.avg_pool2d(x, 2), X(0, 2, 4, 4))
    case("adaptive_avg_pool2d/uneven", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), X(2, 2, 5, 4))
    case("adaptive_avg_pool2d/more", lambda x: F.adaptive_avg_pool2d(x, (None, 6)), X(2, 2, 3, 4))
    case("adaptive_avg_pool2d/one", lambda x: F.adaptive_avg_pool2d(x, 1), X(2, 3, 4))
    case("adaptive_max_pool2d/even", lambda x: F.adaptive_max_pool2d(x, (2, 2)), X(2, 2, 4, 6))
    case("adaptive_max_pool2d/uneven", lambda x: max_pool_indices(
        x, lambda v: F.adaptive_max_pool2d(v, (3, None), True)), X(2, 2, 5, 4))
    case("max_pool1d/plain", lambda x: F.max_pool1d(x, 2), X(2, 3, 5))
    case("max_pool1d/indices", lambda x: max_pool_indices(
        x, lambda v: F.max_pool1d(v, 3, 2, 1, 1, True, True)), X(2, 6))
    case("avg_pool1d/plain", lambda x: F.avg_pool1d(x, 2), X(2, 3, 5))
    case("avg_pool1d/inside", lambda x: F.avg_pool1d(x, 3, 2, 1, True, False), X(2, 6))
    case("adaptive_avg_pool1d/uneven", lambda x: F.adaptive_avg_pool1d(x, 3), X(2, 3, 5))


def norms():
    mean, var = X(3), X(3, low=0.5, high=2)
    for name, x in (("batch", (4, 3)), ("images", (2, 3, 2, 2))):
        case("batch_norm/" + name, lambda x, w, b: F.batch_norm(x, None, None, w, b, True, 0.1, 0.1),
             X(*x), X(3), X(3))
    case("batch_norm/evaluated", evaluated, X(2, 3, 2), mean, var)
    case("batch_norm/single", lambda x, m, v: evaluated(x[None], m, v)[0], X(3), mean, var)
    case("batch_norm/empty", lambda x, w, b: F.batch_norm(x, None, None, w, b, True, 0.1, 0.1),
         X(0, 3), X(3), X(3))
    case("instance_norm/plain", lambda x, w, b: F.instance_norm(x, None, None, w, b, eps=0.1),
         X(2, 3, 4), X(3), X(3))
    case("instance_norm/evaluated", evaluated, X(2, 3, 2), mean, var)
    case("group_norm/images", lambda x, w, b: F.group_norm(x, 2, w, b, 0.1), X(2, 4, 2, 3), X(4), X(4))
    case("group_norm/vectors", lambda x: F.group_norm(x, 1, None, None, 0.1), X(3, 4))
    case("group_norm/empty", lambda x, w, b: F.group_norm(x, 2, w, b, 0.1), X(0, 4, 2), X(4), X(4))
    case("layer_norm/last", lambda x, w, b: F.layer_norm(x, (4,), w, b, 0.1), X(2, 3, 4), X(4), X(4))
    case("layer_norm/two", lambda x, w: F.layer_norm(x, (3, 4), w, None, 0.1), X(2, 3, 4), X(3, 4))
    case("layer_norm/plain", lambda x: F.layer_norm(x, (4,), None, None, 0.1), X(4))
    case("layer_norm/empty", lambda x, w, b: F.layer_norm(x, (4,), w, b, 0.1), X(0, 3, 4), X(4), X(4))


def evaluated(x, mean, var):
    shape = [1, 3] + [1] * (x.dim() - 2)
    return (x - mean.reshape(shape)) / torch.sqrt(var.reshape(shape) + 0.1)


def contractions():
    def einsum(name, equation, *shapes):
        case("einsum/" + name, lambda *xs: torch.einsum(equation, *xs), *(X(*s) for s in shapes))
    einsum("product", "ij,jk->ik", (2, 3), (3, 4))
    einsum("implicit", "ik,kj", (2, 3), (3, 4))
    einsum("batch", "bij, bjk -> bik", (2, 2, 3), (2, 3, 2))
    einsum("ellipsis", "...ij,...jk->...ik", (2, 1, 2, 3), (3, 3, 2))
    einsum("ellipsis_summed", "...ik, ...j -> ij", (2, 2, 3), (3,))
    einsum("trace", "ii", (3, 3))
    einsum("diagonals", "iijkk->ji", (2, 2, 3, 2, 2))
    einsum("sum", "ij->i", (2, 3))
    einsum("transpose", "ij->ji", (2, 3))
    einsum("itself", "ij", (2, 3))
    einsum("outer", "ij,Ab->ijAb", (2, 1), (2, 2))
    einsum("three", "ai,bij,cj->abc", (2, 3), (2, 3, 2), (2, 2))
    einsum("one_has_it", "ij,k->k", (2, 3), (2,))
    einsum("empty", "ij,jk->ik", (2, 0), (0, 3))
    case("bilinear/bias", F.bilinear, X(2, 3), X(2, 4), X(2, 3, 4), X(2))
    case("bilinear/plain", F.bilinear, X(2, 2, 3), X(2, 2, 2), X(2, 3, 2))
    case("bilinear/vectors", F.bilinear, X(3), X(2), X(2, 3, 2))


def losses():
    for name, f in (("softmax", F.softmax), ("log_softmax", F.log_softmax)):
        case(name + "/last", lambda x: f(x, -1), X(3, 5, low=-4, high=4))
        case(name + "/first", lambda x: f(x, 0), X(3, 5, 2, low=-4, high=4))
        case(name + "/scalar", lambda x: f(x, 0), X())
        case(name + "/empty", lambda x: f(x, -1), X(0, 3))
    case("dropout/some", lambda x: dropout(x, 0.4), X(4, 5))
    case("dropout/none", lambda x: dropout(x, 0.0), X(3))
    case("dropout/all", lambda x: F.dropout(x, 1.0), X(3))
    case("dropout/empty", lambda x: x * 1, X(0, 5))
    x, target = X(5, 3, low=-4, high=4), Index(3, 5)
    image, targets = X(2, 3, 2, 2, low=-4, high=4), Index(3, 2, 2, 2)
    case("cross_entropy/mean", F.cross_entropy, x, target)
    case("cross_entropy/sum", lambda a, t: F.cross_entropy(a, t, reduction="sum"), x, target)
    case("cross_entropy/none", lambda a, t: F.cross_entropy(a, t, reduction="none"), x, target)
    case("cross_entropy/ignore", lambda a, t: F.cross_entropy(a, t, ignore_index=1), x, target)
    case("cross_entropy/images", F.cross_entropy, image, targets)
    case("cross_entropy/images_none",
         lambda a, t: F.cross_entropy(a, t, ignore_index=1, reduction="none"), image, targets)
    case("cross_entropy/mean_of_no_rows", F.cross_entropy, X(0, 3), Index(3, 0))
    case("cross_entropy/no_rows", lambda a, t: F.cross_entropy(a, t, reduction="sum"),
         X(0, 3), Index(3, 0))

    def entropy(reduction, ignore_index, smoothing):
        return lambda a, t, *w: F.cross_entropy(
            a, t, reduction=reduction, ignore_index=ignore_index, label_smoothing=smoothing,
            weight=(w[0] + 1) * 0.5 if w else None)
    case("cross_entropy/weighted", entropy("mean", 1, 0), x, target, Index(3, 3))
    case("cross_entropy/weighted_images", entropy("sum", -100, 0), image, targets, Index(3, 3))
    case("cross_entropy/smoothed", entropy("mean", 1, 0.3), x, target)
    case("cross_entropy/weighted_smoothed", entropy("mean", 1, 0.3), image, targets, Index(3, 3))
    case("cross_entropy/weighted_smoothed_none", entropy("none", 1, 1), image, targets, Index(3, 3))
    lines, p = X(2, 3, 2, low=-4, high=4), X(2, 3, 2, low=0, high=1)
    case("cross_entropy/probable", entropy("mean", -100, 0.3), lines, p, Index(3, 3))
    case("cross_entropy/probable_none", entropy("none", -100, 0), lines, p)
    case("cross_entropy/one", entropy("none", -100, 0), X(3), Index(3))
    case("cross_entropy/one_probable", entropy("none", -100, 0), X(3), X(3, low=0, high=1))
    case("cross_entropy/one_smoothed", entropy("mean", -100, 0.3), X(3), Index(3))
    # The sum, divided by what was counted.
    case("cross_entropy_counted/divided", lambda a, t: F.cross_entropy(a, t, ignore_index=1), x, target)
    case("cross_entropy_counted/images", lambda a, t: F.cross_entropy(a, t, ignore_index=1), image, targets)
    case("mse_loss/mean", F.mse_loss, X(3, 4), X(3, 4))
    case("mse_loss/sum", lambda a, b: F.mse_loss(a, b, reduction="sum"), X(3, 4), X(3, 4))
    case("mse_loss/none", lambda a, b: F.mse_loss(a, b, reduction="none"), X(3, 4), X(3, 4))
    case("mse_loss/broadcast", lambda a, b: F.mse_loss(a, b.expand_as(a)), X(3, 4), X(4))
    case("mse_loss/mean_of_nothing", F.mse_loss, X(0, 4), X(0, 4))
    case("mse_loss/sum_of_nothing", lambda a, b: F.mse_loss(a, b, reduction="sum"), X(0, 4), X(0, 4))


def one(name, f, low, high):
    case(name + "/matrix", f, X(3, 5, low=low, high=high))
    case(name + "/empty", f, X(3, 0, 2))


def pair(name, f, low, high):
    case(name + "/same", f, X(2, 3, low=low, high=high), X(2, 3, low=low, high=high))
    case(name + "/row", f, X(3, 4, low=low, high=high), X(4, low=low, high=high))
    case(name + "/empty", f, X(0, 3), X(1, 3))


def functions():
    one("sin", torch.sin, -9, 9)
    one("cos", torch.cos, -9, 9)
    one("erf", torch.erf, -3, 3)
    one("erfc", torch.erfc, -3, 3)
    one("expm1", torch.expm1, -3, 3)
    one("log1p", torch.log1p, -0.9, 3)
    one("log2", torch.log2, 0.1, 4)
    one("rsqrt", torch.rsqrt, 0.3, 2)
    one("reciprocal", torch.reciprocal, 0.5, 2)
    one("xlogx", lambda x: torch.xlogy(x, x), 0.1, 2)
    for name, f in (("sgn", torch.sign), ("floor", torch.floor), ("ceil", torch.ceil), ("round", torch.round),
                    ("trunc", torch.trunc)):
        one(name, f, -3, 3)
    one("pow_scalar", lambda x: x ** 2.5, 0.1, 2)
    one("clamp", lambda x: x.clamp(-0.5, 0.75), -2, 2)
    one("clamp_min", lambda x: x.clamp_min(-0.5), -2, 2)
    one("clamp_max", lambda x: x.clamp_max(-0.5), -2, 2)
    one("elu", lambda x: F.elu(x, 1.5), -3, 3)
    one("celu", lambda x: F.celu(x, 1.5), -3, 3)
    one("selu", F.selu, -3, 3)
    one("gelu", F.gelu, -3, 3)
    one("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), -3, 3)
    one("silu", F.silu, -3, 3)
    one("mish", F.mish, -3, 3)
    one("softplus", lambda x: F.softplus(x, 2, 3), -3, 3)
    one("logsigmoid", F.logsigmoid, -3, 3)
    one("softsign", F.softsign, -3, 3)
    one("tanhshrink", F.tanhshrink, -3, 3)
    one("hardtanh", lambda x: F.hardtanh(x, -1, 0.5), -3, 3)
    one("relu6", F.relu6, -9, 9)
    one("hardsigmoid", lambda x: F.relu6(x + 3) / 6, -5, 5)  # whose gradient PyTorch has with 1/6 in f32
    one("hardswish", F.hardswish, -5, 5)
    one("hardshrink", F.hardshrink, -2, 2)
    one("softshrink", F.softshrink, -2, 2)
    one("threshold", lambda x: F.threshold(x, 0.5, -2), -2, 2)
    one("smooth_abs", lambda x: F.smooth_l1_loss(x, torch.zeros_like(x), beta=0.7, reduction="none"), -2, 2)
    pair("maximum", torch.maximum, -1, 1)
    pair("minimum", torch.minimum, -1, 1)
    pair("pow", torch.pow, 0.3, 2)
    pair("leaky", lambda a, b: torch.where(a > 0, a, b * a), -1, 1)
    pair("xlogy", torch.xlogy, 0.3, 2)
    pair("bce", lambda a, b: -(b * a.log().clamp_min(-100) + (1 - b) * (1 - a).log().clamp_min(-100)), 0.05, 0.95)
    case("prelu/channels", F.prelu, X(2, 3, 4), X(3))
    case("prelu/one", F.prelu, X(2, 3), X(1))
    case("prelu/vector", F.prelu, X(4), X(1))
    case("prelu/empty", lambda x, w: x * w, X(0, 3), X(3))
    case("lerp/row", torch.lerp, X(2, 3), X(2, 3), X(3))
    case("lerp/empty", torch.lerp, X(0, 3), X(3), X(3))
    case("lerp_scalar/row", lambda a, b: torch.lerp(a, b, 0.3), X(2, 3), X(3))
    case("lerp_scalar/empty", lambda a, b: torch.lerp(a, b, 0.3), X(0, 3), X(3))
    case("addcmul/row", lambda x, a, b: torch.addcmul(x, a, b, value=-0.7), X(2, 3), X(2, 3), X(3))
    case("addcmul/empty", lambda x, a, b: torch.addcmul(x, a, b, value=-0.7), X(0, 3), X(3), X(3))
    case("addcdiv/row", lambda x, a, b: torch.addcdiv(x, a, b, value=-0.7),
         X(2, 3), X(2, 3), X(3, low=0.5, high=2))
    case("addcdiv/empty", lambda x, a, b: torch.addcdiv(x, a, b, value=-0.7),
         X(0, 3), X(3), X(3, low=0.5, high=2))
    case("glu/last", lambda x: F.glu(x, -1), X(3, 4))
    case("glu/first", lambda x: F.glu(x, 0), X(4, 3))
    case("glu/empty", lambda x: x * 1, X(3, 0))


def reduce(x, r):
    return x if r == "none" else getattr(x, r)()


def loss(name, f, *inputs):
    """f takes the inputs and a reduction."""
    for r in ("mean", "sum", "none"):
        case(name + "/" + r, lambda *x: f(*x, r), *inputs)


def composed_losses():
    a, b, signs = X(3, 4), X(3, 4), Index(2, 3, 4)
    loss("l1_loss", lambda x, t, r: F.l1_loss(x, t, reduction=r), a, b)
    loss("smooth_l1_loss", lambda x, t, r: F.smooth_l1_loss(x, t, beta=0.5, reduction=r), a, b)
    loss("huber_loss", lambda x, t, r: F.huber_loss(x, t, delta=0.5, reduction=r), a, b)
    # Weights have no gradient in PyTorch; here they do.
    loss("binary_cross_entropy", lambda x, t, w, r: reduce(F.binary_cross_entropy(x, t, reduction="none") * w, r),
         X(3, 4, low=0.05, high=0.95), X(3, 4, low=0, high=1), X(4))
    loss("binary_cross_entropy_with_logits", lambda x, t, w, p, r: reduce(F.binary_cross_entropy_with_logits(
        x, t, pos_weight=p.detach(), reduction="none") * w, r),
        X(3, 4, low=-3, high=3), X(3, 4, low=0, high=1), X(3, 4), X(4, low=0.5, high=2))
    loss("kl_div", lambda x, t, u, r: F.kl_div(x, t, reduction=r) + F.kl_div(x, u, reduction=r, log_target=True),
         X(3, 4, low=-3, high=0), X(3, 4, low=0.1, high=1), X(3, 4, low=-3, high=0))
    loss("gaussian_nll_loss", lambda x, t, v, r: F.gaussian_nll_loss(x, t, v, full=True, eps=0.4, reduction=r),
         a, b, X(3, low=0.5, high=2))
    loss("poisson_nll_loss", lambda x, t, r: F.poisson_nll_loss(x, t, full=True, reduction=r)
         + F.poisson_nll_loss(x, t, log_input=False, reduction=r), X(3, 4, low=0.2, high=2), X(3, 4, low=0, high=4))
    loss("soft_margin_loss", lambda x, t, r: F.soft_margin_loss(x, 1. - 2 * t, reduction=r), a, signs)
    loss("hinge_embedding_loss", lambda x, t, r: F.hinge_embedding_loss(x, 1. - 2 * t, 0.5, reduction=r), a, signs)
    loss("margin_ranking_loss", lambda x, y, t, r: F.margin_ranking_loss(x, y, 1. - 2 * t, 0.3, reduction=r),
         X(5), X(5), Index(2, 5))
    loss("cosine_embedding_loss", lambda x, y, t, r: F.cosine_embedding_loss(x, y, 1. - 2 * t, -0.2, reduction=r),
         X(5, 3), X(5, 3), Index(2, 5))
    loss("triplet_margin_loss", lambda x, y, z, r: F.triplet_margin_loss(x, y, z, reduction=r)
         + F.triplet_margin_loss(x, y, z, p=3, swap=True, reduction=r), X(4, 3), X(4, 3), X(4, 3))
    x, target, weight = X(5, 3), Index(3, 5), Index(3, 3)
    loss("nll_loss", lambda x, t, w, r: F.nll_loss(x, t, (w + 1) * 0.5, ignore_index=1, reduction=r), x, target, weight)
    case("nll_loss/images", lambda x, t, w: F.nll_loss(x, t, (w + 1) * 0.5, ignore_index=1, reduction="none"),
         X(2, 3, 2, 2), Index(3, 2, 2, 2), weight)
    case("nll_loss/plain", F.nll_loss, x, target)
    case("nll_loss/one", lambda x, t: F.nll_loss(x, t, reduction="none"), X(3), Index(3))
    for r, p in ("mean", 1), ("sum", 2), ("none", 2):
        case("multi_margin_loss/" + r, lambda x, t, w: F.multi_margin_loss(
            x, t, p=p, margin=0.7, weight=(w + 1) * 0.5, reduction=r), x, target, weight)
    case("multi_margin_loss/one", lambda x, t: F.multi_margin_loss(x, t, reduction="none"), X(3), Index(3))
    case("renorm/rows", lambda x: torch.renorm(x, 2, 0, 1), X(4, 3))
    case("renorm/columns", lambda x: torch.renorm(x, 3, -1, 0.9), X(2, 2, 3))
    case("normalize/rows", F.normalize, X(3, 4))
    case("normalize/columns", lambda x: F.normalize(x, 3, 0), X(3, 4))
    case("normalize/bounded", lambda x: F.normalize(x, 1, -1, 1.5), X(3, 4))
    case("cosine_similarity/rows", lambda x, y: F.cosine_similarity(x, y, 1), a, b)
    case("cosine_similarity/columns", lambda x, y: F.cosine_similarity(x, y, 0, 0.5), a, b)
    case("cosine_similarity/to_zero", lambda x, y: F.cosine_similarity(x * 0, y, 1), X(2, 3), X(2, 3))
    case("pairwise_distance/two", F.pairwise_distance, a, b)
    case("pairwise_distance/five", lambda x, y: F.pairwise_distance(x, y, 5, keepdim=True), a, b)


def resampling():
    def to(name, mode, *shape, **options):
        case("interpolate/" + name, lambda x: F.interpolate(x, mode=mode, **options), X(*shape))

    to("nearest_size", "nearest", 2, 2, 3, size=5)
    to("nearest_scale", "nearest", 1, 1, 2, 5, scale_factor=(1.7, 0.6))
    to("nearest_exact", "nearest-exact", 1, 1, 3, 3, size=(4, 7))
    to("nearest_volume", "nearest", 1, 1, 2, 2, 3, size=(1, 3, 2))
    to("linear_size", "linear", 1, 2, 3, size=7)
    to("linear_scale", "linear", 1, 1, 3, scale_factor=1.7)
    to("linear_aligned", "linear", 2, 2, 3, size=1, align_corners=True)
    to("bilinear_both", "bilinear", 1, 1, 4, 3, size=(2, 7))
    to("bilinear_aligned", "bilinear", 1, 1, 2, 4, size=(5, 3), align_corners=True)
    to("bilinear_same", "bilinear", 1, 1, 2, 3, size=(2, 3), align_corners=True)
    to("bicubic_size", "bicubic", 1, 1, 3, 4, size=(5, 3))
    to("bicubic_scale", "bicubic", 1, 1, 2, 3, scale_factor=1.7)
    to("bicubic_aligned", "bicubic", 1, 1, 1, 3, size=(3, 6), align_corners=True)
    to("trilinear_size", "trilinear", 1, 1, 2, 3, 2, size=(3, 1, 3))
    to("area_size", "area", 1, 1, 5, 3, size=(3, 7))
    to("area_line", "area", 1, 1, 8, scale_factor=0.4)


def attention():
    q, k, v = X(2, 3, 4), X(2, 5, 4), X(2, 5, 2)
    name = "scaled_dot_product_attention/"
    attend = F.scaled_dot_product_attention

    def truths(q, k, v, mask):
        causal = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril()
        return attend(q, k, v, mask.bool() & causal, scale=0.3)
    case(name + "plain", attend, q, k, v)
    case(name + "mask", attend, q, k, v, X(3, 5))
    case(name + "causal", lambda q, k, v: attend(q, k, v, is_causal=True), q, k, v)
    case(name + "truths", truths, q, k, v, Index(2, 3, 5))
    case(name + "empty_rows", truths, X(2, 5, 4), X(2, 3, 4), X(2, 3, 2), Index(2, 5, 1))
    case(name + "dropped", lambda q, k, v: dropout(torch.softmax(q @ k.mT / 2, -1), 0.4) @ v, q, k, v)
    case(name + "weights", lambda q, k: attend(q, k, torch.eye(3)), X(3, 2), X(3, 2))
    additive()
    heads()
    transformers()


def cut(flat, *shapes):
    """Weights of these shapes, one behind the other in a flat input, or in one of 0 … 200: -1 … 1."""
    if not flat.is_floating_point():
        flat = (flat - 100) * 0.01
    sizes = [torch.Size(shape).numel() for shape in shapes]
    assert sum(sizes) == flat.numel()
    return [part.reshape(shape) for part, shape in zip(flat.split(sizes), shapes)]


def additive():
    def weights_of(q, k, v, b, mask=None):
        scores = torch.tanh(q.unsqueeze(2) + k.unsqueeze(1) + b) @ v
        return torch.softmax(scores if mask is None else scores.masked_fill(~mask.bool(), -math.inf), -1)

    def cut_weights(q, k, flat, mask=None):
        w, u, v, b = cut(flat, (3, 2), (3, 4), (3,), (3,))
        return weights_of(q @ w.mT, k @ u.mT, v, b, mask)
    q, k = X(2, 3, 2), X(2, 5, 4)
    case("additive_attention/plain", lambda q, k, flat: cut_weights(q, k, flat) @ k, q, k, X(24))
    case("additive_attention/weights", cut_weights, q, k, X(24), Index(2, 2, 1, 5))
    case("additive_attention/projected", lambda q, k, v, s: weights_of(q, k, s, s) @ v,
         X(2, 1, 3), X(2, 4, 3), X(2, 4, 2), X(3))


def multihead(q, k, v, heads, w, out, b=None, out_b=None, bias=None, zero=False, **options):
    """q, k and v are (L, N, E)"""
    return F.multi_head_attention_forward(q, k, v, q.shape[-1], heads, w, b, bias, bias, zero, 0., out, out_b,
                                          **options)


def multihead_by_sample(q, k, v, *args, **options):
    return multihead(*(x.transpose(0, 1) for x in (q, k, v)), *args, **options)[0].transpose(0, 1)


def split_heads(x, w, b, heads):
    return (F.linear(x, w, b)).unflatten(-1, (heads, -1)).transpose(-2, -3)


def dropped_heads(q, k, heads, w, out, b=None, out_b=None, mask=None, part=0):
    """By hand, with a dropout of weights whose places are known."""
    w, b = w.chunk(3), (None,) * 3 if b is None else b.chunk(3)
    q, k, v = (split_heads(x, *wb, heads) for x, *wb in zip((q, k, k), w, b))
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    weights = torch.softmax(scores if mask is None else scores + mask, -1)
    return F.linear((dropout(weights, 0.4, part) @ v).transpose(-2, -3).flatten(-2), out, out_b)


def heads():
    name = "multihead_attention/"
    case(name + "biased", lambda x, w, b, o: multihead_by_sample(x, x, x, 2, w, o, b),
         X(2, 3, 4), X(12, 4), X(12), X(4, 4))
    case(name + "masked", lambda x, w, o, m: multihead_by_sample(x, x, x, 1, w, o, attn_mask=m),
         X(2, 3, 2), X(6, 2), X(2, 2), X(3, 3))
    case(name + "extended", lambda x, w, o, b: multihead(x, x, x, 2, w, o, bias=b, zero=True)[0],
         X(3, 2, 4), X(12, 4), X(4, 4), X(1, 1, 4))

    def causal(rows, columns):
        return torch.full((rows, columns), -math.inf).triu(1)
    case(name + "causal", lambda x, w, o, q: multihead_by_sample(q, x, x, 2, w, o, attn_mask=causal(2, 3)),
         X(2, 3, 4), X(12, 4), X(4, 4), X(2, 2, 4))
    case(name + "causal_extended",
         lambda x, w, o, m: multihead_by_sample(x, x, x, 2, w, o, zero=True, attn_mask=causal(3, 3),
                                                key_padding_mask=m.bool()),
         X(2, 3, 4), X(12, 4), X(4, 4), Index(2, 2, 3))
    case(name + "dropped", lambda x, w, o: dropped_heads(x, x, 2, w, o), X(2, 3, 4), X(12, 4), X(4, 4))

    def own(q, k, v, flat):
        wq, wk, wv, o, ob = cut(flat, (4, 4), (4, 3), (4, 2), (4, 4), (4,))
        return multihead_by_sample(q, k, v, 2, None, o, torch.arange(12) * 0.1, ob, use_separate_proj_weight=True, q_proj_weight=wq,
                                   k_proj_weight=wk, v_proj_weight=wv)
    case(name + "own", own, X(2, 2, 4), X(2, 3, 3), X(2, 3, 2), X(56))
    mask = torch.tensor([False, False, True])
    case(name + "weights", lambda x, w, o: multihead(x, x, x, 2, w, o, key_padding_mask=mask)[1],
         X(3, 4), X(12, 4), X(4, 4))


def run_cut(module, flat, *args, **options):
    """A module with its parameters cut from a flat input, in their order."""
    names, shapes = zip(*((name, p.shape) for name, p in module.named_parameters()))
    return torch.func.functional_call(module, dict(zip(names, cut(flat, *shapes))), args, options)


def dropped_encoder(x, flat):
    w, b, o, ob, w1, b1, w2, b2, g1, h1, g2, h2 = cut(
        flat, (12, 4), (12,), (4, 4), (4,), (3, 4), (3,), (4, 3), (4,), (4,), (4,), (4,), (4,))
    x = F.layer_norm(x + dropout(dropped_heads(x, x, 2, w, o, b, ob, part=0), 0.4, 1), (4,), g1, h1)
    hidden = dropout(F.relu(F.linear(x, w1, b1)), 0.4, 4)
    return F.layer_norm(x + dropout(F.linear(hidden, w2, b2), 0.4, 5), (4,), g2, h2)


def dropped_decoder(x, memory, flat):
    w, b, o, ob, mw, mb, mo, mob, w1, b1, w2, b2, g1, h1, g2, h2, g3, h3 = cut(
        flat, *((12, 4), (12,), (4, 4), (4,)) * 2, (3, 4), (3,), (4, 3), (4,), *((4,),) * 6)
    causal = torch.full((x.shape[-2],) * 2, -math.inf).triu(1)
    x = F.layer_norm(x + dropout(dropped_heads(x, x, 2, w, o, b, ob, causal, 0), 0.4, 1), (4,), g1, h1)
    x = F.layer_norm(x + dropout(dropped_heads(x, memory, 2, mw, mo, mb, mob, part=2), 0.4, 3), (4,), g2, h2)
    hidden = dropout(F.relu(F.linear(x, w1, b1)), 0.4, 4)
    return F.layer_norm(x + dropout(F.linear(hidden, w2, b2), 0.4, 5), (4,), g3, h3)


def transformers():
    plain = {"dim_feedforward": 3, "dropout": 0., "batch_first": True}
    first = {**plain, "norm_first": True, "activation": "gelu", "layer_norm_eps": 0.1}

    def causal(x):
        return torch.ones((x.shape[-2],) * 2, dtype=torch.bool).triu(1)

    def of(name, module, run, *inputs):
        case(name, lambda *xs: run(module, *xs), *inputs)
    name = "transformer_encoder_layer/"

    def encode(layer, x, flat):
        return run_cut(layer, flat, x)
    of(name + "plain", nn.TransformerEncoderLayer(4, 2, **plain), encode, X(2, 3, 4), X(127))
    case(name + "masked", masked_encoder, X(2, 3, 4), Index(201, 127), Index(2, 2, 3))
    case(name + "dropped", dropped_encoder, X(2, 2, 4), Index(201, 127))
    name = "transformer_decoder_layer/"
    of(name + "first", nn.TransformerDecoderLayer(4, 2, **first),
       lambda layer, x, memory, flat, m: run_cut(layer, flat, x, memory, tgt_mask=causal(x), memory_mask=m),
       X(2, 2, 4), X(2, 3, 4), Index(201, 215), X(2, 3))
    case(name + "dropped", dropped_decoder, X(1, 2, 4), X(1, 3, 4), Index(201, 215))
    of("transformer_encoder/one",
       nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, **plain), 1, nn.LayerNorm(4)), encode,
       X(2, 2, 4), Index(201, 135))
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, **first), 1, nn.LayerNorm(4, eps=0.1))
    of("transformer_decoder/one", decoder, lambda layer, x, memory, flat: run_cut(layer, flat, x, memory),
       X(2, 4), X(3, 4), Index(201, 223))

    def whole(decoder, src, tgt, flat):
        gain, bias = cut(flat[:8], (4,), (4,))
        return run_cut(decoder, flat[8:], tgt, F.layer_norm(src, (4,), gain, bias), tgt_mask=causal(tgt))
    of("transformer/whole", nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, **plain), 1, nn.LayerNorm(4)),
       whole, X(2, 3, 4), X(2, 2, 4), Index(201, 231))


def masked_encoder(x, flat, mask):
    """By hand: a row of which nothing takes part is 0 here, NaN in torch.nn's own."""
    w, b, o, ob, w1, b1, w2, b2, g1, h1, g2, h2 = cut(
        flat, (12, 4), (12,), (4, 4), (4,), (3, 4), (3,), (4, 3), (4,), (4,), (4,), (4,), (4,))
    q, k, v = (split_heads(x, *wb, 2) for wb in zip(w.chunk(3), b.chunk(3)))
    takes_part = ~mask.bool()[:, None, None, :] & torch.ones(3, 3, dtype=torch.bool).tril()
    y = F.scaled_dot_product_attention(q, k, v, takes_part).transpose(-2, -3).flatten(-2)
    x = F.layer_norm(x + F.linear(y, o, ob), (4,), g1, h1)
    return F.layer_norm(x + F.linear(F.relu(F.linear(x, w1, b1)), w2, b2), (4,), g2, h2)


def responses():
    for name, size, *shape in (("two", 2, 2, 5, 2, 2), ("three", 3, 2, 4, 3), ("empty", 2, 0, 2, 2)):
        numbers_of = {2: (0.3, 0.5, 1.25), 3: (0.5, 0.75, 1)}[size]
        case("local_response_norm/" + name, lambda x: F.local_response_norm(x, size, *numbers_of), X(*shape))


RNNS = {"lstm": torch.lstm, "gru": torch.gru, "rnn_tanh": torch.rnn_tanh, "rnn_relu": torch.rnn_relu}


def flat(y, *states):
    return torch.cat([t.reshape(-1) for t in (y,) + states])


def rnn(kind, x, weights, states=None, bias=False, layers=1, proj=None, both=False, batch_first=False, lengths=None):
    """The result and the last states, which begin with `states` or zeros; of one sequence with a batch of 1."""
    f, directions = RNNS[kind], 2 if both else 1
    hidden = weights[0].shape[0] // {"lstm": 4, "gru": 3}.get(kind, 1)
    n = x.shape[0 if batch_first else 1]
    if states is None:
        states = [torch.zeros(layers * directions, n, proj or hidden), torch.zeros(layers * directions, n, hidden)]
        states = states if kind == "lstm" else states[:1]
    hx = list(states) if kind == "lstm" else states[0]
    if lengths is None:
        return f(x, hx, weights, bias, layers, 0., False, both, batch_first)
    order = torch.tensor(lengths).argsort(descending=True)
    back = order.argsort()
    hx = [h[:, order] for h in states]
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first, enforce_sorted=False)
    y, *last = f(packed.data, packed.batch_sizes, hx if kind == "lstm" else hx[0], weights, bias, layers, 0., False, both)
    y = torch.nn.utils.rnn.pad_packed_sequence(
        torch.nn.utils.rnn.PackedSequence(y, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices),
        batch_first)[0]
    return (y, *(h[:, back] for h in last))


def dropped_layers(x, *w):
    return rnn("rnn_tanh", dropout(rnn("rnn_tanh", x, w[:2])[0], 0.25), w[2:])[0]


def recurrent():
    name = "rnn/"
    case(name + "lstm", lambda x, *w: rnn("lstm", x, w, bias=True)[0], X(3, 2, 2), X(12, 2), X(12, 3), X(12), X(12))
    case(name + "lstm_states", lambda x, a, b, h, c: flat(*rnn("lstm", x, (a, b), (h, c))),
         X(3, 2, 2), X(12, 2), X(12, 3), X(1, 2, 3), X(1, 2, 3))
    case(name + "lstm_projected", lambda x, a, b, r, h, c: flat(*rnn("lstm", x, (a, b, r), (h, c))),
         X(2, 3, 2), X(12, 2), X(12, 2), X(2, 3), X(1, 3, 2), X(1, 3, 3))
    case(name + "lstm_one", lambda x, a, b, h, c: flat(*rnn("lstm", x[:, None], (a, b), (h[:, None], c[:, None]))),
         X(3, 2), X(8, 2), X(8, 2), X(1, 2), X(1, 2))
    case(name + "lstm_one_biased", lambda x, a, b, u, v, h, c:
         flat(*rnn("lstm", x[:, None], (a, b, u, v), (h[:, None], c[:, None]), bias=True)),
         X(3, 2), X(8, 2), X(8, 2), X(8), X(8), X(1, 2), X(1, 2))
    case(name + "gru", lambda x, a, b, u, v, h: flat(*rnn("gru", x, (a, b, u, v), (h,), bias=True, batch_first=True)),
         X(2, 3, 2), X(9, 2), X(9, 3), X(9), X(9), X(1, 2, 3))
    case(name + "gru_both_ways", lambda x, a, b, u, v, h: flat(*rnn("gru", x, (a, b, u, v), (h,), both=True)),
         X(3, 2, 2), X(6, 2), X(6, 2), X(6, 2), X(6, 2), X(2, 2, 2))
    case(name + "tanh_layers", lambda x, a, b, u, v, h: flat(*rnn("rnn_tanh", x, (a, b, u, v), (h,), layers=2)),
         X(3, 2, 2), X(3, 2), X(3, 3), X(3, 3), X(3, 3), X(2, 2, 3))
    case(name + "relu_one", lambda x, *w: flat(*rnn("rnn_relu", x[:, None], w, bias=True)),
         X(4, 2), X(3, 2), X(3, 3), X(3), X(3))
    case(name + "dropout", dropped_layers, X(3, 2, 2), X(3, 2), X(3, 3), X(3, 3), X(3, 3))
    case(name + "evaluated", lambda x, *w: rnn("rnn_tanh", x, w, layers=2)[0],
         X(3, 2, 2), X(3, 2), X(3, 3), X(3, 3), X(3, 3))
    lengths = [2, 3, 1]
    case(name + "ragged_lstm", lambda x, a, b, u, v, h, c:
         flat(*rnn("lstm", x, (a, b, u, v), (h, c), both=True, lengths=lengths)),
         X(3, 3, 2), X(8, 2), X(8, 2), X(8, 2), X(8, 2), X(2, 3, 2), X(2, 3, 2))
    case(name + "ragged_gru", lambda x, a, b, u, v, h:
         flat(*rnn("gru", x, (a, b, u, v), (h,), both=True, batch_first=True, lengths=lengths)),
         X(3, 3, 2), X(6, 2), X(6, 2), X(6, 2), X(6, 2), X(2, 3, 2))
    case(name + "ragged_tanh", lambda x, a, b, u, v, h:
         flat(*rnn("rnn_tanh", x, (a, b, u, v), (h,), layers=2, lengths=lengths)),
         X(3, 3, 2), X(2, 2), X(2, 2), X(2, 2), X(2, 2), X(2, 3, 2))
    for name, cell, gates in (("rnn_tanh_cell/", torch.rnn_tanh_cell, 1), ("rnn_relu_cell/", torch.rnn_relu_cell, 1),
                              ("gru_cell/", torch.gru_cell, 3)):
        case(name + "biased", cell, X(2, 3), X(2, 2), X(2 * gates, 3), X(2 * gates, 2), X(2 * gates), X(2 * gates))
        case(name + "one", lambda x, a, b: cell(x[None], torch.zeros(1, 2), a, b)[0],
             X(3), X(2 * gates, 3), X(2 * gates, 2))
    case("lstm_cell/biased", lambda x, h, c, *w: torch.stack(torch.lstm_cell(x, (h, c), *w)),
         X(2, 3), X(2, 2), X(2, 2), X(8, 3), X(8, 2), X(8), X(8))
    zeros = torch.zeros(1, 2)
    case("lstm_cell/one", lambda x, a, b: torch.lstm_cell(x[None], (zeros, zeros), a, b)[0][0],
         X(3), X(8, 3), X(8, 2))


print("/* Made by tests/golden/make_ops.py. */")
for family in (pointwise, in_place, reductions, views, copies, arrangements, pieces, choices, places,
               more_reductions, products, images, losses, windows, norms, contractions, attention, functions, composed_losses, responses,
               recurrent):
    family()
