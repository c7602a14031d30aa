#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A progress line that is drawn in place never takes two: it loses its last parts, and follows the terminal's width.
# status, watch and check fit as well.

lenet_job
for columns in 40 60 200; do
    on_terminal "$columns" "'$LOCKSTEP' run job.yaml --ranks 2 --run-dir run-$columns"
    must_succeed
    drawn | grep '^step ' >lines || fail "no progress is drawn"
    [ "$(widest <lines)" -lt "$columns" ] || fail "a line of $(widest <lines) in $columns columns"
    grep -q 'step [0-9]*/60  loss [0-9.]*' lines || fail "step and loss are missing in $columns columns"
done
grep -q 'step 60/60  loss [0-9.]*  eta 0.0 s  [0-9.]*k* samples/s  epoch 1$' lines || fail "not all is said: $(tail -n 1 lines)"

on_terminal 40 "'$(dirname "$LOCKSTEP")/lockstep-worker' --run-dir alone job.yaml"
must_succeed
[ "$(drawn | grep '^step ' | widest)" -lt 40 ] || fail "the worker alone draws wider lines"

on_terminal 40 "'$LOCKSTEP' check job.yaml"
must_succeed
grep -q '9 dropout' screen || fail "no layers: $(cat screen)"
[ "$(tr -d '\r' <screen | widest)" -le 40 ] || fail "check does not fit 40 columns"

# The width of the terminal changes while the run goes on.
long_job
cat >narrow.sh <<'EOF'
n=0
while [ "$n" -lt 600 ] && ! grep -q '"step": *100,' run/metrics.jsonl; do
    n=$((n + 1))
    sleep 0.1
done 2>/dev/null
sleep 0.5
stty cols 40 </dev/tty
sleep 1.5
kill -INT "$1"
EOF
on_terminal 100 "sh narrow.sh \$\$ & exec '$LOCKSTEP' run job.yaml --ranks 1 --run-dir run"
[ "$status" -eq 130 ] || fail "exit status $status"
drawn | grep '^step [0-9]*/' >lines
[ "$(head -n 3 lines | widest)" -gt 60 ] || fail "it was narrow before"
[ "$(tail -n 3 lines | widest)" -lt 40 ] || fail "it does not follow the width: $(tail -n 3 lines)"
nothing_is_left

rm -r run
start_long 1
for columns in 40 60 80 200; do
    on_terminal "$columns" "'$LOCKSTEP' status run"
    must_succeed
    grep -q '^rank  host' screen || fail "no table: $(cat screen)"
    tr -d '\r' <screen >lines
    [ "$(widest <lines)" -le "$columns" ] || fail "status does not fit $columns columns: $(cat lines)"
done
lks status run
grep -q '^rank  host .* memory$' out || fail "status leaves columns out where there is no terminal"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
