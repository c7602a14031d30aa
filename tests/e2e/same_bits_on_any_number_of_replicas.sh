#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Ranks of several devices: LeNet with dropout and momentum, and an MLP with Adam, 20 steps of 64 samples, 8 lanes,
# have the same weights and losses as on one device, on 1 x 2, 1 x 4, 1 x 3, 2 x 2 and 3 x 2 ranks and replicas.

# same NAME ARGS…
same() {
    name=$1
    shift
    for place in 1x1 1x2 1x3 1x4 2x2 3x2; do
        run=$name-$place
        lks run job.yaml --ranks "${place%x*}" --set train.replicas="${place#*x}" --run-dir "$run" \
            --set train.steps=20 "$@"
        must_succeed
        grep -o '"loss": *[^,}]*' "$run/metrics.jsonl" >"$run/losses"
        [ "$(wc -l <"$run/losses")" -eq 21 ] || fail "$run reports no 20 losses and an evaluation"
        cmp "$name-1x1/model.safetensors" "$run/model.safetensors" || fail "other weights on $place"
        cmp "$name-1x1/losses" "$run/losses" || fail "other losses on $place"
    done
}
lenet_job
sed -i "s/^  normalize/  test: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}\n  normalize/" job.yaml
same lenet
sed -i '/conv2d/,/flatten/d; s/^model:/model:\n  - flatten\n  - linear: {out_features: 64}\n  - relu/
        s/^optimizer.*/optimizer: {adam: {lr: 0.001}}/' job.yaml
same perceptron

# Whichever devices, in whatever order, and of whichever type.
lks run job.yaml --devices cpu:3,cpu:1,cpu:0 --run-dir named --set train.steps=20
must_succeed
cmp perceptron-1x1/model.safetensors named/model.safetensors || fail 'other weights on cpu:3,cpu:1,cpu:0'
lks run job.yaml --ranks 2 --set train.device=reference --set train.replicas=2 --run-dir reference --set train.steps=20
must_succeed
cmp perceptron-1x1/model.safetensors reference/model.safetensors || fail 'other weights on the reference'
lks run job.yaml --devices cpu:3,cpu:1,cpu:0 --run-dir other --set train.steps=20 --set seed=8
must_succeed
! cmp -s named/model.safetensors other/model.safetensors || fail 'the seed changes nothing'
