#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Eight ranks anywhere; more ranks than lanes leave some without samples, and that is fine.

lenet_job
lks run job.yaml --ranks 8 --run-dir run --set train.steps=3 --set train.lanes=2
must_succeed
nothing_is_left
rm -rf run
lks run job.yaml --ranks 2 --run-dir run --set train.steps=1 --set train.lanes=1
must_succeed
says '2 ranks but 1 lane: 1 rank has nothing to train on; set train.lanes to at least 2' err
rm -rf run
lks run job.yaml --ranks 65 --run-dir run --set train.lanes=auto
must_fail 2
one_line '--ranks 65' 'batch_size is 64'
[ ! -e run ] || fail "a run directory is left"
