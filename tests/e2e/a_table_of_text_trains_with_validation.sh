# A csv file as a spreadsheet writes it: columns by name, classes as text, a part held out, inputs standardised.
# The same bits on any number of ranks.
. "$(dirname "$0")/lib.sh"

# table FIRST LAST: rows FIRST to LAST of flowers, of three kinds that differ in their petals.
table() {
    awk -v first="$1" -v last="$2" 'BEGIN {
        split("setosa,\"versi, color\",virginica", kinds, ","); kinds[2] = "\"versi, color\""; kinds[3] = "virginica"
        printf "id,petal length,petal width,noise,kind\r\n"
        for (i = first; i <= last; i++) {
            k = i * 7 % 3
            printf "%d,%.2f,%.3f,%d,%s\r\n", i, 100 * k + i * 37 % 50, 0.1 * (2 - k) + i * 13 % 7 / 100, i * 101 % 900, kinds[k + 1]
        }
    }'
}
table 1 300 >train.csv
table 301 360 | gzip >test.csv.gz

cat >job.yaml <<EOF
job: flowers
data:
  format: csv
  train: train.csv
  test: test.csv.gz
  validation: 0.2
  inputs: [petal length, petal width, noise]
  target: kind
  normalize: true
model:
  - linear: {out_features: 8}
  - tanh
  - linear: {out_features: 3}
loss: cross_entropy
optimizer: {adam: {lr: 0.02}}
train: {epochs: 6, batch_size: 24, lanes: 6, threads_per_rank: 1}
EOF

lks check job.yaml
must_succeed
says "240 training samples"
says "60 validation samples"
says "60 test samples"

for ranks in 1 2 3; do
    lks run job.yaml --ranks $ranks --run-dir run-$ranks
    must_succeed
    cmp run-1/model.safetensors run-$ranks/model.safetensors || fail "other weights on $ranks ranks"
    grep '"split"' run-$ranks/metrics.jsonl | sed 's/,"time":.*//' >evaluations-$ranks
    cmp evaluations-1 evaluations-$ranks || fail "other evaluations on $ranks ranks"
done
says "epoch 6: validation loss"
says "epoch 6: test loss"
says "finished in"
says ": test accuracy "
says "240 training samples, 60 validation samples, 60 test samples" run-1/logs/rank-0.log
[ "$(grep -c '"validation".*"samples":60' evaluations-1)" -eq 6 ] || fail "not 6 evaluations on validation data"
[ "$(grep -c '"test".*"samples":60' evaluations-1)" -eq 6 ] || fail "not 6 evaluations on test data"
tail -n 1 run-1/metrics.jsonl | grep -q '"split":"test".*"accuracy":\(1\b\|0\.9\)' || fail "it has learnt nothing: $(tail -n 1 run-1/metrics.jsonl)"

lks run job.yaml --ranks 1 --run-dir no-test --set data.test=
must_succeed
says ": validation accuracy "

# What the run was evaluated on, its weights are again: with the same rows, classes, scale and transforms.
env "$MARK" "$(dirname "$LOCKSTEP")/lockstep-worker" --evaluate --split test --json run-1 >evaluated 2>err || fail "$(cat err)"
loss=$(sed -n 's/.*"split":"test".*"loss":\([^,]*\).*/\1/p' run-1/metrics.jsonl | tail -n 1)
grep -qF "\"loss\": $loss," evaluated || fail "another loss than $loss: $(cat evaluated)"
# Classes have their names, in an evaluation, a prediction and the table at the end of a run.
grep -qF '"name": "versi, color"' evaluated || grep -qF '"name":"versi, color"' evaluated || fail "no class has its name: $(cat evaluated)"
lks predict run-1 --split test
must_succeed
grep -qE '"class":0,"name":"setosa"' out || fail "no prediction has its name: $(head -n 2 out)"

# A run's own job trains again, from anywhere; another seed holds out others.
lks run run-1/job.yaml --ranks 1 --run-dir again
must_succeed
cmp run-1/model.safetensors again/model.safetensors
lks run job.yaml --ranks 1 --run-dir other --set seed=1
must_succeed
! cmp -s run-1/model.safetensors other/model.safetensors || fail "the seed changes nothing"

# What is wrong is told in one line, with its place.
sed '5s/^\([0-9]*\),[^,]*/\1,/' train.csv >holes.csv
lks check job.yaml --set data.train=holes.csv
must_fail 1
one_line "/holes.csv, line 5, column 'petal length': a value is missing; data.missing: skip"
lks check job.yaml --set data.train=holes.csv --set data.missing=skip
must_succeed
says "240 training samples" # of 299
says "59 validation samples"
lks check job.yaml --set data.inputs='[petal_length]'
must_fail 2
one_line "/train.csv: no column is called 'petal_length'; there are 'id', 'petal length'"
lks check job.yaml --set data.inputs=
must_succeed
lks check job.yaml --set loss=mse_loss
must_fail 1
one_line "/train.csv, line 2, column 'kind'" "is no number"
lks check job.yaml --set model.2.linear.out_features=2
must_fail 2
one_line "/train.csv: there are 3 classes ('setosa' to 'virginica'), but the model has 2 outputs"
lks check job.yaml --set data.target='[id, noise]' --set data.inputs='[petal length]'
must_fail 2
one_line 'data.target: 2 columns are values, and loss cross_entropy wants classes, which stand in one column'
lks check job.yaml --set data.validation=300
must_fail 2
one_line "data.validation: 300 of 300 samples are 300: at least one must be held out, and one left to train on"
nothing_is_left
