#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# This version writes no checkpoints: a job that wants some is told so once, by a check and by a run.

lenet_job
for command in 'check job.yaml' 'run job.yaml --ranks 2 --run-dir run'; do
    lks $command --set train.steps=2 --set checkpoint.every_steps=1
    must_succeed
    one_line 'lockstep: warn: checkpoint.every_steps' 'no checkpoints yet'
done
