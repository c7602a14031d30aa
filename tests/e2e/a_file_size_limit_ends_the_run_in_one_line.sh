#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Beyond `ulimit -f` (512 bytes a unit) a write fails, it does not kill: one line, no partial or temporary
# file, no socket. Whichever file it hits: the job, the metrics, the weights, or Open MPI's shared memory.

lenet_job
limited() { # UNITS PROGRAM ARGS…: its words through a pipe, which has no limit
    units=$1
    shift
    { (
        ulimit -f "$units"
        status=0
        env "$MARK" "$@" 2>&1 >/dev/null || status=$?
        echo "$status" >&3
    ) | cat >err; } 3>&1 | cat >status
    status=$(cat status)
}
nothing_partial() {
    [ -z "$(find run -name '*.tmp*' -o -name '*.new' -o -name '*.safetensors' 2>/dev/null)" ] ||
        fail "these are left: $(find run)"
    nothing_is_left
}
worker=${LOCKSTEP%/*}/lockstep-worker
for case in '0 job.yaml' '4 metrics.jsonl' '100 model.safetensors'; do
    limited "${case% *}" "$worker" --run-dir run job.yaml
    must_fail 1
    one_line "${case#* }" 'File too large'
    nothing_partial
    grep -v '^{.*}$' run/metrics.jsonl 2>/dev/null && fail "a line of metrics.jsonl is cut"
    rm -rf run
done
for units in 0 4 1000; do
    limited "$units" "$LOCKSTEP" run job.yaml --ranks 2 --run-dir run
    must_fail 1
    one_line 'ulimit -f' 'shared memory'
    nothing_partial
    rm -rf run
done
