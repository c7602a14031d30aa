#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The run directory: not writable, a file, in use, too long a path for its socket; a full disk.

lenet_job
refused() {
    expected=$1
    directory=$2
    shift 2
    lks run job.yaml --ranks 2 --run-dir "$directory"
    must_fail "$expected"
    one_line 'lockstep: error: ' "$@"
}
refused 1 /proc/nowhere/run /proc/nowhere
>file
refused 2 file 'not a directory'
refused 1 file/run file
mkdir used
>used/metrics.jsonl
refused 2 used 'already holds a run'
long=$(printf '%0120d' 0)
refused 2 "$long" 'a Unix socket'
[ ! -e "$long" ] || fail "a run directory is left"
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 500 closed
    refused 1 closed/run closed
    refused 1 closed closed
fi
