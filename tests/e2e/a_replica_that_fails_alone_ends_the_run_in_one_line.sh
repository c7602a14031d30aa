#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# As a_rank_that_fails_alone: one replica of two, in one process, and the last one of two processes.

lenet_job
export LOCKSTEP_WORKER="$E2E_TOOLS/e2e_failing_worker" FAIL_RANK FAIL_AT
# ends RANKS LEAST: it fails at each place in turn, at LEAST of them at least, and each time the run ends.
ends() {
    FAIL_AT=0
    while
        start_run job.yaml --ranks "$1" --devices cpu:0,cpu:1 --run-dir run --set train.steps=1
        within 20 run_is_over || fail "replica $FAIL_RANK, gathering $FAIL_AT: the run does not end"
        wait_run
        [ "$status" -ne 0 ]
    do
        must_fail 1
        one_line "rank $FAIL_RANK" 'no memory to gather'
        nothing_is_left
        rm -rf run
        FAIL_AT=$((FAIL_AT + 1))
    done
    [ "$FAIL_AT" -ge "$2" ] || fail "only $FAIL_AT gatherings failed"
    rm -rf run
}
for FAIL_RANK in 0 1; do ends 1 8; done
FAIL_RANK=3
ends 2 8
