#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A third host hears all that two hosts of a run say to each other: no key is in it, and saying all of it
# again to the coordinator ends nothing.
. "$E2E/hosts.subr"
hosts a b c

env "$MARK" "$E2E_TOOLS/e2e_wire" listen "$net-b" heard >listen.out 2>&1 &
listener=$!
within 5 grep -q listening listen.out || fail "it does not listen: $(cat listen.out)"
long_job
(run_on_hosts "${net}a:1,${net}b:1" --run-dir run) >run.out 2>run.err &
run=$!
within 20 has_begun || fail "the run does not begin: $(cat status.err)"
kill -TERM "$listener"
wait "$listener" || fail "$(cat listen.out)"

"$E2E_TOOLS/e2e_wire" judge heard "$(pid_of 1)" >coordinator || fail "see above"
read -r host port <coordinator
ip netns exec "${net}c" "$E2E_TOOLS/e2e_wire" replay heard "$host" "$port" || fail "see above"

ask || fail "no status"
step=$(value step)
goes_on() { ask && [ "$(value step)" -gt $((step + 100)) ] && [ "$(value state)" = running ]; }
within 10 goes_on || fail "the run does not go on: $(cat status.json run.err)"
[ ! -s run.err ] || fail "the run says: $(cat run.err)"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left 5
