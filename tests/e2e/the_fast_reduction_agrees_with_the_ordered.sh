#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# reduction: fast sums in MPI's own order: the same within 1e-5. The model has no kinks (relu, max_pool2d),
# at which a difference of one rounding may send a step another way.

lenet_job
sed -i -e 's/relu/tanh/' -e '/max_pool2d/d' -e 's/kernel_size: 5}/kernel_size: 5, stride: 2}/' job.yaml
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
