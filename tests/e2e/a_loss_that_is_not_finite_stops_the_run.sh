#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A learning rate far too large: the run stops, saying step and rank, and writes no weights.

lenet_job
lks run job.yaml --ranks 2 --run-dir run --set optimizer.sgd.lr=1e30
must_fail 1
one_line 'lockstep: error:' 'loss' 'step' 'rank'
[ ! -e run/model.safetensors ] || fail "it wrote weights"
nothing_is_left
cat err
