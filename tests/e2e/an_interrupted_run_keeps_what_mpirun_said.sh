#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Of a run that never began nothing is kept, but for a reason why it may not have.

with_mpirun 'touch began; [ ! -e reason ] || cat reason >&2; while :; do sleep 0.05; done'
lenet_job
interrupt() {
    rm -f began
    start_run job.yaml --ranks 2 --run-dir run
    within 10 test -e began || fail "it does not begin"
    [ ! -e reason ] || within 10 test -s run/logs/mpirun.log || fail "there is no log"
    kill -INT "$run"
    wait_run
    must_fail 130
    nothing_is_left
}
interrupt
[ "$(tail -n 1 err)" = 'lockstep: interrupted before the first reported step' ] || fail "it says more"
[ ! -e run ] || fail "an empty run is left"
echo 'ssh: connect to host node2 port 22: No route to host' >reason
interrupt
[ "$(tail -n 1 err)" = 'lockstep: interrupted before the first reported step; see run/logs/mpirun.log' ] ||
    fail "it does not say where to look"
says 'No route to host' run/logs/mpirun.log
