#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# As on hosts without a shared file system, rank 1 reads a file of its own: another job or other data are
# told at the start, with the rank; the same data in another folder are fine.

cat >worker <<EOF
#!/bin/sh
if [ "\$OMPI_COMM_WORLD_RANK" = 1 ]; then
    for argument; do
        shift
        case \$argument in *job.yaml) argument=$WORK/other.yaml ;; esac
        set -- "\$@" "\$argument"
    done
fi
exec "$(dirname "$LOCKSTEP")/lockstep-worker" "\$@"
EOF
chmod +x worker
export LOCKSTEP_WORKER="$WORK/worker"
ln -s "$DATA" elsewhere

lenet_job
sed -i -e 's/steps: 60/steps: 20/' \
    -e 's/^  normalize.*/&\n  test: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}/' job.yaml

# other SED-COMMAND: rank 1's job, and a run.
other() {
    sed "$1" job.yaml >other.yaml
    ! cmp -s job.yaml other.yaml || fail "'$1' changes nothing"
    lks run job.yaml --ranks 2 --run-dir run
}
refused() {
    other "$1"
    must_fail 1
    one_line "lockstep: error: $2 of rank 1 differs from rank 0's"
    nothing_is_left
    [ ! -e run ] || fail "a run directory is left: $(find run)"
}
refused 's/steps: 20/steps: 40/' 'the job'
refused 's/lanes: 8/lanes: 4/' 'the job'
refused 's/batch_size: 64/batch_size: 128/' 'the job'
refused 's/every_steps: 1/every_steps: 7/' 'the job'
refused 's/out_channels: 6/out_channels: 8/' 'the job'
refused 's/lr: 0.02/lr: 0.03/' 'the job'
refused '/^  test/s/t10k/train/g' 'the test data'
refused '/^  test/d' 'the test data'
refused '/^  train/s/t10k/train/g' 'the training data'

other "s,root: .*,root: $WORK/elsewhere,"
must_succeed
