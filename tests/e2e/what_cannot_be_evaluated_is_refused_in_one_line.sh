#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Of evaluate and predict: no run, no weights, no data, inputs of another shape, outputs that cannot be written.

lenet_job
lks run job.yaml --ranks 1 --run-dir runs/fashion --set train.steps=1
must_succeed
# refused STATUS TEXT WORD…
refused() {
    wanted=$1
    says=$2
    shift 2
    lks "$@"
    must_fail "$wanted"
    one_line 'lockstep: error: ' "$says"
    nothing_is_left
}
refused 1 'there is no run directory fashon, here or in runs/: did you mean fashion?' evaluate fashon
refused 1 'there is no run directory other, here or in runs/' predict other --split train
refused 1 "$E2E_JOBS is no run's directory: it has no job.yaml" evaluate "$E2E_JOBS"
refused 2 '--split tets: did you mean test? give train, validation or test' evaluate fashion --split tets
refused 2 'error: the job of runs/fashion has no test data: --split train takes what it has' evaluate fashion
refused 2 'the job of runs/fashion has no test data: --split validation or --split train takes' evaluate fashion --set data.validation=0.1
refused 2 'has no validation data: --split train takes' predict fashion --split validation
refused 2 'name what to predict for: --input FILE' predict fashion
refused 2 '--input and --split are two things to predict for: leave one out' predict fashion --split train --input x.npy
refused 2 '--format yaml: give jsonl or npy' predict fashion --split train --format yaml
refused 2 '--format npy: name a file with --output FILE' predict fashion --split train --format npy
refused 1 'cannot open nothere.npy: No such file' predict fashion --input nothere.npy
refused 1 'cannot open /nowhere/t10k-images-idx3-ubyte.gz: No such file' evaluate fashion --split train --set data.root=/nowhere
refused 1 'cannot open /nowhere/t10k-images-idx3-ubyte.gz: No such file' evaluate fashion --split train --set data.root=/nowhere --ranks 2

# A program of one's own leaves out of the job what it brings.
cp -r runs/fashion runs/own
sed -i '/^model:/,/^[^ -]/{/^model:/d;/^[ -]/d}' runs/own/job.yaml
for words in evaluate 'predict --split train'; do
    # shellcheck disable=SC2086
    refused 1 'runs/own was trained by a program that brings a model of its own: ask that program, PROGRAM --evaluate runs/own or --predict' $words own
done
sed -i 's/^optimizer:/optimiser:/' runs/own/job.yaml
refused 2 "unknown key 'optimiser'" evaluate own --split train

# Both shapes, whether the layers or only the weights do not go with it.
npy() { printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': $1, }" && head -c "$2" /dev/zero; }
npy '(2, 5)' 10 >narrow.npy
npy '(2, 1, 32, 32)' 2048 >large.npy
for ranks in 1 2; do
    refused 2 'narrow.npy: its samples have shape (5,), those that the model was trained on (1, 28, 28)' predict fashion --input narrow.npy --ranks $ranks
done
refused 2 'large.npy: its samples have shape (1, 32, 32), those that the model was trained on (1, 28, 28)' predict fashion --input large.npy

# Outputs: what is there stays as it is, and a failure leaves nothing.
echo mine >there
for format in jsonl npy; do
    refused 2 'there: it exists already, and is not overwritten' predict fashion --split train --output there --format $format
    refused 1 'nowhere/x: cannot be written: No such file' predict fashion --split train --output nowhere/x --format $format --ranks 2
done
[ "$(cat there)" = mine ] || fail 'a file was overwritten'
status=0
(ulimit -f 100 && env "$MARK" "$LOCKSTEP" predict fashion --split train --output big) >out 2>err || status=$?
must_fail 1
one_line 'lockstep: error: ' 'big: cannot be written: File too large'
[ -z "$(ls big* 2>/dev/null)" ] || fail "half a file is left: $(ls big*)"
status=0
env "$MARK" "$LOCKSTEP" predict fashion --split train --output /dev/full 2>err >out || status=$?
must_fail 2
one_line '/dev/full: it exists already'

for what in 'evaluate fashion --split train' 'predict fashion --split train --ranks 2'; do
    status=0
    env "$MARK" "$LOCKSTEP" $what >/dev/full 2>err || status=$?
    must_fail 1
    one_line 'lockstep: error: standard output cannot be written: No space left on device'
done

# Runs without weights say why.
mkdir -p runs/begun && cp runs/fashion/job.yaml runs/begun
refused 1 'runs/begun has no weights (model.safetensors): it has not ended well' evaluate begun
lks run job.yaml --ranks 1 --run-dir runs/burst --set train.steps=50 --set optimizer.sgd.lr=1e30
must_fail 1
refused 1 'runs/burst has no weights (model.safetensors): it failed: step ' evaluate burst
start_long 1
lks evaluate run
must_fail 1
one_line 'lockstep: error: run is still running: its weights are written when it ends'
kill -INT "$run"
wait_run
refused 1 'run has no weights (model.safetensors): it was interrupted' predict run --split train
head -c 100 runs/fashion/model.safetensors >cut && mv cut runs/fashion/model.safetensors
refused 1 'runs/fashion/model.safetensors' evaluate fashion --split train --ranks 2
