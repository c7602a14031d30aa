#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# With all that would tidy up. Its socket is left. From here it looks as a run on another host that shares the files does.

start_long 2
rank_0=$(pid_of 0)
guard=$(guard_of)
kill -STOP "$run" "$guard"
kill -9 "$rank_0"
kill -9 "$run" "$guard"
within 5 no_process || fail "processes are left"
wait "$run" 2>/dev/null || true
[ -S run/status.sock ] || fail "no socket is left: this shows nothing"
lks status run
must_fail 1
one_line 'nobody on this host listens to run/status.sock' 'the run ended without a word' \
    'or runs on another host' 'its last reported step is'
lks watch run
must_fail 1
one_line 'nobody on this host listens to run/status.sock'
