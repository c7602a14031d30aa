#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The last update is the one that no later loss tells of: it makes the weights infinite, or so large that
# the test loss is. The run fails, saying step and ranks, and writes no weights.

lenet_job
TEST='data.test={images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}'
refused() {
    what=$1
    shift
    lks run job.yaml --ranks 2 --run-dir run "$@"
    must_fail 1
    one_line 'lockstep: error: step ' "$what" 'all ranks'
    cat err
    [ ! -e run/model.safetensors ] || fail "it wrote weights"
    nothing_is_left
    rm -rf run
}
refused 'step 1: 0.weight is infinite' --set train.steps=1 --set optimizer.sgd.lr=1e39
refused 'step 1: 0.weight is infinite' --set train.steps=1 --set optimizer.sgd.lr=1e39 --set "$TEST"
refused 'step 1: test loss is' --set train.steps=1 --set optimizer.sgd.lr=1e30 --set "$TEST"
