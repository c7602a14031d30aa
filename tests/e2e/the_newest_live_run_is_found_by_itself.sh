#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# `lockstep status` without a word finds it, and says so plainly when there is none.

lks status
must_fail 1
one_line 'no run is live in runs/'
long_job
start_run job.yaml --ranks 1
started() { env "$MARK" "$LOCKSTEP" status | grep -q 'long: running, 1 rank'; }
within 20 started || fail "the run is not found"
kill -TERM "$run"
wait_run
must_fail 130
lks status
must_fail 1
one_line 'no run is live in runs/'
