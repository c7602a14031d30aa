#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Without test data status tells of the validation data, and says so, while the run goes on and after its end; its JSON is then of the same kinds.

awk 'BEGIN { print "a,b,kind"; for (i = 0; i < 200; i++) printf "%d,%d,%s\n", i * 37 % 50, i * 13 % 40, i % 2 ? "odd" : "even" }' >train.csv
cat >job.yaml <<EOF
job: held-out
data: {format: csv, train: train.csv, target: kind, normalize: true, validation: 0.25}
model: [{linear: {out_features: 2}}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.001}}
train: {epochs: 10000000, batch_size: 50, lanes: 2, threads_per_rank: 1}
EOF
start_run job.yaml --ranks 1 --run-dir run
is_evaluated() { ask && [ -n "$(value accuracy)" ]; }
within 60 is_evaluated || fail "no evaluation is told of"
[ "$(value split)" = validation ] || fail "it is told as of $(value split) data"
lks status run
must_succeed
says "  validation accuracy "
kill -INT "$run"
wait_run
must_fail 130
lks status run
must_succeed
says "its last validation accuracy "

# And where it has ended: what it came to, and of which data the table of classes is.
for held_out in validation test; do
    [ $held_out = validation ] || test='data.test=train.csv'
    lks run job.yaml --ranks 1 --run-dir $held_out --set train.epochs=2 ${test+--set "$test"}
    must_succeed
    tr '\r' '\n' <out | grep -A1 "^in the $held_out data:" | grep -q '^class ' || fail "a table of what: $(cat out)"
    lks status $held_out
    must_succeed
    says "its last $held_out accuracy "
    says "its classes in the $held_out data:"
    lks status $held_out --json
    must_succeed
    says "\"split\": \"$held_out\""
    grep -q "\"split\": \"$held_out\"" $held_out/result.json || fail "not in result.json"
done
# Its times are texts, as those of a run that goes on, and its figures those of the file.
grep -qE '"started_at": "20[0-9-]*T[0-9:]*Z"' out || fail "it began: $(grep started_at out)"
grep -qE '"ended_at": "20[0-9-]*T[0-9:]*Z"' out || fail "it ended: $(grep ended_at out)"
sed -i 's/"seconds": [0-9.]*/"seconds": 1764423268.125/' test/result.json
lks status test --json
must_succeed
says '"seconds": 1764423268.125'

# A run of before, whose result does not say.
sed -i '/"split"/d' validation/result.json
lks status validation
says "its last validation accuracy "
nothing_is_left
