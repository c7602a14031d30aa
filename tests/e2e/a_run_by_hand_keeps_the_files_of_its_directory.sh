#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# lockstep-worker started without `lockstep run`, into a folder that holds a job file or a log: refused, and
# both are as they were. A start that fails later takes away only what it made.

by_hand() {
    status=0
    env "$MARK" "$(dirname "$LOCKSTEP")/lockstep-worker" --set train.steps=1 "$@" >out 2>err || status=$?
}
# kept FOLDER: it holds what it held.
kept() { (cd "$1" && find . -type f | sort | xargs cksum) | cmp -s - before || fail "$1 changed: $(find "$1")"; }
note() { (cd "$1" && find . -type f | sort | xargs cksum) >before; }

lenet_job
mkdir -p exp used/logs
cp job.yaml exp/job.yaml
note exp
by_hand --run-dir exp exp/job.yaml
must_fail 2
one_line 'lockstep: error: ' exp job.yaml
kept exp

echo 'of an earlier run' >used/logs/rank-0.log
note used
by_hand --run-dir used job.yaml
must_fail 2
one_line 'lockstep: error: ' used logs/rank-0.log
kept used

long=$WORK/$(printf '%0100d' 0)
mkdir "$long"
echo 'mine' >"$long/notes"
note "$long"
by_hand --run-dir "$long" job.yaml
must_fail 1
one_line 'lockstep: error: ' 'a Unix socket'
kept "$long"
[ ! -e "$long/logs" ] || fail "its logs are left"
cp job.yaml "$long/job.yaml"
note "$long"
by_hand --run-dir "$long" "$long/job.yaml"
must_fail 2
kept "$long"
