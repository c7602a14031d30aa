# Sourced by every e2e test: a folder of its own, the command under test, and the certainty
# that nothing it started is left. Only processes that carry this test's mark in their
# environment are ever looked at or killed.
set -eu

# The command under test and what else a test reads; absolute, because tests work in folders of their own.
E2E=$(cd "$(dirname "${E2E_LIB:-$0}")" && pwd)
LOCKSTEP=$(realpath "${LOCKSTEP:-$E2E/../../build/release/bin/lockstep}")
E2E_TOOLS=${E2E_TOOLS:-$(dirname "$LOCKSTEP")/../tests/e2e}
E2E_GOLDEN=$E2E/../golden
E2E_JOBS=$E2E/../../deploy/jobs
[ -x "$LOCKSTEP" ] || {
    echo "no $LOCKSTEP: build it, or set LOCKSTEP"
    exit 1
}

DATA=/usr/share/datasets/fashion-mnist
[ -d "$DATA" ] || {
    echo "skipped: Debian's dataset-fashion-mnist is not installed"
    exit 77
}
unset LOCKSTEP_WORKER LOCKSTEP_MPIRUN COLUMNS 2>/dev/null || true
export CUDA_VISIBLE_DEVICES= EMULATOR_DEVICES=0 # jobs train on the CPU; gpu.subr brings GPUs back

WORK=$(mktemp -d "${TMPDIR:-/tmp}/lks-e2e.XXXXXX")
MARK="LOCKSTEP_E2E=$$-$(basename "$WORK")"
cd "$WORK"

# marked: the living processes that this test started, directly or not.
marked() {
    for environ in /proc/[0-9]*/environ; do
        if grep -qzx "$MARK" "$environ" 2>/dev/null; then
            pid=${environ#/proc/}
            echo "${pid%/environ}"
        fi
    done
}

clean_up() {
    status=$?
    for pid in $(marked); do kill -9 "$pid" 2>/dev/null || true; done
    if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
        for file in out err run.out run.err run/logs/mpirun.log; do
            [ -s "$WORK/$file" ] && echo "--- $file:" && tail -n 15 "$WORK/$file"
        done
    fi
    cd /
    rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() {
    echo "FAILED: $*"
    exit 1
}

# lks ARGS…: the command, marked; its output into the files out and err, its exit status
# into $status.
lks() {
    status=0
    env "$MARK" "$LOCKSTEP" "$@" >out 2>err || status=$?
}

# start_run ARGS…: `lockstep run` in the background, its process in $run.
start_run() {
    env "$MARK" "$LOCKSTEP" run "$@" >run.out 2>run.err &
    run=$!
}

# wait_run: its end; output and exit status as of lks.
wait_run() {
    status=0
    wait "$run" 2>/dev/null || status=$?
    mv run.out out
    mv run.err err
}

# on_terminal COLUMNS COMMAND: a shell's command on a terminal so wide, what it shows into the file screen.
on_terminal() {
    status=0
    env "$MARK" TERM="${TERMINAL-xterm}" script -qec "stty cols $1; $2" /dev/null </dev/null >screen ||
        status=$?
}
# drawn: of the file screen the lines, also those that were drawn in place.
drawn() { tr '\r' '\n' <screen | sed 's/\x1b\[K//'; }
# widest: columns of the widest of the lines on standard input.
widest() { LC_ALL=C.UTF-8 wc -L; }

# Of the run whose command is process $run.
guard_of() { pgrep -P "$run" lockstep; }
mpirun_of() { pgrep -x mpirun -P "$(guard_of)"; }

run_is_over() { ! kill -0 "$run"; }

# within SECONDS COMMAND…: until it succeeds. The last try begins before the clock says so.
within() {
    deadline=$(($(date +%s%N) + $1 * 1000000000))
    shift
    while ! "$@" >/dev/null 2>&1; do
        sleep 0.1
        [ "$(date +%s%N)" -lt "$deadline" ] || return 1
    done
}

# must_succeed / must_fail STATUS: of the last `lks` or `wait_run`.
must_succeed() { [ "$status" -eq 0 ] || fail "exit status $status"; }
must_fail() { [ "$status" -eq "$1" ] || fail "exit status $status, not $1"; }

# one_line TEXT…: standard error is exactly one line, and has each TEXT in it.
one_line() {
    [ "$(wc -l <err)" -eq 1 ] || fail "not one line on standard error"
    for text; do
        grep -qF -- "$text" err || fail "the line does not say '$text'"
    done
}

says() { grep -qF -- "$1" "${2:-out}" || fail "${2:-out} does not say '$1'"; }

nothing_is_left() {
    within "${1:-5}" no_process || fail "processes are left: $(marked | xargs -r ps -o pid=,stat=,args= -p)"
    [ ! -e run/status.sock ] || fail "run/status.sock is left"
}
no_process() { [ -z "$(marked)" ]; }

# A job that goes on for as long as a test needs, on an MLP.
long_job() {
    cat >job.yaml <<EOF
job: long
data:
  format: idx
  root: $DATA
  train: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}
  normalize: {mean: [0.2860], std: [0.3530]}
model:
  - flatten
  - linear: {out_features: 64}
  - relu
  - linear: {out_features: 10}
loss: cross_entropy
optimizer: {sgd: {lr: 0.01}}
train: {steps: 100000000, batch_size: 64, lanes: 8}
report: {every_steps: 20}
EOF
}

# lenet_job: with dropout and momentum, on the 10,000 test images (they load fast).
lenet_job() {
    cat >job.yaml <<EOF
job: lenet
seed: 7
data:
  format: idx
  root: $DATA
  train: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}
  normalize: {mean: [0.2860], std: [0.3530]}
model:
  - conv2d: {out_channels: 6, kernel_size: 5}
  - relu
  - max_pool2d: {kernel_size: 2}
  - conv2d: {out_channels: 16, kernel_size: 5}
  - relu
  - max_pool2d: {kernel_size: 2}
  - flatten
  - linear: {out_features: 120}
  - relu
  - dropout: {p: 0.5}
  - linear: {out_features: 10}
loss: cross_entropy
optimizer: {sgd: {lr: 0.02, momentum: 0.9}}
train: {steps: 60, batch_size: 64, lanes: 8, threads_per_rank: 1}
report: {every_steps: 1}
EOF
}

# npy FILE DESCR SHAPE: an array of what is on standard input, of NumPy's
npy() {
    header="{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
    printf '\223NUMPY\1\0' >"$1"
    printf "\\$(printf %o ${#header})\\0" >>"$1"
    printf %s "$header" >>"$1"
    cat >>"$1"
}

# residual_job: the same with a small residual net that has batch norm, and parameter groups.
residual_job() {
    lenet_job
    cat >model <<EOF
model:
  - conv2d: {out_channels: 4, kernel_size: 5, stride: 2, name: stem}
  - batch_norm2d: {momentum: 0.2}
  - relu: {name: in}
  - conv2d: {out_channels: 4, kernel_size: 3, padding: 1, bias: false}
  - batch_norm2d
  - add: {from: [4, in], name: sum}
  - relu
  - max_pool2d: {kernel_size: 2}
  - flatten
  - linear: {out_features: 16}
  - batch_norm1d
  - linear: {out_features: 10}
optimizer: {sgd: {lr: 0.02, momentum: 0.9, weight_decay: 0.1, groups: [{params: ["*.bias", "1.*"], weight_decay: 0}]}}
EOF
    sed -i -e '/^optimizer/d' -e '/^model:/,/out_features: 10}/{/out_features: 10}/r model' -e 'd}' job.yaml
}

# value KEY: the first number or word that `lockstep status --json` gives for KEY.
value() {
    sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" status.json | head -n 1
}
ask() {
    env "$MARK" "$LOCKSTEP" status run --json >status.json 2>status.err
}
# has_begun: all ranks have come, and at least 20 steps are done.
has_begun() {
    ask && [ "$(value step)" -ge 20 ] && ! grep -qE '"state": "(absent|joining)"' status.json
}
# of_rank RANK KEY: what the last `ask` was told of it.
of_rank() {
    awk -v rank="$1" -v key="\"$2\":" 'BEGIN { r = "none yet" }
                                       { gsub(/[",]/, "", $2) }
                                       $1 == "\"rank\":" { r = $2 }
                                       $1 == key && r == rank { print $2 }' status.json
}
# pid_of RANK: from the run's own status.
pid_of() {
    within 10 ask
    of_rank "$1" pid
}
# with_mpirun SCRIPT: runs start SCRIPT in the place of mpirun, $dir being their directory.
with_mpirun() {
    {
        echo '#!/bin/sh'
        echo 'while [ "$1" != --run-dir ]; do shift; done; dir=$2'
        echo "$1"
    } >mpirun
    chmod +x mpirun
    export LOCKSTEP_MPIRUN="$WORK/mpirun"
}
# start_long RANKS: a run in run/ that has begun.
start_long() {
    long_job
    start_run job.yaml --ranks "$1" --run-dir run
    within 20 has_begun || fail "the run does not begin: $(cat status.err)"
}
seconds() { date +%s.%N; }
