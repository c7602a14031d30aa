#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# report.rank_timeout_s is how long a rank may be silent: a stopped rank is named, with how long it was
# silent, and the run ends soon after that, not after the default minute.

long_job
sed -i 's/^report: .*/report: {every_steps: 20, rank_timeout_s: 5}/' job.yaml
start_run job.yaml --ranks 3 --run-dir run
within 20 has_begun || fail "the run does not begin: $(cat status.err)"
pid=$(pid_of 1)
kill -STOP "$pid"
start=$(seconds)
wait_run
must_fail 1
echo "$(seconds) $start" | awk '{ exit !($1 - $2 > 4 && $1 - $2 < 15) }' || fail "it did not end in time"
one_line 'rank 1' "pid $pid" 'was lost at step' 'it has been silent for 5 s'
nothing_is_left
says 'rank_timeout_s: 5' run/job.yaml
