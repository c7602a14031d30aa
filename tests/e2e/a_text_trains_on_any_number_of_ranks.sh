#!/bin/sh
# A text of a user's own, with characters of several bytes: its vocabulary is counted by all ranks, its end is held out, each
# stream is a lane's. The same vocabulary and the same bits on any number of ranks. Test data are read by what was kept.
. "$(dirname "$0")/lib.sh"

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
text 1 400 >a.txt
text 401 600 | gzip >b.txt.gz
text 601 640 >test.txt

cat >job.yaml <<EOF
job: lm
data: {format: text, train: [a.txt, b.txt.gz], test: test.txt, tokens: char, sequence_length: 16, validation: 0.1}
model:
  - embedding: {num_embeddings: 20, embedding_dim: 16}
  - linear: {out_features: 20}
loss: cross_entropy
optimizer: {adam: {lr: 0.02}}
train: {epochs: 2, batch_size: 12, lanes: 6, threads_per_rank: 1}
EOF
lks check job.yaml
must_succeed

for ranks in 1 2 3 5; do
    lks run job.yaml --ranks $ranks --run-dir run-$ranks
    must_succeed
    cmp run-1/trained_on.json run-$ranks/trained_on.json || fail "another vocabulary on $ranks ranks"
    cmp run-1/model.safetensors run-$ranks/model.safetensors || fail "other weights on $ranks ranks"
    grep '"split"' run-$ranks/metrics.jsonl | sed 's/,"time":.*//' >evaluations-$ranks
    cmp evaluations-1 evaluations-$ranks || fail "other evaluations on $ranks ranks"
done
says '"tokens":"char"' run-1/trained_on.json
says 'ß' run-1/trained_on.json
says ' training tokens, ' run-1/logs/rank-0.log
says ' validation tokens, ' run-1/logs/rank-0.log

# Words, the rare ones <unk>; the run's texts may be gone meanwhile.
sed -e 's/tokens: char/tokens: word, vocabulary: {max_size: 9}/' -e 's/\(num_embeddings\|out_features\): 20/\1: 9/' job.yaml >words.yaml
for ranks in 1 3; do
    lks run words.yaml --ranks $ranks --run-dir words-$ranks
    must_succeed
    cmp words-1/trained_on.json words-$ranks/trained_on.json || fail "another vocabulary on $ranks ranks"
    cmp words-1/model.safetensors words-$ranks/model.safetensors || fail "other weights on $ranks ranks"
done
says '["<pad>","<unk>","<bos>","<eos>",' words-1/trained_on.json
lks evaluate words-1
must_succeed
mv out before
rm a.txt b.txt.gz
lks evaluate words-1
must_succeed
cmp before out || fail "without its training data the model is another"
printf 'die Größe\nein Mond\n' >test.txt
lks evaluate words-1
must_succeed
lks evaluate run-1
must_fail 1
one_line 'lockstep: error: ' "$WORK/test.txt, line 2: the character 'M' at offset 16 is not in the vocabulary, which has no <unk>"
nothing_is_left
