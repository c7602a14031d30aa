#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# TERM=dumb, empty or unset: no control sequence, nothing drawn in place; a line a report, as without a terminal.

# plain: the screen has lines only.
plain() {
    ! grep -q "$(printf '\033')" screen || fail "$1: control sequences: $(cat -v screen | head -n 3)"
    ! sed 's/\r$//' screen | grep -q "$(printf '\r')" || fail "$1: carriage returns"
}
lenet_job
for term in dumb ''; do
    TERMINAL=$term on_terminal 40 "'$LOCKSTEP' run job.yaml --ranks 2 --run-dir run-$term --set report.every_steps=20"
    must_succeed
    plain "run with TERM=$term"
    [ "$(grep -c '^step ' screen)" -eq 3 ] || fail "not a line a report: $(cat screen)"
done
on_terminal 40 "unset TERM; '$(dirname "$LOCKSTEP")/lockstep-worker' --run-dir alone job.yaml"
must_succeed
plain 'the worker without TERM'

start_long 1
TERMINAL=dumb on_terminal 80 "timeout 3 '$LOCKSTEP' watch run"
plain watch
[ "$(grep -c '^running: step ' screen)" -ge 2 ] || fail "watch: $(cat screen)"
on_terminal 80 "timeout 3 '$LOCKSTEP' watch run"
grep -q "$(printf '\033')\[6A" screen || fail "watch on a better one does not draw in place: $(cat -v screen)"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
