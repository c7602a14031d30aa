#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The same 100 steps as PyTorch from the same start weights, on one lane as on eight:
# tests/golden/training.py.

training=$E2E_GOLDEN/training
cat >job.yaml <<EOF
job: lenet
data:
  format: idx
  root: $DATA
  train: {images: train-images-idx3-ubyte.gz, labels: train-labels-idx1-ubyte.gz}
  normalize: {mean: [0.2860], std: [0.3530]}
  shuffle: false
model:
  - conv2d: {out_channels: 6, kernel_size: 5}
  - relu
  - max_pool2d: {kernel_size: 2}
  - conv2d: {out_channels: 16, kernel_size: 5}
  - relu
  - max_pool2d: {kernel_size: 2}
  - flatten
  - linear: {out_features: 120}
  - relu
  - linear: {out_features: 84}
  - relu
  - linear: {out_features: 10}
loss: cross_entropy
optimizer: OPTIMIZER
train: {steps: 100, batch_size: 64, init: $training/START.safetensors}
report: {every_steps: 1}
EOF
check() {
    sed "s/OPTIMIZER/$2/; s/START/$1_start/" job.yaml >$1.yaml
    for lanes in 1 2 8; do
        lks run $1.yaml --ranks 2 --run-dir $1-$lanes --set train.lanes=$lanes
        must_succeed
        "$E2E_TOOLS/e2e_compare" losses $1-$lanes/metrics.jsonl "$1:$training/losses.safetensors" 1e-4 ||
            fail "losses of $1 on $lanes lanes"
        "$E2E_TOOLS/e2e_compare" weights $1-$lanes/model.safetensors "$training/$1.safetensors" 1e-3 ||
            fail "weights of $1 on $lanes lanes"
    done
}
check sgd '{sgd: {lr: 0.01, momentum: 0.9}}'
check adam '{adam: {lr: 0.001}}'
