#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The coordinator is in rank 0, and nothing passes a stopped mpirun: the command sees both from outside. It
# warns within 7 s (5 and a look), and ends the run by report.rank_timeout_s.

stopped() {
    start=$(seconds)
    kill -STOP "$1"
    within 7 grep -q "$2" run.err || fail "no warning: $(cat run.err)"
    within 15 run_is_over || fail "it goes on: $(cat run.err)"
    took=$(echo "$(seconds) $start" | awk '{ print $1 - $2 }')
    wait_run
    must_fail 1
    echo "after $took s: $(tail -n 1 err)"
    tail -n 1 err | grep -q "^lockstep: error: .*$2" || fail "the last line is: $(tail -n 1 err)"
    [ "$(grep -vc '^lockstep: warn: ' err)" -eq 1 ] || fail "it says more than warnings and one error"
    nothing_is_left
    rm -rf run
}
long_job
echo 'report: {every_steps: 20, rank_timeout_s: 8}' >report
grep -v '^report:' job.yaml >job && cat job report >job.yaml
begin() {
    start_run job.yaml --ranks 2 --run-dir run
    within 20 has_begun || fail "the run does not begin: $(cat status.err)"
}
begin
pid=$(pid_of 0)
stopped "$pid" "rank 0 (host .*, pid $pid) has given no sign for .*process $pid of the run is stopped"
begin
stopped "$(mpirun_of)" 'mpirun (process [0-9]*) has been stopped for'
