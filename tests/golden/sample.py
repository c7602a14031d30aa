#!/usr/bin/python3
"""Expected values for tests/core/decode/test_sample.c: which tokens are drawn, written down a
second time, without a look at the C. What is drawn must never change: a seed names a text.

    tests/golden/sample.py > tests/golden/sample.inc
"""
import math
import struct

MASK = 0xffffffff
TOKEN = 0xffffff03


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def uniform(seed, row, position):
    words = philox([0, position, row, TOKEN], [seed & MASK, seed >> 32])
    return (words[0] << 21 | words[1] >> 11) / 2**53


def draw(log_p, temperature, top_k, top_p, u):
    """Softmax at that temperature; of its most probable top_k, renormalised, those before which
    less than top_p has been seen; of these, renormalised, the first whose cumulative sum exceeds u."""
    ranked = sorted(range(len(log_p)), key=lambda i: (-log_p[i], i))
    if temperature == 0:
        return ranked[0]
    weight = {i: math.exp(log_p[i] / temperature) for i in ranked}
    ranked = ranked[:top_k or None]
    whole = sum(weight[i] for i in ranked)
    kept, seen = [], 0
    for i in ranked:
        if seen < top_p:
            kept.append(i)
        seen += weight[i] / whole
    whole = sum(weight[i] for i in kept)
    seen = 0
    for i in kept:
        seen += weight[i] / whole
        if seen > u:
            return i
    return kept[-1]


def log_softmax(x):
    whole = math.log(sum(math.exp(v) for v in x))
    return [f32(v - whole) for v in x]


N = 12
MODELS = [log_softmax([a * math.sin(b * i + 1) for i in range(N)]) for a, b in ((1, 1), (4, 2), (0, 0))]
CASES = [(m, t, k, p, seed, row)
         for m in range(3)
         for t, k, p in ((0, 0, 1), (1, 0, 1), (0.5, 0, 1), (3, 0, 1), (1, 3, 1), (1, 1, 1), (1, 0, 0.9), (1, 0, 0.3),
                         (0.8, 6, 0.7), (1, 99, 1))
         for seed, row in ((0, 0), (1, 0), (0, 5), (2**40 + 3, 70000))]
print("/* Made by tests/golden/sample.py. */")
print(f"enum {{ GOLDEN_TOKENS = {N}, GOLDEN_LENGTH = 16 }};")
print("static const float golden_log_p[][GOLDEN_TOKENS] = {")
for model in MODELS:
    print("    {" + ", ".join(f"{v!r}" for v in model) + "},")
print("};")
print("static const struct {")
print("    int model;")
print("    double temperature;")
print("    int top_k;")
print("    double top_p;")
print("    uint64_t seed;")
print("    uint32_t row;")
print("    int64_t tokens[GOLDEN_LENGTH];")
print("} golden[] = {")
for m, t, k, p, seed, row in CASES:
    tokens = [draw(MODELS[m], t, k, p, uniform(seed, row, i)) for i in range(16)]
    print(f"    {{{m}, {t}, {k}, {p}, {seed}u, {row}u, {{{', '.join(map(str, tokens))}}}}},")
print("};")
