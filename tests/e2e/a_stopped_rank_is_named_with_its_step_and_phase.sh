#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# SIGSTOP one rank of three: within 5 s the status says which, where, and who waits.

start_long 3
pid=$(pid_of 1)
kill -STOP "$pid"
named() {
    lks status run
    grep -Eq '^! .*rank 1 \(stalled in [a-z]+ at step [0-9]+\).*ranks 0 and 2 wait in reduce' out
}
within 5 named || fail "the stopped rank is not named: $(cat out)"
grep -Eq "^ +1 .* $pid +stalled " out || fail "its row does not say so"
kill -CONT "$pid"
recovered() { lks status run && ! grep -q '^!' out; }
within 5 recovered || fail "it does not go on"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
