#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Two replicas over NCCL, its double on a slow link: what the emulated GPUs note shows, on each of them and in each step, products of
# backward that run while a bucket's numbers travel, and an update that waits until all have come.
. "$E2E/gpu.subr"
export EMULATOR_DEVICES=4

cat >job.yaml <<EOF
job: buckets
data:
  format: idx
  root: $DATA
  train: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}
model:
  - flatten
  - linear: {out_features: 256}
  - relu
  - linear: {out_features: 300}
  - relu
  - linear: {out_features: 10}
loss: cross_entropy
optimizer: {sgd: {lr: 0.01}}
train: {steps: 3, batch_size: 16, lanes: 2}
EOF
lks run job.yaml --devices cpu:0 --run-dir want
must_succeed

# Of each GPU's lines (number device stream start end name), in the order in which they began: a step ends with its update.
overlap='
    $6 ~ /^nccl-/ { n[$2]++; began[$2, n[$2]] = $4; ended[$2, n[$2]] = $5; if ($5 > last[$2]) last[$2] = $5 }
    /multiply/ { for (i = 1; i <= n[$2]; i++) if ($4 > began[$2, i] && $5 < ended[$2, i]) beside[$2, step[$2] + 0] = 1 }
    /sgd_body/ { if ($4 < last[$2]) early++; step[$2]++; n[$2] = 0 }
    END { for (key in beside) good++
          print good + 0, early + 0 }'

for late in '' 'EMULATOR_LATE=1 EMULATOR_SEED=1' 'EMULATOR_LATE=1 EMULATOR_SEED=2'; do
    rm -rf run trace
    status=0
    env $late NCCL_EMULATOR_SLOW=20000 EMULATOR_TRACE="$WORK/trace" "$MARK" "$LOCKSTEP" run job.yaml --devices cuda:0,cuda:1 \
        --run-dir run >out 2>err || status=$?
    must_succeed
    cmp want/model.safetensors run/model.safetensors || fail "other weights: $late"
    seen=$(sort -n -k 4 trace | awk "$overlap")
    [ "${seen#* }" = 0 ] || fail "an update did not wait for its gradients: $late"
    # Late streams do as they like: there the bits are the proof.
    [ -n "$late" ] || [ "${seen% *}" -ge 4 ] || fail "in ${seen% *} of 6 steps something ran beside the buckets"
done
