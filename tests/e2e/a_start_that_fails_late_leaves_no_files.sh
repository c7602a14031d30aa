#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The run directory and the logs of all ranks are there when one rank's reporter does not start; all ranks know of it.

lenet_job
export LOCKSTEP_WORKER="$E2E_TOOLS/e2e_failing_worker" FAIL_RANK FAIL_AT=reporter
for FAIL_RANK in 0 1; do
    lks run job.yaml --ranks 3 --run-dir run
    must_fail 1
    one_line 'lockstep: error: ' 'no memory for the reporter'
    nothing_is_left
    [ ! -e run ] || fail "left: $(find run)"
done
