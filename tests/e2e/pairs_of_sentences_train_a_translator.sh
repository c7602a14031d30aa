#!/bin/sh
# Pairs of files, a sentence a line: seq2seq with dropout, in buckets of like length, tested on shorter sentences than those it
# trains on. The same bits on any number of ranks.
. "$(dirname "$0")/lib.sh"

# sentences N NAME LONGEST: words in NAME.de, and the same from the last to the first in NAME.en.
sentences() {
    awk -v n="$1" -v name="$2" -v longest="$3" 'BEGIN {
        split("ein mann und eine frau gehen", words, " ")
        for (i = 0; i < n; i++) {
            there = back = ""
            for (k = 0; k <= i % longest; k++) {
                word = words[(i * 5 + k * k) % 6 + 1]
                there = there (k ? " " : "") word
                back = word (k ? " " : "") back
            }
            print there >(name ".de")
            print back >(name ".en")
        }
    }'
}
sentences 120 train 7
sentences 20 test 4
cat >job.yaml <<EOF
job: translator
data: {format: pairs, train: {source: train.de, target: train.en}, test: {source: test.de, target: test.en}, bucket: 3}
model: [seq2seq: {embedding_dim: 8, hidden_size: 12, num_layers: 2, dropout: 0.1}]
loss: cross_entropy
optimizer: {adam: {lr: 0.02}}
train: {epochs: 6, batch_size: 16, lanes: 4, threads_per_rank: 1}
EOF
for ranks in 1 2 3; do
    lks run job.yaml --ranks $ranks --run-dir run-$ranks
    must_succeed
    cmp run-1/model.safetensors run-$ranks/model.safetensors || fail "other weights on $ranks ranks"
done
lks evaluate run-1
must_succeed
says 'perplexity'
nothing_is_left
