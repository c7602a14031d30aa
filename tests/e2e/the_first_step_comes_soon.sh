#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Time from the command to the first step's report on two ranks: printed; only a gross delay fails.

lenet_job
for try in 1 2 3; do
    rm -rf run
    start=$(seconds)
    start_run job.yaml --ranks 2 --run-dir run --set train.steps=5
    until [ -s run/metrics.jsonl ] || ! kill -0 "$run" 2>/dev/null; do sleep 0.005; done
    echo "first step after $(echo "$(seconds) $start" | awk '{ print $1 - $2 }') s"
    wait_run
    must_succeed
done
