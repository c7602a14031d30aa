#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The ranks finish what is all but done: there are weights, so nothing was interrupted. mpirun ends with 1
# nevertheless, as it does whenever it is asked to end.

with_mpirun 'trap "echo weights >$dir/model.safetensors; exit 1" TERM
             touch began; while :; do sleep 0.05; done'
lenet_job
start_run job.yaml --ranks 2 --run-dir run
within 10 test -e began || fail "it does not begin"
kill -INT "$run"
wait_run
must_succeed
says 'lockstep: finished in'
says 'weights in run/model.safetensors'
grep -q interrupted err && fail "it says that it was interrupted"
nothing_is_left
