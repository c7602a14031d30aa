#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Bad frames at the coordinator's port and 200 slow clients on the status socket of a live run: its
# steps go on, status answers, and its end leaves nothing.

command -v ss >/dev/null || {
    echo "skipped: iproute2 is not installed"
    exit 77
}
start_long 2
# Of rank 0's ports the coordinator's is the one that only this host reaches.
port=$(ss -Hltnp "src 127.0.0.1" | sed -n "s/.* 127\.0\.0\.1:\([0-9]*\) .*pid=$(pid_of 0),.*/\1/p")
[ "$(echo "$port" | wc -w)" -eq 1 ] || fail "not one port: '$port'"

env "$MARK" "$E2E_TOOLS/e2e_hostile" "$port" run/status.sock >hostile.out 2>&1 &
hostile=$!
within 30 grep -q thrown hostile.out || fail "$(cat hostile.out)"

for try in 1 2 3 4; do
    ask || fail "no status"
    step=$(value step)
    start=$(seconds)
    goes_on() { ask && [ "$(value step)" -gt $((step + 20)) ]; }
    within 3 goes_on || fail "no steps: $(cat status.json)"
    echo "$(seconds) $start" | awk '{ exit !($1 - $2 < 5) }' || fail "status answers late"
    sleep 1
done
kill -TERM "$hostile"
wait "$hostile" || fail "$(cat hostile.out)"
ask && [ "$(value state)" = running ] || fail "the run has ended"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
