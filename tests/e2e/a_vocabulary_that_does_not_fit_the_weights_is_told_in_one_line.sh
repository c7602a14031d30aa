#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A job that names no size takes the vocabulary's, whatever the text has. Weights of another vocabulary, or another's beside
# the weights, or none: one line that says which.

printf 'abcdeabcdebcdeacdeabdeabceabcdabdec%.0s' 1 2 3 4 5 6 7 8 9 >a.txt
sed 's/e/é–/g' a.txt >b.txt
cat >job.yaml <<EOF
job: lm
data: {format: text, train: a.txt, validation: 0.2, sequence_length: 8}
model:
  - embedding: {embedding_dim: 8, name: e}
  - lstm: {hidden_size: 8}
  - linear: {weight_of: e}
loss: cross_entropy
optimizer: sgd
train: {steps: 2, batch_size: 4, lanes: 2, threads_per_rank: 1}
EOF
for text in a b; do
    lks run job.yaml --run-dir $text --set data.train=$text.txt
    must_succeed
done
lks check job.yaml --set data.train=b.txt
must_succeed
says '(8, 6)'

lks run job.yaml --ranks 2 --run-dir run --set data.train=b.txt --set train.init=a/model.safetensors
must_fail 1
one_line 'lockstep: error: ' "a/model.safetensors: 'e.weight' has shape (5, 8); the model wants (6, 8)"

# The text is of b's letters, for which the weights of a have too few rows.
cp -r a exchanged
cp b/trained_on.json exchanged
lks evaluate exchanged --split validation --set data.train=b.txt
must_fail 1
one_line 'lockstep: error: ' "exchanged/model.safetensors: 'e.weight' has shape (5, 8); the model wants (6, 8)"
echo '{' >exchanged/trained_on.json
lks evaluate exchanged --split validation
must_fail 1
one_line 'lockstep: error: ' 'exchanged/trained_on.json: it is not what a run writes'

sed 's/linear: {weight_of: e}/linear/' job.yaml >odd.yaml
lks check odd.yaml
must_fail 2
one_line 'lockstep: error: ' "odd.yaml:6:5: linear needs the option 'out_features'"
printf 'area,price\n1,2\n3,4\n' >table.csv
sed 's/data: .*/data: {format: csv, train: table.csv, dtype: int64}/' job.yaml >odd.yaml
lks check odd.yaml
must_fail 2
one_line 'lockstep: error: ' 'num_embeddings is missing: the data has no vocabulary that would tell it'
nothing_is_left
