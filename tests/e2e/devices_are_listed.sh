#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# `lockstep devices` lists what there is to train on, for people and programs, and why there is no GPU.

# json KEY: of the device list.
json() { python3 -c "import json, sys; d = json.load(open('out')); print($1)"; }
lks devices
must_succeed
[ ! -s err ] || fail 'it complains'
grep -qE "^cpu +$(nproc) cores?, [a-z0-9]+ +[0-9.]+ [KMGT]iB of [0-9.]+ [KMGT]iB$" out || fail 'no line of the CPU'
grep -qE '^no GPU: .' out || fail 'it tells nothing of GPUs'
COLUMNS=30 lks devices
[ "$(widest <out)" -le 30 ] || fail 'it is wider than the screen'
lks devices --json
must_succeed
[ "$(json 'd["devices"][0]["device"], d["devices"][0]["cores"]')" = "cpu $(nproc)" ] || fail 'no CPU in the JSON'
[ -n "$(json 'd["no_gpu"]')" ] && [ "$(json 'len(d["devices"])')" = 1 ] || fail 'the JSON tells nothing of GPUs'
lks devices --jsn
must_fail 2
one_line 'did you mean --json'
lks devices gpu
must_fail 2
one_line "unexpected argument 'gpu'"
status=0
"$LOCKSTEP" devices >/dev/full 2>err || status=$?
must_fail 1
one_line 'cannot write to standard output'
LOCKSTEP_WORKER=/nonexistent lks devices
must_fail 1
one_line '/nonexistent'

# Where there are GPUs, or a build that could have them.
unset CUDA_VISIBLE_DEVICES EMULATOR_DEVICES
"$LOCKSTEP" devices | grep -q ' Emulated GPU ' || exit 0
EMULATOR_DEVICES=3 lks devices
[ "$(grep -c '^cuda:[012]  *Emulated GPU  *4.0 GiB of 4.0 GiB$' out)" -eq 3 ] || fail 'not three GPUs'
EMULATOR_DEVICES=0 lks devices
must_succeed
grep -qx 'no GPU: there is no NVIDIA GPU that this process may use' out || fail 'it does not say that there is none'
EMULATOR_DRIVER=none lks devices
must_succeed
grep -qx 'no GPU: there is no NVIDIA driver' out || fail 'it does not say that there is no driver'
EMULATOR_DRIVER=none lks devices --json
must_succeed
[ "$(json 'd["no_gpu"]')" = 'there is no NVIDIA driver' ] || fail 'nor in the JSON'
