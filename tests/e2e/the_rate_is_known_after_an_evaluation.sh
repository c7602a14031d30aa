#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Each epoch ends with a report and, on the same step, an evaluation. Until the next report, an epoch later, status
# goes on telling the rate and what is left.

start_run "$E2E_JOBS/fashion_mlp.yaml" --ranks 2 --run-dir run --set train.epochs=1000 --set train.batch_size=100 \
    --set report.every_steps=100 --set data.train.images=t10k-images-idx3-ubyte.gz \
    --set data.train.labels=t10k-labels-idx1-ubyte.gz
is_evaluated() { ask && [ -n "$(value accuracy)" ]; }
within 300 is_evaluated || fail "no evaluation is told of"
for i in 1 2 3 4 5 6 7 8 9 10; do
    ask
    value samples_per_s | awk '{ exit !($1 > 0) }' || fail "samples_per_s is $(value samples_per_s)"
    value eta_s | awk '{ exit !($1 > 0) }' || fail "eta_s is $(value eta_s)"
done
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
