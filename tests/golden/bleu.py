#!/usr/bin/python3
"""Expected values for tests/core/text/test_bleu.c, from sacrebleu (pip install sacrebleu) without tokenisation.

    tests/golden/bleu.py > tests/golden/bleu.inc
"""
import random

from sacrebleu.metrics import BLEU

random.seed(12)


def mangle(reference, n_words, noise):
    words = []
    for word in reference:
        draw = random.random()
        if draw < noise / 3:
            continue
        words.append(random.randrange(n_words) if draw < noise else word)
        if random.random() < noise / 4:
            words.append(word)
    return words


def corpus(n_sentences, longest, n_words, noise, shortest=1):
    references = [[random.randrange(n_words) for _ in range(random.randint(shortest, longest))]
                  for _ in range(n_sentences)]
    return [(mangle(r, n_words, noise), r) for r in references]


CORPORA = [corpus(20, 25, 30, 0.3), corpus(50, 40, 200, 0.5), corpus(5, 12, 3, 0.9), corpus(8, 20, 6, 0),
           corpus(10, 12, 1000, 0.7), corpus(6, 3, 4, 0.2), corpus(3, 30, 5, 0.4, 20),
           [([1, 2, 3, 4], [5, 6, 7, 8])], [([1, 2, 3, 4, 5], [9, 2, 8, 4, 6])], [([], [1, 2, 3, 4])],
           [([1, 1, 1, 1, 1, 1, 1], [1, 2, 1])], [([1, 2, 3], [1, 2, 3])],
           [([], [1, 2, 3]), ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])],
           [([1, 2, 3, 4, 9, 9, 9], [1, 2, 3, 4]), ([7, 6, 5, 4], [7, 6, 5, 3, 2, 1])]]

print("/* Made by tests/golden/bleu.py. */")
print("static const int64_t golden_tokens[] = {")
cases = []
for sentences in CORPORA:
    system = [" ".join(map(str, s)) for s, _ in sentences]
    references = [[" ".join(map(str, r)) for _, r in sentences]]
    score = BLEU(tokenize="none", force=True).corpus_score(system, references)
    cases.append((len(sentences), score))
    for sentence in sentences:
        for tokens in sentence:
            print("    " + ", ".join(map(str, [len(tokens)] + tokens)) + ",")
print("};")
print("static const struct {")
print("    int n_sentences;")
print("    uint64_t n_tokens, n_reference, n_matched[4], n_grams[4];")
print("    double score, brevity;")
print("} golden[] = {")
for n, s in cases:
    print(f"    {{{n}, {s.sys_len}, {s.ref_len}, {{{', '.join(map(str, s.counts))}}}, "
          f"{{{', '.join(map(str, s.totals))}}}, {s.score!r}, {s.bp!r}}},")
print("};")
