#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
. "$E2E/gpu.subr"
# No driver, no GPU, too few of them, no memory: one line that says what would do, and no files.

gpu_job
# refused STATUS RANKS TEXT ARGS…
refused() {
    code=$1 ranks=$2 says=$3
    shift 3
    lks run job.yaml --ranks "$ranks" --run-dir run "$@"
    must_fail "$code"
    one_line 'lockstep: error:' "$says"
    [ ! -e run ] || [ "$code" -eq 1 ] || fail "a run directory is left after: $*"
    nothing_is_left
    rm -rf run
}
EMULATOR_DRIVER=none refused 2 1 'device "cuda:0": there is no NVIDIA driver; use "cpu"' --devices cuda:0
EMULATOR_DEVICES=0 refused 2 2 'device "cuda": there is no NVIDIA GPU that this process may use; use "cpu"' \
    --set train.device=cuda
refused 2 2 'device "cuda:9": the last one here is cuda:1' --devices cuda:9
refused 2 1 'train.replicas is 3, but of the devices cuda:0 … the last one here is cuda:1' --set train.replicas=3
refused 2 1 'cpu:0 and cuda:0 are of two types' --devices cpu:0,cuda:0
refused 2 3 '3 ranks are on a host with 2 GPUs: start 2 there (--ranks), or set train.device to cpu'
refused 2 2 '2 ranks of 2 replicas want 4 GPUs and are on a host with 2 GPUs: start 1 there' --set train.replicas=2
refused 2 2 'ranks 0 and 1 are on the same GPU of one host: leave its number out, and each' --devices cuda:1 \
    --set train.collectives=auto
refused 2 2 'on the same GPU of one host: set train.replicas to 2 and leave --devices out' --devices cuda:0,cuda:1 \
    --set train.collectives=auto
lks check job.yaml --ranks 3
must_fail 2
one_line 'start 2 there (--ranks)'

# Memory: what was asked for, what is free, and a batch that fits.
export EMULATOR_MEMORY=6291456
for ranks in 1 2; do
    refused 1 $ranks "rank" --set train.batch_size=$((2000 * ranks)) --set train.lanes=$ranks --set train.steps=1
    grep -qE ' cuda:[01] is out of memory: [0-9.]+ MiB asked for, .* free, [0-9.]+ [KM]iB in use by this process; ' err ||
        fail "the line does not tell of the memory: $(cat err)"
    batch=$(sed -n 's/.* train.batch_size of about \([0-9]*\) would fit.*/\1/p' err)
    lanes=$(sed -n 's/.* train.lanes of about \([0-9]*\)$/\1/p' err)
    [ -n "$lanes" ] || [ $ranks -eq 1 ] || fail "the line does not tell of lanes: $(cat err)"
    lks run job.yaml --ranks $ranks --run-dir fits --set train.batch_size="$batch" --set train.lanes=$ranks \
        --set train.steps=1
    must_succeed
    rm -rf fits
    [ -n "$lanes" ] || continue
    lks run job.yaml --ranks $ranks --run-dir fits --set train.batch_size=$((2000 * ranks)) --set train.lanes="$lanes" \
        --set train.steps=1
    must_succeed
    rm -rf fits
done
export EMULATOR_MEMORY=1048576
refused 1 1 'rank 0: cuda:0 is out of memory' --set model.1.linear.out_features=512
one_line 'the model itself, its gradients and what the optimizer keeps do not fit'
refused 1 1 'rank 0: cuda:0 is out of memory: 32 MiB asked for' --set train.numerics=fast
one_line "its gradients, cuBLAS's workspace for numerics: fast and what the optimizer keeps do not fit"

# More GPUs than cores are nothing to warn of.
unset EMULATOR_MEMORY
n=$(($(nproc) + 1))
[ "$n" -gt 8 ] || {
    EMULATOR_DEVICES=$n lks run job.yaml --devices all --run-dir run --set train.lanes="$n" --set train.steps=1
    must_succeed
    ! grep -q warn err || fail "it warns: $(cat err)"
    rm -rf run
}

# On one rank alone.
cat >worker <<EOF
#!/bin/sh
[ "\$OMPI_COMM_WORLD_RANK" != 1 ] || export EMULATOR_MEMORY=6291456
exec "$(dirname "$LOCKSTEP")/lockstep-worker" "\$@"
EOF
chmod +x worker
for collectives in nccl mpi; do
    LOCKSTEP_WORKER=$PWD/worker refused 1 2 'gave up at step 0: cuda:1 is out of memory' --set train.batch_size=4000 \
        --set train.lanes=2 --set train.steps=1 --set train.collectives=$collectives
done
