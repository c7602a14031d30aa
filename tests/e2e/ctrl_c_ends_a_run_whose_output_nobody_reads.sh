#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# As behind a pager that stands on its first page: the pipe is full.
# Whether standard error goes there too or not, a SIGINT ends the run within seconds.

# start_unread REDIRECTION: a run that prints a line a step, into a new pipe.
start_unread() {
    mkfifo pipe
    exec 3<>pipe
    long_job
    sed -i 's/every_steps: 20/every_steps: 1/' job.yaml
    : >run.err
    eval "env '$MARK' '$LOCKSTEP' run job.yaml --ranks 2 --run-dir run >pipe $1 &"
    run=$!
    within 80 has_filled_it || fail "the pipe does not fill: $(cat status.err)"
}
# A line has at least 40 bytes, a pipe 65536: full after 1639 of them.
has_filled_it() { ask && [ "$(value step)" -gt 1700 ]; }
ended() { ! kill -0 "$run"; }
for errors in 2\>run.err 2\>pipe; do
    start_unread "$errors"
    start=$(seconds)
    kill -INT "$run"
    within 5 ended || fail "with $errors it does not end"
    status=0
    wait "$run" || status=$?
    must_fail 130
    echo "$(seconds) $start" | awk '{ print "ended after", $1 - $2, "s" }'
    nothing_is_left
    rm -rf run pipe
done
