#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Devices that are not there, or not together: one line and exit status 2, and no files.

# refused STATUS TEXT ARGS…
refused() {
    code=$1 says=$2
    shift 2
    for ranks in 1 2; do
        lks run job.yaml --ranks $ranks --run-dir run "$@"
        must_fail "$code"
        one_line 'lockstep: error:' "$says"
        [ ! -e run ] || fail "a run directory is left after: $*"
        nothing_is_left
    done
}
lenet_job
last=$(nproc)
[ "$last" -gt 8 ] || last=8
refused 2 "device \"cpu:$last\": the last one here is cpu:$((last - 1))" --devices "cpu:$last"
refused 2 "train.replicas is $((last + 1)), but of the devices cpu:0 … the last one here is cpu:$((last - 1))" --set train.replicas=$((last + 1)) --set train.lanes=64
refused 2 'cpu:0 stands there twice' --devices cpu:0,cpu:1,cpu
refused 2 'no device is called "gpu"' --devices cpu:0,gpu
refused 2 '--devices: a name is missing; it is "all", "cuda", or names with commas' --devices cpu:0,
refused 2 '--devices: a name is missing' --devices ''
refused 2 '--devices: "all" stands alone' --devices all,cpu:0
refused 2 'device "cuda:0"' --devices cuda:0
refused 2 'are of two types' --devices cpu:0,reference
refused 2 '3 devices but train.lanes is 2' --devices cpu:0,cpu:1,cpu:2 --set train.lanes=2
refused 2 'replicas is' --set train.replicas=0
refused 2 'replicas is' --set train.replicas=-1
refused 2 "device is 'gpu'" --set train.device=gpu
refused 2 'cpu has one kind of arithmetic' --set train.numerics=fast
lks run job.yaml --devices
must_fail 2
one_line '--devices needs a value'
lks check job.yaml --set train.numerics=fast
must_fail 2
one_line 'cpu has one kind of arithmetic'
