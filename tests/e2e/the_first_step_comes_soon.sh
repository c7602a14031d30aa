#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# From the command to the report of the first step on two ranks: within half a second, where each has a
# core. What else runs on the machine only adds to it, so one run of ten shows it.
# LOCKSTEP_E2E_SLOW: the build is not optimised.

limit=0.5
[ "$(nproc)" -ge 2 ] || limit=1
[ -z "${LOCKSTEP_E2E_SLOW:-}" ] || limit=5
lenet_job
for try in $(seq 10); do
    rm -rf run
    start=$(seconds)
    start_run job.yaml --ranks 2 --run-dir run --set train.steps=5
    until [ -s run/metrics.jsonl ] || ! kill -0 "$run" 2>/dev/null; do sleep 0.005; done
    took=$(echo "$(seconds) $start" | awk '{ print $1 - $2 }')
    wait_run
    must_succeed
    echo "first step after $took s"
    if echo "$took" | awk "{ exit !(\$1 < $limit) }"; then exit 0; fi
done
fail "not once within $limit s"
