#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Two tasks of MPICH's mpiexec, or of srun without PMIx: as far as Open MPI can see each is alone. None
# trains as if it were; each says in one line who started it and what to use. A batch script is no task.

lenet_job
sed -i 's/steps: 60/steps: 5/' job.yaml
slurm='SLURM_JOB_ID=7 SLURM_JOBID=7 SLURM_NTASKS=2 SLURM_NNODES=1 SLURM_NODELIST=localhost'
step="$slurm SLURM_STEPID=0 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2"
worker() {
    status=0
    env "$MARK" "$@" "${LOCKSTEP%/*}/lockstep-worker" --run-dir run job.yaml >out 2>err || status=$?
}
for rank in 0 1; do
    worker PMI_RANK=$rank PMI_SIZE=2
    must_fail 2
    one_line "task $rank of 2" "MPICH's mpiexec" 'lockstep run' 'srun --mpi=pmix'
    worker $step SLURM_PROCID=$rank
    must_fail 2
    one_line "task $rank of 2" srun 'lockstep run'
    worker $step SLURM_PROCID=$rank PMI_RANK=$rank PMI_SIZE=2 # srun --mpi=pmi2: Open MPI itself may end it
    [ "$status" -ne 0 ] || fail "it trained"
    within 5 [ -s err ] || fail "it says nothing" # where MPI ended it another process speaks
    one_line "task $rank of 2" srun 'lockstep run'
    [ ! -e run ] || fail "it left a run directory"
    nothing_is_left
done
worker $slurm SLURM_PROCID=0
must_succeed
