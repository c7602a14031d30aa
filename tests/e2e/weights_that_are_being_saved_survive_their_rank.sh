#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# While rank 0 saves 77 MB of weights a peer, rank 0 or the process that saves for it is killed, stopped or asked to
# end: the weights come whole, and nothing half-written stays.

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cat >job.yaml <<EOJ
job: big
data:
  format: idx
  root: $DATA
  train: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}
model:
  - flatten
  - linear: {out_features: 4000}
  - relu
  - linear: {out_features: 4000}
  - relu
  - linear: {out_features: 10}
loss: cross_entropy
optimizer: {sgd: {lr: 0.01}}
train: {steps: 1, batch_size: 8, lanes: 2, threads_per_rank: 1}
EOJ
lks run job.yaml --ranks 1 --run-dir whole
must_succeed

# process_of saver|RANK: of the run by hand; soon told, for there is little time.
process_of() {
    case $1 in
    saver) ls run | sed -n 's/model.safetensors.tmp-\([0-9]*\)-.*/\1/p' ;;
    *) ps -o pid= --ppid $run | sort -n | sed -n "$(($1 + 1))p" ;;
    esac
}
# Not with `within`: it looks ten times a second, and a disk may take less.
is_saving() {
    tries=0
    while set -- run/model.safetensors.tmp-*; [ ! -e "$1" ]; do
        tries=$((tries + 1))
        [ $tries -lt 20000 ] && kill -0 $run 2>/dev/null || return 1
        sleep 0.001
    done
}
# while_saving SIGNAL saver|RANK: sent it in time, to a run by hand whose exit status is $status then.
while_saving() {
    for try in 1 2 3 4 5 6 7 8 9 10; do
        rm -rf run
        env "$MARK" mpirun -n 2 --oversubscribe --bind-to none "$(dirname "$LOCKSTEP")/lockstep-worker" \
            --run-dir run job.yaml >out 2>err &
        run=$!
        whom=
        if is_saving; then
            whom=$(process_of "$2")
            [ -n "$whom" ] && kill "-$1" $whom 2>/dev/null && [ ! -e run/model.safetensors ] || whom=
        fi
        status=0
        wait $run 2>/dev/null || status=$?
        [ -z "$whom" ] || return 0
    done
    fail "in ten runs the weights were there before process $2 had its signal"
}
comes_whole() {
    within 10 no_process || fail "$1: processes are left: $(marked | xargs -r ps -o pid=,stat=,args= -p)"
    cmp run/model.safetensors whole/model.safetensors || fail "$1: the weights are not whole"
    set -- run/model.safetensors.tmp-*
    [ ! -e "$1" ] || fail "half-written weights stay: $(ls run)"
}
while_saving KILL 1
[ "$status" -ne 0 ] || fail "mpirun did not see rank 1 die"
comes_whole 'rank 1 is killed'
while_saving KILL 0
[ "$status" -ne 0 ] || fail "mpirun did not see rank 0 die"
comes_whole 'rank 0 is killed'
while_saving KILL saver
must_succeed
comes_whole 'the saver is killed'
one_line 'lockstep: warn: the process that saved the weights has died (Killed)'
for signal in STOP TERM INT HUP PIPE; do
    while_saving $signal saver
    must_succeed
    comes_whole "the saver gets SIG$signal"
    [ ! -s err ] || fail "it says something on standard error"
done
