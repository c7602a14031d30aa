#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# SIGINT, SIGTERM, two of them, and SIGINT with a stopped rank: exit status 130, nothing left.

ends() {
    start=$(seconds)
    wait_run
    took=$(echo "$(seconds) $start" | awk '{ print $1 - $2 }')
    must_fail 130
    echo "$took" | awk '{ exit !($1 < 5) }' || fail "it took $took s after $1"
    echo "$1: ended after $took s"
    grep -q 'interrupted; its last reported step is [0-9]*, what it wrote is in run' err ||
        fail "it does not say where it stopped"
    grep -q error err && fail "being interrupted is no error"
    nothing_is_left
    [ -s run/metrics.jsonl ] || fail "the metrics are gone"
    [ ! -e run/model.safetensors ] || fail "an interrupted run has final weights"
    rm -rf run
}
start_long 2
kill -INT "$run"
ends INT
start_long 2
kill -TERM "$run"
ends TERM
start_long 2
kill -INT "$run"
sleep 0.1
kill -INT "$run"
ends 'INT twice'
start_long 2
kill -STOP "$(pid_of 1)"
kill -INT "$run"
ends 'INT with a stopped rank'
