#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# lockstep-worker by itself: all its threads and none of MPI's, which is what the thread sanitizer can judge.

lenet_job
status=0
env "$MARK" "$(dirname "$LOCKSTEP")/lockstep-worker" --run-dir run --set train.steps=30 \
    --set data.test='{images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}' \
    job.yaml >out 2>err || status=$?
must_succeed
[ -s run/model.safetensors ] || fail "it wrote no weights"
grep -q '"accuracy"' run/metrics.jsonl || fail "it did not evaluate"
[ ! -e run/status.sock ] || fail "the status socket is left"
