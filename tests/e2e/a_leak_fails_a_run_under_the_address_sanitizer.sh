#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# What is ignored of Open MPI hides no leak of ours, on whichever rank.

[ -n "${LSAN_OPTIONS:-}" ] || { echo "skipped: not under the address sanitizer"; exit 77; }
lenet_job
export LOCKSTEP_WORKER="$E2E_TOOLS/e2e_failing_worker" FAIL_RANK FAIL_AT=leak
for FAIL_RANK in 0 1; do
    lks run job.yaml --ranks 2 --run-dir run --set train.steps=1
    must_fail 1
    says 'leak of 1234 byte(s) in 1 object' run/logs/mpirun.log
    nothing_is_left
    rm -rf run
done
