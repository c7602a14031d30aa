#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Start weights that overlap, overflow, have another shape or are cut.

lenet_job
lks run job.yaml --ranks 1 --run-dir good --set train.steps=1
must_succeed
cp good/model.safetensors start.safetensors
lks run job.yaml --ranks 2 --run-dir again --set train.steps=1 --set train.init=start.safetensors
must_succeed

refused() {
    lks run job.yaml --ranks 2 --run-dir run --set train.init=bad.safetensors
    must_fail 1
    one_line 'lockstep: error: ' bad.safetensors "$@"
    [ ! -e run ] || fail "a run directory is left: $(find run)"
}
# header TEXT N-BYTES: a file with this header and that much data.
header() {
    n=$(printf %s "$1" | wc -c)
    printf "$(printf '\\%03o\\%03o\\000\\000\\000\\000\\000\\000' $((n % 256)) $((n / 256)))" >bad.safetensors
    printf %s "$1" >>bad.safetensors
    head -c "$2" /dev/zero >>bad.safetensors
}
header '{"0.weight":{"dtype":"F32","shape":[6,1,5,5],"data_offsets":[0,600]},"0.bias":{"dtype":"F32","shape":[6],"data_offsets":[590,614]}}' 614
refused
header '{"0.weight":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,600]}}' 600
refused
header '{"0.weight":{"dtype":"F32","shape":[6,1,5,5],"data_offsets":[0,18446744073709551615]}}' 600
refused
header '{"0.weight":{"dtype":"F32","shape":[6,1,3,3],"data_offsets":[0,216]}}' 216
refused 0.weight
head -c 2000 start.safetensors >bad.safetensors
refused
rm bad.safetensors
refused 'No such file'
