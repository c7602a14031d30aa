#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
. "$E2E/gpu.subr"
# `train.device: auto` takes the GPUs, one a rank; check, status, /metrics, job.yaml and logs name them.

gpu_job
lks run job.yaml --run-dir cpu --set train.device=cpu --ranks 1
must_succeed
checks() {
    wanted=$1
    shift
    lks check job.yaml "$@"
    must_succeed
    [ "$(tail -n 1 out)" = "$wanted" ] || fail "check says '$(tail -n 1 out)', not '$wanted'"
}
checks '2 ranks on cuda:0, cuda:1 (Emulated GPU)'
checks '1 rank on cuda:0 (Emulated GPU)' --ranks 1
checks '1 rank of 2 replicas on cuda:0, cuda:1 (Emulated GPU)' --set train.replicas=all
checks '1 rank on cuda:1 (Emulated GPU)' --devices cuda:1
EMULATOR_DEVICES=1 checks '1 rank on cuda:0 (Emulated GPU)'
EMULATOR_DEVICES=0 checks "$(nproc) rank$([ "$(nproc)" -eq 1 ] || echo s) on cpu:0 ($("$LOCKSTEP" devices --json |
    sed -n 's/.*"instruction_set": "\([^"]*\)".*/\1/p'))" --set train.lanes=1024 --set train.batch_size=1024

# trains RANKS DEVICES KIND ARGS…: with the CPU's bits, on these devices, numbered by replica.
trains() {
    ranks=$1 devices=$2 kind=$3
    shift 3
    rm -rf run
    lks run job.yaml --run-dir run "$@"
    must_succeed
    cmp run/model.safetensors cpu/model.safetensors || fail "other weights than a CPU's: $*"
    grep -q "^# lockstep .*: $ranks ranks .*, $kind (Emulated GPU)\$" run/job.yaml || fail 'job.yaml does not name the GPU'
    grep -qx '  device: cuda' run/job.yaml || fail 'job.yaml does not say cuda'
    for device in $devices; do
        grep -qh "info: $device is Emulated GPU: of its 4.0 GiB of memory" run/logs/rank-*.log || fail "no log of $device"
        grep -qhE "info: $device: at most [0-9.]+ [KM]iB of its memory in use" run/logs/rank-*.log ||
            fail "the peak of $device is not told"
    done
    nothing_is_left
}
trains 2 'cuda:0 cuda:1' cuda
trains 2 'cuda:0 cuda:1' cuda --set train.device=cuda
trains 2 'cuda:0 cuda:1' cuda --ranks 2 --devices cuda
trains 1 cuda:1 cuda --devices cuda:1
trains 1 'cuda:0 cuda:1' 'cuda:0 cuda:1' --devices all
EMULATOR_DEVICES=4 trains 2 'cuda:0 cuda:1 cuda:2 cuda:3' 'cuda:0 cuda:1' --ranks 2 --set train.replicas=2
export EMULATOR_DEVICES=1
LOCKSTEP_MPIRUN=/nonexistent trains 1 cuda:0 cuda
unset EMULATOR_DEVICES

# Where there is none, auto is the CPU.
EMULATOR_DRIVER=none lks run job.yaml --run-dir none
must_succeed
cmp none/model.safetensors cpu/model.safetensors || fail 'other weights on the CPU'
grep -qx '  device: cpu' none/job.yaml || fail 'it is not on the CPU'

# While it runs.
start_run job.yaml --run-dir live --set train.steps=100000
shown() { lks status live && grep -q ' 2 ranks on Emulated GPU, ' out && grep -qE 'cuda:1 .* [0-9.]+ [KM]iB  +[0-9.]+ [KM]iB$' out; }
within 20 shown || fail "status does not show the GPUs: $(cat out)"
curl -s --unix-socket live/status.sock http://run/metrics >metrics
for line in 'device_info{job_id="live",rank="1",device="cuda:1",model="Emulated GPU"} 1' \
    'device_memory_bytes{job_id="live",rank="0",device="cuda:0"} [1-9]' \
    'device_memory_peak_bytes{job_id="live",rank="1",device="cuda:1"} [1-9]'; do
    grep -q "^lockstep_rank_$line" metrics || fail "no metric $line"
done
lks status live --json
[ "$(grep -c '"device_model": "Emulated GPU"' out)" -eq 2 ] || fail 'the JSON does not name the model'
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
