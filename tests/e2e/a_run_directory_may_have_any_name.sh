#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The id is its last part, whatever stands in it; of "." it is the folder's own name.

long_job
# asked DIR ID: a run in DIR can be asked for by status and by watch, and has this id.
asked() {
    start_run "$WORK/job.yaml" --ranks 1 --run-dir "$1"
    within 20 [ -S "$1/status.sock" ] || fail "'$1' has no status socket"
    lks status "$1" --json
    must_succeed
    says "\"id\": \"$2\""
    env "$MARK" "$LOCKSTEP" watch "$1" >watched 2>&1 &
    watch=$!
    within 10 grep -q '^running: step [0-9]* of 100000000' watched ||
        fail "the watch of '$1' says: $(cat watched)"
    kill "$watch"
    kill -INT "$run"
    wait_run
    must_fail 130
    nothing_is_left
}
asked 'runs/my run' 'my run'
asked 'a#b?c%20d' 'a#b?c%20d'
mkdir here
cd here
asked . here
