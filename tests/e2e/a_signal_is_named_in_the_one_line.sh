#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Of a rank: mpirun knows it. Of mpirun itself: it goes in silence when asked to. The guard passes on what it is asked, and
# says so; an alarm, by which the command hurries it, is a request like any other when it comes from somebody else.

for signal_number in SEGV:11 BUS:7 ABRT:6 KILL:9; do
    signal=${signal_number%:*}
    number=${signal_number#*:}
    start_long 2
    kill -$signal "$(pid_of 1)"
    wait_run
    must_fail 1
    one_line 'rank 1 (host ' ' was lost at step ' "signal $number ("
    echo "$signal: $(cat err)"
    grep -q "\"signal\": $number" run/result.json || fail "result.json: $(cat run/result.json)"
    nothing_is_left
    rm -rf run
done
# is_interrupted_by SIGNAL PROCESS WORDS
is_interrupted_by() {
    kill -"$1" "$2"
    wait_run
    must_fail 130
    one_line "lockstep: interrupted by $3; its last reported step is "
    nothing_is_left
    lks status run
    must_succeed
    says 'run: interrupted after'
    rm -rf run
}

for signal in TERM INT HUP; do
    start_long 2
    is_interrupted_by $signal "$(mpirun_of)" 'a signal to mpirun'
done
start_long 2
is_interrupted_by TERM "$(guard_of)" 'signal 15 (Terminated) to the guard of mpirun'
start_long 2
is_interrupted_by ALRM "$(guard_of)" 'signal 14 (Alarm clock) to the guard of mpirun'
