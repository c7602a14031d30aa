#!/bin/sh
# Lines of text and label: classes with names, texts of any length, in buckets. The same bits on any number of ranks; lines
# without labels are predicted for.
. "$(dirname "$0")/lib.sh"

# names N: names of two languages that differ in their endings, and one name that is far too long.
names() {
    awk -v n="$1" 'BEGIN {
        split("an be cor di el fa gus ho", parts, " ")
        for (i = 0; i < n; i++) {
            name = ""
            for (k = 0; k <= i * 7 % 5; k++)
                name = name parts[(i * 5 + k * 3) % 8 + 1]
            printf "%s%s\t%s\r\n", name, i % 2 ? "ò" : "sson", i % 2 ? "Italian" : "Swedish"
        }
        print "anbecordielfagushoanbecordielfagushosson\tSwedish"
    }'
}
names 300 >names.txt
cat >job.yaml <<EOF
job: names
data: {format: labelled, train: names.txt, max_length: 30, bucket: 3, validation: 60}
model:
  - embedding: {num_embeddings: 21, embedding_dim: 16}
  - last
  - linear: {out_features: 2}
loss: cross_entropy
optimizer: {adam: {lr: 0.05}}
train: {epochs: 4, batch_size: 16, lanes: 4, threads_per_rank: 1}
EOF
for ranks in 1 2 3; do
    lks run job.yaml --ranks $ranks --run-dir run-$ranks
    must_succeed
    cmp run-1/trained_on.json run-$ranks/trained_on.json || fail "another vocabulary on $ranks ranks"
    cmp run-1/model.safetensors run-$ranks/model.safetensors || fail "other weights on $ranks ranks"
done
says 'data.max_length: 1 of 301 lines have more than 30 tokens and are not trained on' err
says '240 training samples, 60 validation samples' run-1/logs/rank-0.log
says '"classes":["Italian","Swedish"]' run-1/trained_on.json

lks evaluate run-1 --split validation
must_succeed
says 'accuracy 100.00 %'
says 'Swedish '

printf 'corò\nAnderssson\n' >new.txt
lks predict run-1 --input new.txt
must_succeed
head -n 1 out | grep -q '"name":"Italian"' || fail "not Italian: $(head -n 1 out)"
tail -n 1 out | grep -q '"name":"Swedish"' || fail "not Swedish: $(tail -n 1 out)"
nothing_is_left
