#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A run directory on a disk of 64 KiB: no room for the weights. Needs root for the small disk.

[ "$(id -u)" -eq 0 ] || { echo "skipped: needs root to mount a small disk"; exit 77; }
mkdir disk
mount -t tmpfs -o size=64k tmpfs disk 2>/dev/null || { echo "skipped: no mount here"; exit 77; }
trap 'umount "$WORK/disk" 2>/dev/null; clean_up' EXIT
lenet_job
lks run job.yaml --ranks 2 --run-dir disk/run --set report.every_steps=60
must_fail 1
one_line 'lockstep: error: ' 'No space left on device' model.safetensors
[ ! -e disk/run/model.safetensors ] || fail "half-written weights are left"
[ -z "$(find disk -name '*.new' -o -name '*.tmp*' -o -name '*model*')" ] || fail "left: $(find disk)"
[ ! -e disk/run/status.sock ] || fail "the socket is left"
rm -rf disk/run
lks run job.yaml --ranks 2 --run-dir disk/run --set train.steps=100000 --set report.every_steps=1
must_fail 1
one_line 'lockstep: error: ' 'No space left on device'
nothing_is_left
