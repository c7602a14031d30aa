#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A rank's threads share its kernels' work: as `auto` leaves to the machine, one rank has all
# its cores and each of two has half. Lanes of one sample, and one lane of many: the shapes at
# which a library may add up terms by threads.

same() {
    name=$1
    shift
    for threads in 1 2 3 8; do
        lks run job.yaml --ranks 1 --run-dir $name-$threads --set train.steps=10 \
            --set train.threads_per_rank=$threads "$@"
        must_succeed
        cmp $name-1/model.safetensors $name-$threads/model.safetensors ||
            fail "other weights of $name on $threads threads"
    done
}
lenet_job
same lenet --set train.lanes=1 --set train.batch_size=2048
sed -i '/conv2d/,/flatten/d; s/^model:/model:\n  - flatten\n  - linear: {out_features: 512}\n  - relu/' job.yaml
same perceptron --set train.lanes=8 --set train.batch_size=8
lks run job.yaml --ranks 2 --run-dir perceptron-auto --set train.steps=10 --set train.lanes=8 \
    --set train.batch_size=8 --set train.threads_per_rank=auto
must_succeed
cmp perceptron-1/model.safetensors perceptron-auto/model.safetensors ||
    fail "other weights on two ranks with their share of the cores"
