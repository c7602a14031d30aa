#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Data are mapped while a run reads them: a file that becomes shorter ends it with the file's name, one that is replaced does not.

long_job
gunzip -c $DATA/t10k-images-idx3-ubyte.gz >images
gunzip -c $DATA/t10k-labels-idx1-ubyte.gz >labels
sed -i -e "s,root: .*,root: $WORK," -e 's/t10k-images-idx3-ubyte.gz/images/' \
    -e 's/t10k-labels-idx1-ubyte.gz/labels/' job.yaml
for ranks in 1 2; do
    rm -rf run
    cp images new
    start_run job.yaml --ranks $ranks --run-dir run
    within 20 has_begun || fail "it does not train"
    mv new images
    at=$(value step)
    further() { ask && [ "$(value step)" -gt "$at" ]; }
    within 20 further || fail "a new file in place of the old stops the run"
    run_is_over && fail "a new file in place of the old ends the run"
    kill -INT "$run"
    wait_run

    rm -rf run
    start_run job.yaml --ranks $ranks --run-dir run
    within 20 has_begun || fail "it does not train"
    cp images good
    truncate -s 5000 images
    wait_run
    must_fail 1
    one_line 'lockstep: error:' "$WORK/images: the file has become shorter while it was in use"
    nothing_is_left
    cp good images
done
