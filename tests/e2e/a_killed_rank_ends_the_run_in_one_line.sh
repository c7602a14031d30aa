#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# SIGKILL each rank of three in turn: within 3 s a non-zero exit, one line naming it and the signal, nothing left.

for rank in 0 1 2; do
    start_long 3
    start=$(seconds)
    kill -KILL "$(pid_of $rank)"
    wait_run
    took=$(echo "$(seconds) $start" | awk '{ print $1 - $2 }')
    must_fail 1
    echo "$took" | awk '{ exit !($1 < 3) }' || fail "it took $took s"
    one_line "rank $rank" 'killed by signal 9'
    echo "after $took s: $(cat err)"
    nothing_is_left
    says "rank $rank" run/result.json
    lks status run
    must_succeed
    says 'run: failed after'
    says 'killed by signal 9'
    rm -rf run
done
