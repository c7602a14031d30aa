#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A cross-entropy with weights of classes, label smoothing and an ignore_index, whose count is a sum of weights in each lane, gives the same
# weights, losses and evaluation on any number of ranks and replicas.

# ignore FIRST N: those targets are -1
ignore() {
    i=0
    while [ $i -lt "$2" ]; do
        printf '\377'
        i=$((i + 1))
    done | dd of=labels bs=1 seek="$1" conv=notrunc status=none
}
gunzip -c $DATA/t10k-images-idx3-ubyte.gz | tail -c +17 | npy x.npy '|u1' '(10000, 1, 28, 28)'
gunzip -c $DATA/t10k-labels-idx1-ubyte.gz | tail -c +9 >labels
ignore 3 1     # a sample
ignore 72 16   # lanes 1 and 2 of the second step
ignore 192 64  # all of the fourth
ignore 9000 50 # of the test
npy y.npy '|i1' '(10000,)' <labels

lenet_job
sed -e 's/format: idx/format: npy/' -e "s,root: .*,root: $WORK," -e 's/train: {images.*/train: {inputs: x.npy, targets: y.npy}/' \
    -e '/train: {inputs/a\  test: {inputs: x.npy, targets: y.npy}' -e '/normalize/a\  shuffle: false' -e 's/steps: 60/steps: 8/' \
    -e 's/^loss: .*/loss: {type: cross_entropy, label_smoothing: 0.1, ignore_index: -1, weight: [1, 2, 0.5, 0.1, 3, 1, 0.7, 1.3, 0.9, 1.1]}/' \
    job.yaml >weighted.yaml

# losses RUN: of its steps and its evaluation
losses() {
    grep -o '"loss": *[^,}]*' "$1/metrics.jsonl"
}
for place in 1x1 2x1 3x1 1x2 2x2; do
    lks run weighted.yaml --ranks "${place%x*}" --set train.replicas="${place#*x}" --run-dir run-$place
    must_succeed
    losses run-$place >losses-$place
    [ "$(wc -l <losses-$place)" -eq 9 ] || fail "$place reports no 8 losses and a test"
    cmp run-1x1/model.safetensors run-$place/model.safetensors || fail "other weights on $place"
    cmp losses-1x1 losses-$place || fail "other losses on $place"
done
[ "$(sha256sum run-*/model.safetensors | cut -d ' ' -f 1 | sort -u | wc -l)" -eq 1 ] || fail "more than one sha256"
! grep -qE 'nan|null' losses-1x1 || fail "something is not a number"
# The job of a run trains the same again.
lks run run-1x1/job.yaml --ranks 2 --run-dir again
must_succeed
cmp run-1x1/model.safetensors again/model.safetensors || fail "other weights from the job of a run"

# Each option counts, in training as in the evaluation.
for other in weight='[1, 2, 0.5, 0.1, 3, 1, 0.7, 1.3, 0.9, 1.2]' label_smoothing=0.2; do
    lks run weighted.yaml --ranks 1 --run-dir "other-${other%%=*}" --set "loss.$other"
    must_succeed
    ! cmp -s run-1x1/model.safetensors "other-${other%%=*}/model.safetensors" || fail "$other changes no weights"
    [ "$(losses "other-${other%%=*}" | tail -n 1)" != "$(tail -n 1 losses-1x1)" ] || fail "$other changes no test loss"
done

# A sum is divided by nothing: so it is larger by the weights of a batch.
lks run weighted.yaml --ranks 2 --run-dir sum --set loss.reduction=sum --set optimizer.sgd.lr=0.0002
must_succeed
awk -v sum="$(losses sum | sed -n '1s/.*: *//p')" -v mean="$(sed -n '1s/.*: *//p' losses-1x1)" \
    'BEGIN { exit !(sum / mean > 40 && sum / mean < 120) }' || fail "the first loss as a sum: $(losses sum | head -n 1)"

# A weight for each class, and labels that are classes or ignored.
lks check weighted.yaml --set 'loss.weight=[1, 2]'
must_fail 2
one_line 'lockstep: error: ' 'cross_entropy: weight has 2 numbers, the model gives 10 classes: it takes one for each'
lks check weighted.yaml --set loss.ignore_index=-2
must_fail 1
one_line 'lockstep: error: ' "$WORK/y.npy: sample 3 has label -1; with 10 classes labels are 0 to 9"
lks check weighted.yaml --set loss=l1_loss
must_fail 2
one_line 'lockstep: error: ' "$WORK/y.npy: the targets are classes (integers), loss l1_loss wants values (floats)"
lks check weighted.yaml --set loss.label_smoothing=1.5
must_fail 2
one_line 'lockstep: error: ' "label_smoothing is '1.5', it must be a number of at least 0 and below 1"
