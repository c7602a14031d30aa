#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# One rank says what is wrong, the others hang: a signal ends them sooner, and changes nothing else.

with_mpirun 'echo "lockstep: error: rank 1: the disk is gone" >&2
             while :; do sleep 0.05; done'
lenet_job
start_run job.yaml --ranks 2 --run-dir run
within 10 grep -q 'disk is gone' run/logs/mpirun.log || fail "it does not begin"
start=$(seconds)
kill -INT "$run"
wait_run
must_fail 1
echo "$(seconds) $start" | awk '{ exit !($1 - $2 < 4) }' || fail "the signal does not hasten the end"
[ "$(tail -n 1 err)" = 'lockstep: error: rank 1: the disk is gone' ] || fail "the error is lost"
nothing_is_left
