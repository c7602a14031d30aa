#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The same 100 steps as PyTorch from the same start weights, on one lane as on eight:
# tests/golden/training.py.

training=$E2E_GOLDEN/training
lenet_job
# Dropout is each program's own.
sed -i 's/dropout: .*/linear: {out_features: 84}\n  - relu/' job.yaml
check() {
    sed "s/^optimizer: .*/optimizer: $2/" job.yaml >$1.yaml
    for lanes in 1 2 8; do
        lks run $1.yaml --ranks 2 --run-dir $1-$lanes --set train.lanes=$lanes --set train.steps=100 \
            --set train.init="$training/$1_start.safetensors" --set data.shuffle=false \
            --set data.train.images=train-images-idx3-ubyte.gz --set data.train.labels=train-labels-idx1-ubyte.gz
        must_succeed
        "$E2E_TOOLS/e2e_compare" losses $1-$lanes/metrics.jsonl "$1:$training/losses.safetensors" 1e-4 ||
            fail "losses of $1 on $lanes lanes"
        "$E2E_TOOLS/e2e_compare" weights $1-$lanes/model.safetensors "$training/$1.safetensors" 1e-3 ||
            fail "weights of $1 on $lanes lanes"
    done
}
check sgd '{sgd: {lr: 0.01, momentum: 0.9}}'
check adam '{adam: {lr: 0.001}}'
