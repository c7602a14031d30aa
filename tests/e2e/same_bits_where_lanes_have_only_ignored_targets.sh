#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Targets of -100 are ignored, in single samples, in whole lanes and in whole steps: lanes do not count alike, and weights, losses
# and the evaluation are the same on any number of ranks.

# ignore FIRST N: those targets
ignore() {
    i=0
    while [ $i -lt "$2" ]; do
        printf '\234'
        i=$((i + 1))
    done | dd of=labels bs=1 seek="$1" conv=notrunc status=none
}
gunzip -c $DATA/t10k-images-idx3-ubyte.gz | tail -c +17 | npy x.npy '|u1' '(10000, 1, 28, 28)'
gunzip -c $DATA/t10k-labels-idx1-ubyte.gz | tail -c +9 >labels
ignore 3 1     # a sample
ignore 72 16   # lanes 1 and 2 of the second step
ignore 130 55  # nearly all of the third
ignore 192 64  # all of the fourth
ignore 9000 50 # of the test
npy y.npy '|i1' '(10000,)' <labels

lenet_job
sed -e 's/format: idx/format: npy/' -e "s,root: .*,root: $WORK," -e 's/train: {images.*/train: {inputs: x.npy, targets: y.npy}/' \
    -e '/train: {inputs/a\  test: {inputs: x.npy, targets: y.npy}' -e '/normalize/a\  shuffle: false' -e 's/steps: 60/steps: 8/' \
    job.yaml >ignoring.yaml
for ranks in 1 2 3 4 5 8; do
    lks run ignoring.yaml --ranks $ranks --run-dir run-$ranks
    must_succeed
    sed 's/"samples_per_s.*//; s/"time".*//' run-$ranks/metrics.jsonl >metrics-$ranks
    [ "$(wc -l <metrics-$ranks)" -eq 9 ] || fail "$ranks ranks report no 8 losses and a test"
    cmp run-1/model.safetensors run-$ranks/model.safetensors || fail "other weights on $ranks ranks"
    cmp metrics-1 metrics-$ranks || fail "other losses on $ranks ranks"
done
sed -n 4p metrics-1 | grep -qE '"loss": *0(\.0)?[,}]' || fail "a step without targets has a loss"
! grep -qE 'nan|null' metrics-1 || fail "something is not a number"

# A label that is neither a class nor ignored is refused as ever.
printf '\377' | dd of=y.npy bs=1 seek=$(($(wc -c <y.npy) - 5)) conv=notrunc status=none
lks check ignoring.yaml
must_fail 1
one_line 'lockstep: error: ' "$WORK/y.npy: sample 9995 has label -1; with 10 classes labels are 0 to 9"
