#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The table, its JSON and the socket itself tell the same; the watch ends with the run.

start_long 2
lks status run
must_succeed
says 'long: running, 2 ranks, 8 lanes, run'
[ "$(grep -cE '^ +[01] .* running ' out)" -eq 2 ] || fail "not a row for each rank"

lks status run --json
must_succeed
curl -s --unix-socket run/status.sock http://localhost/v1/jobs/run >curl.json
curl -s --unix-socket run/status.sock http://localhost/v1/jobs/run/ranks >>curl.json
stable() {
    tr -d ' \n' <"$1" |
        grep -oE '"(id|name|state|world_size|lanes|total_steps|rank|pid|host|device)":[^,}]*'
}
stable out >a
stable curl.json >b
[ "$(wc -l <a)" -ge 16 ] || fail "too little is told"
cmp -s a b || fail "they differ: $(diff a b)"
curl -sf --unix-socket run/status.sock http://localhost/metrics | grep -q lockstep ||
    fail "no metrics"

lks status --socket run/status.sock
must_succeed
says 'long: running'
env "$MARK" "$LOCKSTEP" watch run >watched 2>&1 &
watch=$!
sleep 2.5
kill -INT "$run"
wait_run
must_fail 130
wait "$watch" && fail "the watch of an interrupted run ends with 0"
[ "$(grep -c 'step [0-9]* of 100000000' watched)" -ge 2 ] || fail "the watch shows no steps"
nothing_is_left
