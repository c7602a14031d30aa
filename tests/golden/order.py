#!/usr/bin/python3
"""Expected values for tests/core/data/test_order.c: the sample order, written down a second
time, without a look at the C. An order that changes breaks every resumed run.

    tests/golden/order.py > tests/golden/order.inc
"""
from math import isqrt

MASK = 0xffffffff
ORDER = 0xffffff01


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def order_at(seed, n, epoch, position):
    columns = isqrt(n - 1) + 1 if n > 1 else 1
    rows = -(-n // columns)

    def draw(rnd, coordinate, bound):
        word = philox([coordinate & MASK, epoch & MASK, (epoch >> 32 << 8 | rnd) & MASK, ORDER],
                      [seed & MASK, seed >> 32])[0]
        return word * bound >> 32

    cell = position
    while True:
        row, column = divmod(cell, columns)
        for rnd in range(0, 8, 2):
            row = (row + draw(rnd, column, rows)) % rows
            column = (column + draw(rnd + 1, row, columns)) % columns
        cell = row * columns + column
        if cell < n:
            return cell


print("/* Made by tests/golden/order.py. */")
print("static const struct {")
print("    uint64_t seed, n_samples, epoch, position, sample;")
print("} golden[] = {")
CASES = [(0, 10, 0, p) for p in range(10)]
CASES += [(0, 60000, e, p) for e in range(3) for p in (0, 1, 2, 59999)]
CASES += [(7, 1, 0, 0), (7, 2, 0, 0), (7, 2, 0, 1), (2**64 - 1, 65536, 5, 4711),
          (1 << 40, 65537, 5, 65536), (1, 2**40, 2**33 + 1, 2**40 - 1),
          (1, 2**62, 1, 2**62 - 1), (1, 2**62 - 2**31, 1, 12345),
          (3, 2**60 + 1, 0, 2**60)]
for seed, n, epoch, position in CASES:
    print(f"    {{{seed}u, {n}u, {epoch}u, {position}u, {order_at(seed, n, epoch, position)}u}},")
print("};")
