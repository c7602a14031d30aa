#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A run directory that somebody has prepared: whatever its links lead to is as it was. What a start needs to make is
# refused where something is in its place; what it does not need is not looked at.

by_hand() {
    status=0
    env "$MARK" "$(dirname "$LOCKSTEP")/lockstep-worker" --set train.steps=1 --run-dir run job.yaml >out 2>err ||
        status=$?
}
by_command() { lks run job.yaml --ranks 2 --set train.steps=1 --run-dir run; }

lenet_job
mkdir elsewhere
# prepared NAME TARGET: run/NAME leads to TARGET.
prepared() {
    rm -rf run
    mkdir -p "run/$(dirname "$1")"
    echo precious >victim
    ln -s "$WORK/$2" "run/$1"
}
untouched() {
    [ "$(cat victim)" = precious ] || fail "$1: what the link leads to is changed: $(head -c 80 victim)"
    [ ! -e nowhere ] || fail "$1: a file was made where the link leads to"
    [ -z "$(ls elsewhere)" ] || fail "$1: files were made where the link leads to"
}
for name in job.yaml trained_on.json metrics.jsonl model.safetensors result.json status.sock checkpoints logs \
    logs/mpirun.log logs/rank-0.log logs/rank-1.log; do
    for target in victim nowhere elsewhere; do
        for start in by_command by_hand; do
            prepared $name $target
            $start
            must_fail 2
            one_line 'lockstep: error: ' 'already holds a run'
            untouched "$name"
            [ "$(find run ! -type d)" = "run/$name" ] || fail "left, or taken away: $(find run)"
        done
    done
done
for name in job.yaml.new job.yaml.tmp-1 model.safetensors.tmp-1-0; do
    for target in victim nowhere; do
        prepared $name $target
        by_command
        must_succeed
        untouched "$name"
    done
done

# A directory of another user's, and a link of theirs to ours, may become something else under our hands.
[ "$(id -u)" -eq 0 ] || exit 0
rm -rf run
mkdir -m 777 run
chown 65534 run
by_command
must_fail 2
one_line 'lockstep: error: --run-dir run: ' 'another user'
[ -z "$(ls run)" ] || fail "left: $(find run)"
rm -rf run
ln -s elsewhere run
by_command
must_succeed
rm -rf elsewhere/*
chown -h 65534 run
by_command
must_fail 2
one_line 'lockstep: error: --run-dir run: ' 'another user'
[ -z "$(ls elsewhere)" ] || fail "left: $(find elsewhere)"
