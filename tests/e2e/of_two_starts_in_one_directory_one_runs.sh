#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The other is refused in one line, and takes nothing away: by `lockstep run` and by hand, a new directory and one
# that is there.

lenet_job
by_hand() { env "$MARK" "$(dirname "$LOCKSTEP")/lockstep-worker" --set train.steps=3 --run-dir run job.yaml; }
by_command() { env "$MARK" "$LOCKSTEP" run job.yaml --ranks 1 --set train.steps=3 --run-dir run; }
# race FIRST SECOND: both at once; one of them ends with 0 and has all its files.
race() {
    $1 >out1 2>err1 &
    first=$!
    $2 >out2 2>err2 &
    second=$!
    status1=0 status2=0
    wait $first || status1=$?
    wait $second || status2=$?
    case $status1$status2 in
    02) lost=err2 ;;
    20) lost=err1 ;;
    *) fail "exit statuses $status1 and $status2: $(cat err1 err2)" ;;
    esac
    cp $lost err
    one_line 'lockstep: error: --run-dir run: it already holds a run ('
    for file in job.yaml metrics.jsonl model.safetensors logs/rank-0.log; do
        [ -s run/$file ] || fail "the winner has no $file: $(find run)"
    done
    rm -rf run
}
for try in 1 2 3 4 5 6; do
    for is_there in '' run; do
        [ -z "$is_there" ] || mkdir run
        race by_command by_command
        [ -z "$is_there" ] || mkdir run
        race by_hand by_hand
    done
    race by_command by_hand
done
nothing_is_left
