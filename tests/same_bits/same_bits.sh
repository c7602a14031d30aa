#!/bin/sh
# One sha256: what `bits` writes is the same bytes wherever and however it was computed.
#   same_bits.sh BITS SOURCE_DIR WORK_DIR CASE
# Exit status 77: what the case needs (a compiler, an emulator) is not there.
set -eu
bits=$1 source=$2 work=$3/$4 case=$4
rm -rf "$work"
mkdir -p "$work"

# sha256 NAME COMMAND…: of all that COMMAND DEVICE THREADS DIRECTORY wrote.
sha256() {
    name=$1
    shift
    mkdir -p "$work/$name"
    "$@" "$work/$name"
    (cd "$work/$name" && cat lenet.weights mlp.weights losses.txt | sha256sum | cut -d' ' -f1)
}

want=$(sha256 want "$bits" reference 1)

# same NAME COMMAND…: has those bytes.
same() {
    got=$(sha256 "$@")
    if [ "$got" != "$want" ]; then
        echo "$1: $got, the reference has $want" >&2
        exit 1
    fi
    echo "$1: $got"
}

needs() {
    for tool; do
        command -v "$tool" >/dev/null || { echo "$tool is not there"; exit 77; }
    done
}

# build NAME [CMake options]: `bits` of another compiler, or of other options.
build() {
    built=$work/build-$1
    shift
    cmake -G Ninja -S "$source" -B "$built" -DLKS_LIBRARY_ONLY=ON -DLKS_WERROR=ON "$@" >"$work/log" &&
        cmake --build "$built" --target bits >>"$work/log" || { cat "$work/log" >&2; exit 1; }
    built=$built/tests/same_bits/bits
}

case $case in
tables) # those that the machine lacks are replaced by the best it has
    for isa in avx512f avx2 neon reference; do
        same $isa env LKS_CPU_ISA=$isa "$bits" cpu 1
    done
    ;;
threads)
    for n in 1 2 3 8; do
        same $n-threads "$bits" cpu $n
    done
    ;;
deferred)
    for seed in $(seq 20); do
        same seed-$seed env LKS_TEST_SEED=$seed "$bits" deferred 1
    done
    ;;
cuda) # at once, and as late as is legal in several orders
    same at-once "$bits" cuda 1
    for seed in 1 2 3; do
        same late-$seed env EMULATOR_LATE=1 EMULATOR_SEED=$seed "$bits" cuda 1
    done
    ;;
checked) # every access of every kernel
    same checked "$bits" cuda 1
    ;;
valgrind) # has no AVX-512, whatever the machine has
    needs valgrind
    same valgrind valgrind -q --error-exitcode=1 "$bits" cpu 1
    ;;
compilers) # of which the other cases have one: BITS_COMPILER
    needs gcc clang
    for compiler in gcc clang; do
        for level in 0 3; do
            case ${BITS_COMPILER:-}/$compiler-O$level in
            GNU-Release/gcc-O3 | Clang-Release/clang-O3) continue ;;
            esac
            build $compiler-O$level -DCMAKE_C_COMPILER=$compiler -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS=-O$level
            for device in cpu reference; do
                same $compiler-O$level-$device "$built" $device 1
            done
        done
    done
    ;;
arm64)
    needs aarch64-linux-gnu-gcc qemu-aarch64
    build arm64 -DCMAKE_TOOLCHAIN_FILE="$source/tests/same_bits/arm64.cmake" -DCMAKE_BUILD_TYPE=Release
    for device in cpu reference; do
        same arm64-$device qemu-aarch64 -L /usr/aarch64-linux-gnu "$built" $device 1
    done
    ;;
esac
rm -rf "$work"
