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

lks check job.yaml --set train.steps=1 --set train.batch_size=10000 --set data.validation=1
must_succeed
says '9999 training samples, 1 step an epoch, 1 step in all'
says '1 validation sample'
! grep -q '1 validation samples' out || fail "$(cat out)"
