#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A language model of two LSTM layers with dropout and its embedding's weight in the last layer, whose lanes carry their state from
# step to step, learns, and has the same weights, losses and evaluations on 1, 2 and 4 ranks, of 4 replicas too. Its perplexity is told;
# what a vocabulary does not go with is said in one line.

# text FIRST LAST: lines of a made-up language, in which a word follows from the one before.
text() {
    awk -v first="$1" -v last="$2" 'BEGIN {
        n = split("die der Größe über dem See singt und ruht wieder", words, " ")
        for (i = first; i <= last; i++) {
            for (k = 0; k < 8; k++)
                printf "%s%s", words[(i * 3 + k * k) % n + 1], k < 7 ? " " : "\n"
        }
    }'
}
text 1 300 >train.txt
text 301 340 >test.txt

cat >job.yaml <<'JOB'
job: lm
data: {format: text, train: train.txt, test: test.txt, tokens: char, sequence_length: 20, validation: 0.1}
model:
  - embedding: {num_embeddings: 20, embedding_dim: 32, name: embed}
  - lstm: {hidden_size: 32, num_layers: 2, dropout: 0.2}
  - dropout: {p: 0.1}
  - linear: {out_features: 20, weight_of: embed}
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
train: {epochs: 4, batch_size: 16, lanes: 4, threads_per_rank: 1}
report: {every_steps: 5}
JOB

# train NAME ARGS…: the bytes of run-1.
train() {
    name=$1
    shift
    lks run job.yaml --run-dir "run-$name" "$@"
    must_succeed
    sed 's/"samples_per_s.*//; s/"time".*//' "run-$name/metrics.jsonl" >"metrics-$name"
    cmp run-1/model.safetensors "run-$name/model.safetensors" || fail "other weights in run-$name"
    cmp metrics-1 "metrics-$name" || fail "other losses in run-$name"
}
train 1
says "validation loss" out
says ", perplexity " out
says ": test perplexity " out
grep -q '"tokens_per_s":' run-1/metrics.jsonl || fail "no tokens a second"
grep -q '"perplexity":' run-1/evaluation.json || grep -q '"perplexity": ' run-1/evaluation.json || fail "no perplexity in evaluation.json"
! grep -q '"confusion"' run-1/evaluation.json || fail "a table of all tokens"
awk -F'"perplexity":' '/"test"/ { split($2, p, ","); last = p[1] } END { exit !(last < 2.5) }' metrics-1 ||
    fail "it has learnt nothing: $(tail -n 1 metrics-1)"
train 2 --ranks 2
train 4 --ranks 4
train replicas --set train.replicas=4
train both --ranks 2 --set train.replicas=2
lks run job.yaml --run-dir other --set seed=8
must_succeed
! cmp -s run-1/model.safetensors other/model.safetensors || fail "the seed changes nothing"

# The state that a lane carries counts: windows that all begin anew give other weights.
grep -q 'weight_of: embed' run-1/job.yaml || fail "the run's job has no weight_of"

lks evaluate run-1 --ranks 1
must_succeed
says ', perplexity '
mv out evaluation
lks evaluate run-1 --ranks 3
must_succeed
cmp out evaluation || fail "another evaluation on 3 ranks"

lks predict run-1 --split test
must_fail 2
one_line 'lockstep: error: ' 'the model gives an output for each step of its samples, which differ in length: predict writes outputs of one size'

sed 's/out_features: 20, weight_of: embed/out_features: 19/' job.yaml >fewer.yaml
lks check fewer.yaml
must_fail 2
one_line 'lockstep: error: ' 'the vocabulary has 20 tokens, the last layer gives 19: it takes as many'
sed 's/num_embeddings: 20/num_embeddings: 19/' job.yaml >smaller.yaml
lks check smaller.yaml
must_fail 2
one_line 'lockstep: error: ' 'layer embed (embedding) cannot take samples of shape (20,): the vocabulary has 20 tokens, num_embeddings is 19'
sed 's/, weight_of: embed/, weight_of: 1/' job.yaml >odd.yaml
lks check odd.yaml
must_fail 2
one_line 'lockstep: error: ' "layer 3 (linear): weight_of is '1', but layer 1 (lstm) has no weight"
nothing_is_left
