#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Wrong in itself: exit status 2 and the place; wrong for the data: 2 or 1, both layers and shapes.
# Nothing is left but the job file.

refused() {
    expected=$1
    shift
    for command in run check; do
        if [ $command = run ]; then lks run bad.yaml --ranks 2 --run-dir run; else lks check bad.yaml; fi
        [ "$status" -eq 2 ] || [ "$status" -eq "$expected" ] || fail "exit status $status"
        one_line 'lockstep: error: ' "$@"
        [ ! -e run ] || fail "a run directory is left: $(find run)"
    done
}
# bad SED-COMMAND: the LeNet job, changed.
bad() {
    lenet_job
    sed "$1" job.yaml >bad.yaml
    ! cmp -s job.yaml bad.yaml || fail "'$1' changes nothing"
}
bad 's/batch_size: 64/bach_size: 64/'
refused 2 bad.yaml: bach_size 'did you mean'
bad 's/batch_size: 64/batch_size: many/'
refused 2 bad.yaml: batch_size many
bad 's/batch_size: 64/batch_size: 0/'
refused 2 bad.yaml: batch_size 0
bad 's/p: 0.5/p: 1.5/'
refused 2 bad.yaml: p 1.5
bad 's/lanes: 8/lanes: 65/'
refused 2 batch_size lanes
bad 's/lanes: 8/lanes: 8, accumulate: 100/'
refused 2 'train.accumulate: an update takes 100 steps and the run has 60'
bad 's/steps: 60, batch_size: 64/epochs: 1, accumulate: 3, batch_size: 5000/'
refused 2 'train.accumulate: an update takes 3 steps and the run has 2'
bad 's/lanes: 8/lanes: 8, collectives: nccl/'
refused 2 'train.collectives is nccl, which is between GPUs, but the device is cpu:0'
bad 's/- relu/- rleu/'
refused 2 bad.yaml: rleu 'did you mean'
bad 's/sgd:/sdg:/'
refused 2 bad.yaml: sdg
bad 's/seed: 7/seed: [7/'
refused 2 bad.yaml:
bad 's/^loss: .*//'
refused 2 loss
bad 's/kernel_size: 5/kernel_size: 29/'
refused 1 conv2d 29 28
bad 's/kernel_size: 5/kernel_size: 5, padding: 2147483634/'
refused 1 conv2d 'more than 2^63 - 1 elements'
bad 's/^  - flatten/&\n  - max_pool2d: {kernel_size: 2}/'
refused 1 max_pool2d flatten 256
bad 's/^  - flatten//'
refused 1 cross_entropy '(16, 4, 10)'

# Lanes too small for batch norm, in the first step or in an epoch's last.
residual_job
sed 's/lanes: 8/lanes: 64/' job.yaml >bad.yaml
refused 2 'layer 10 (batch_norm1d): 1 value a channel has no variance' 'fewer lanes'
sed 's/steps: 60, batch_size: 64, lanes: 8/epochs: 1, batch_size: 9998, lanes: 2/' job.yaml >bad.yaml
refused 2 'layer 10 (batch_norm1d): 1 value a channel has no variance' "drop_last where an epoch's last batch is short"
lks check bad.yaml --set data.drop_last=true
must_succeed
lks check bad.yaml --set train.steps=1
must_succeed
