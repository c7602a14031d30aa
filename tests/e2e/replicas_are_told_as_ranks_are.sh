#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Status, shards, a loss that is not finite, Ctrl-C and a cancelled run, with the replicas of one process and of two.

# of_places RANKS DEVICES: as many replicas are seen, each with its device and its process.
of_places() {
    long_job
    start_run job.yaml --ranks "$1" --devices "$2" --run-dir run
    within 20 has_begun || fail "the run does not begin: $(cat status.err)"
    n=$(($1 * 2))
    [ "$(value world_size)" -eq $n ] || fail "the world has not $n replicas"
    for r in $(seq 0 $((n - 1))); do
        [ "$(of_rank "$r" device)" = "cpu:$((r % 2))" ] || fail "replica $r is on $(of_rank "$r" device)"
        [ "$(of_rank "$r" pid)" = "$(of_rank $((r / 2 * 2)) pid)" ] || fail "replica $r has another process"
        [ "$(of_rank "$r" step)" -gt 0 ] || fail "replica $r takes no steps"
    done
    [ -z "$(of_rank $n device)" ] || fail "there is a replica $n"
    lks status run
    must_succeed
    grep -q 'cpu:1' out || fail 'the table has no cpu:1'
    curl -s --unix-socket run/status.sock "http://run/v1/jobs/run/shards" >shards
    [ "$(grep -c '"first_lane"' shards)" -eq $n ] || [ "$(grep -o '"first_lane"' shards | wc -l)" -eq $n ] ||
        fail "not $n shards"
    kill -INT "$run"
    wait_run
    must_fail 130
    grep -q 'interrupted; its last reported step is' err || fail 'it does not say where it stopped'
    [ ! -e run/model.safetensors ] || fail 'an interrupted run has final weights'
    nothing_is_left
    rm -rf run
}
of_places 1 cpu:0,cpu:1
of_places 2 cpu:0,cpu:1

lenet_job
for ranks in 1 2; do
    lks run job.yaml --ranks $ranks --devices cpu:0,cpu:1 --run-dir run --set optimizer.sgd.lr=1e30
    must_fail 1
    one_line 'lockstep: error:' 'loss' 'step' 'lane'
    [ ! -e run/model.safetensors ] || fail 'it wrote weights'
    nothing_is_left
    rm -rf run
done
