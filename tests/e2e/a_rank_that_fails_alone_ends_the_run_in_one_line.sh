#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# At each point where a run's start and end bring all ranks together, one rank gets no memory for it. The others wait
# for that rank, so it must end the run.

lenet_job
export LOCKSTEP_WORKER="$E2E_TOOLS/e2e_failing_worker" FAIL_RANK FAIL_AT
for FAIL_RANK in 0 1; do
    FAIL_AT=0
    while
        start_run job.yaml --ranks 2 --run-dir run --set train.steps=1
        within 60 run_is_over || fail "rank $FAIL_RANK, gathering $FAIL_AT: the run does not end"
        wait_run
        [ "$status" -ne 0 ]
    do
        must_fail 1
        one_line "rank $FAIL_RANK" "no memory to gather"
        nothing_is_left
        rm -rf run
        FAIL_AT=$((FAIL_AT + 1))
    done
    [ "$FAIL_AT" -ge 10 ] || fail "only $FAIL_AT gatherings failed"
    rm -rf run
done
