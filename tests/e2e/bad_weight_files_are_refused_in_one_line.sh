#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Start weights that overlap, overflow, have another shape, are cut or are not there. Each file holds all
# that the model needs but for its one fault, and the line names that fault.

long_job
# describe NAME SHAPE BEGIN END: an array of the header.
describe() { printf '"%s":{"dtype":"F32","shape":%s,"data_offsets":[%s,%s]}' "$@"; }
# weights [SHAPE BEGIN END [REST]]: a file of the MLP's four arrays; so the first of them, from REST on the others.
weights() {
    at=${4:-200704}
    header="{$(describe 1.weight "${1:-[64,784]}" "${2:-0}" "${3:-200704}")"
    for rest in '1.bias [64] 256' '3.weight [10,64] 2560' '3.bias [10] 40'; do
        set -- $rest
        header="$header,$(describe "$1" "$2" $at $((at + $3)))"
        at=$((at + $3))
    done
    header="$header}"
    n=${#header}
    printf "$(printf '\\%03o\\%03o\\000\\000\\000\\000\\000\\000' $((n % 256)) $((n / 256)))" >bad.safetensors
    printf %s "$header" >>bad.safetensors
    head -c $at /dev/zero >>bad.safetensors
}
try() { lks run job.yaml --ranks 2 --run-dir run --set train.steps=1 --set train.init=bad.safetensors; }
refused() {
    try
    must_fail 1
    one_line 'lockstep: error: ' bad.safetensors "$@"
    [ ! -e run ] || fail "a run directory is left: $(find run)"
}

weights
try
must_succeed
mv run good
cp good/model.safetensors bad.safetensors
try
must_succeed
rm -r run

weights '[64,784]' 0 200704 200600
refused "'1.weight' and '1.bias' overlap"
weights '[64,784]' 0 200700
refused "'1.weight' takes 200704 bytes by shape and dtype but 200700 by its data_offsets"
weights '[64,784]' 0 18446744073709551615
refused 'header, byte' 'too big integer'
weights '[64,784]' 9223372036854575103 9223372036854775807 0
refused 'data bytes 2856 to 9223372036854575103 belong to no array'
weights '[4611686018427387904,4]' 0 0 0
refused "'1.weight' has a shape that overflows"
weights '[784,64]'
refused 1.weight '(784, 64)' '(64, 784)'
weights
head -c -1 bad.safetensors >cut && mv cut bad.safetensors
refused 'ends after 203850 of 203851 bytes'
weights
printf x >>bad.safetensors
refused 'file goes on after'
rm bad.safetensors
refused 'No such file'
