#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Started with any of its standard descriptors closed, as by cron or a daemon, the command and a rank alone
# train to the end, and no file of the run has their output in it.

lenet_job
sed -i 's/steps: 60/steps: 10/' job.yaml
is_clean() { # RUN: its metrics and logs hold their own lines only
    [ -s "$1/model.safetensors" ] || fail "$closed: no weights"
    ! grep -v '^{.*}$' "$1/metrics.jsonl" || fail "$closed: these lines stand in metrics.jsonl"
    ! grep -E '^(step|trained|epoch|lockstep)' "$1"/logs/*.log || fail "$closed: these lines stand in a log"
}
for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    status=0
    eval "env $MARK '$LOCKSTEP' run job.yaml --ranks 2 --run-dir run $closed" >out 2>err || status=$?
    must_succeed
    is_clean run
    eval "env $MARK '${LOCKSTEP%/*}/lockstep-worker' --run-dir alone job.yaml $closed" >out 2>err || status=$?
    must_succeed
    is_clean alone
    nothing_is_left
    rm -rf run alone
done
