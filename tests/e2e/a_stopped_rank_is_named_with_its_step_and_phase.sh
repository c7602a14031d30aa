#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# SIGSTOP one rank of three: within 5 s the status says which, where, and who waits. Its step is the last
# that it told: its row has the same, not before that of an earlier status, not beyond where the others wait.

start_long 3
pid=$(pid_of 1)
before=$(of_rank 1 step)
kill -STOP "$pid"
start=$(seconds)
named() {
    lks status run
    grep -Eq '^! .*rank 1 \(stalled in [a-z]+ at step [0-9]+\).*ranks 0 and 2 wait in reduce' out
}
within 5 named || fail "the stopped rank is not named: $(cat out)"
echo "$(seconds) $start" | awk '{ exit !($1 - $2 < 5) }' || fail "it took too long to say"
grep -Eq "^ +1 .* $pid +stalled " out || fail "its row does not say so"
where=$(sed -n 's/^! .*rank 1 (stalled in \(.*\) at step \(.*\));.*/\1 \2/p' out)
ask || fail "no status"
[ "$where" = "$(of_rank 1 phase) $(of_rank 1 step)" ] ||
    fail "'$where' is not what its row says: $(of_rank 1 phase) $(of_rank 1 step)"
step=${where#* }
{ [ "$step" -ge "$before" ] && [ "$step" -gt 0 ]; } || fail "step $step was over before it was stopped"
for rank in 0 2; do
    [ "$step" -le "$(of_rank $rank step)" ] || fail "step $step is beyond where rank $rank waits"
done
kill -CONT "$pid"
recovered() { lks status run && ! grep -q '^!' out; }
within 5 recovered || fail "it does not go on"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
