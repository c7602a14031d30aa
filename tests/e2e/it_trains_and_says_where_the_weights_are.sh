#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A job file, two ranks, a progress line, the accuracy, the weights; and the first step soon.

start=$(seconds)
start_run "$E2E_JOBS/fashion_mnist.yaml" --ranks 2 --run-dir run --set train.epochs=1 \
    --set report.every_steps=100 --set data.train.images=t10k-images-idx3-ubyte.gz \
    --set data.train.labels=t10k-labels-idx1-ubyte.gz
within 600 grep -q '"step"' run/metrics.jsonl || fail "no step is reported"
echo "first reported step (100) after $(echo "$(seconds) $start" | awk '{ print $1 - $2 }') s"
wait_run
must_succeed
[ ! -s err ] || fail "it says something on standard error"
head -n 1 out | grep -q '^lockstep: job fashion-mnist on 2 ranks, run directory run$' ||
    fail "the first line does not say what runs where"
grep -q 'step 100/157 ' out || fail "there is no progress line"
tail -n 1 out | grep -Eq '^lockstep: finished in .*accuracy [0-9.]+ %.* run/model.safetensors' ||
    fail "the last line does not say accuracy and weights"
for file in job.yaml metrics.jsonl model.safetensors logs/rank-0.log logs/rank-1.log; do
    [ -s run/$file ] || fail "run/$file is missing"
done
nothing_is_left
