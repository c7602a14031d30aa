#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# As behind a pager that stands on its first page until the training is long over: all comes out when
# it is read on, in order, the last line last.

ended() { ! kill -0 "$run"; }
mkfifo pipe
exec 3<>pipe
long_job
env "$MARK" "$LOCKSTEP" run job.yaml --ranks 1 --run-dir run --set train.steps=2000 --set train.batch_size=8 \
    --set report.every_steps=1 >pipe 2>run.err &
run=$!
within 120 test -e run/model.safetensors || fail "the training does not end"
sleep 1
kill -0 "$run" || fail "it did not wait for its reader"
cat <&3 >run.out &
reader=$!
exec 3<&-
within 60 ended || fail "it does not end"
wait_run
within 10 says 'lockstep: finished in' || fail "the last line is lost"
kill "$reader" 2>/dev/null || true
must_succeed
[ ! -s err ] || fail "it says something on standard error"
[ "$(wc -c <out)" -gt 65536 ] || fail "a pipe holds all of it: this shows nothing"
sed -n 's/^step \([0-9]*\).*/\1/p' out >steps
seq 2000 | cmp - steps || fail "not every step came out, in order"
tail -n 1 out | grep -q '^lockstep: finished in' || fail "its last line is not the last"
nothing_is_left
