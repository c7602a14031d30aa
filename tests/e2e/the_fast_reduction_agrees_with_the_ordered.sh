#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# reduction: fast sums in MPI's own order: the same within 1e-5.

lenet_job
lks run job.yaml --ranks 1 --run-dir ordered --set train.reduction=ordered
must_succeed
for ranks in 2 3 4; do
    lks run job.yaml --ranks $ranks --run-dir fast-$ranks --set train.reduction=fast
    must_succeed
    "$E2E_COMPARE" losses fast-$ranks/metrics.jsonl ordered/metrics.jsonl 1e-5 ||
        fail "losses on $ranks ranks"
    "$E2E_COMPARE" weights fast-$ranks/model.safetensors ordered/model.safetensors 1e-5 ||
        fail "weights on $ranks ranks"
done
