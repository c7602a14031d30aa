#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The largest batch that a job may ask for takes the memory of the 10,000 samples there are, and trains as a
# batch of just these.

lenet_job
for size in 2147483647 10000; do
    lks run job.yaml --ranks 2 --run-dir run-$size --set train.steps=2 --set train.batch_size=$size \
        --set 'model=[flatten, linear: {out_features: 10}]'
    must_succeed
done
cmp run-2147483647/model.safetensors run-10000/model.safetensors || fail "other weights than with a batch of 10,000"
