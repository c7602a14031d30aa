#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# SIGKILL the one process of two replicas, and each of two that have two: within 3 s one line that names it and the
# signal, nothing left.

# killed RANKS REPLICA RANK
killed() {
    long_job
    start_run job.yaml --ranks "$1" --devices cpu:0,cpu:1 --run-dir run
    within 20 has_begun || fail "the run does not begin: $(cat status.err)"
    start=$(seconds)
    kill -KILL "$(pid_of "$2")"
    wait_run
    took=$(echo "$(seconds) $start" | awk '{ print $1 - $2 }')
    must_fail 1
    echo "$took" | awk '{ exit !($1 < 3) }' || fail "it took $took s"
    one_line "rank $3" 'killed by signal 9'
    echo "after $took s: $(cat err)"
    nothing_is_left
    rm -rf run
}
killed 1 1 0
killed 2 1 0
killed 2 3 1
