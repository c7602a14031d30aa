#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# With few descriptors (ulimit -n), hundreds of silent connections at the status socket and at the workers'
# port: status still answers, and the weights are written.

command -v ss >/dev/null || {
    echo "skipped: iproute2 is not installed"
    exit 77
}
attack=$E2E_TOOLS/../bench/attack/bench_attack
long_job

# begins_under LIMIT: a run of 2 ranks that may open so many files a process.
begins_under() {
    (ulimit -n "$1" && exec env "$MARK" "$LOCKSTEP" run job.yaml --ranks 2 --run-dir run \
        --set train.threads_per_rank=1 --set train.steps=40000) >run.out 2>run.err &
    run=$!
    within 20 has_begun || fail "ulimit -n $1: the run does not begin: $(cat status.err run.err)"
}

for limit in 64 256; do
    begins_under $limit
    port=$(ss -Hltnp "src 127.0.0.1" | sed -n "s/.* 127\.0\.0\.1:\([0-9]*\) .*pid=$(pid_of 0),.*/\1/p")
    [ "$(echo "$port" | wc -w)" -eq 1 ] || fail "not one port: '$port'"
    for where in "$PWD/run/status.sock" "$port"; do
        env "$MARK" "$attack" hold "$where" 400 >/dev/null &
        holders="${holders:-} $!"
    done
    sleep 1
    for try in 1 2 3 4 5; do
        ask || fail "ulimit -n $limit: no status: $(cat status.err)"
    done
    within 120 run_is_over || fail "ulimit -n $limit: the run does not end"
    wait_run
    kill $holders
    holders=
    must_succeed
    [ -s run/model.safetensors ] || fail "ulimit -n $limit: no weights"
    nothing_is_left
    rm -rf run
done
