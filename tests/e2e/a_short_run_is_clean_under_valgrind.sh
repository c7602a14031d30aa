#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# One rank and three steps: no wrong access, no leak of ours.

command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 77; }
worker=$(dirname "$LOCKSTEP")/lockstep-worker
! grep -qE '__(asan|tsan)_init' "$worker" || { echo "skipped: it has a sanitizer built in"; exit 77; }
lenet_job
status=0
valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
    --log-file=valgrind.log "$worker" --run-dir run \
    --set train.steps=3 job.yaml >out 2>err || status=$?
cat valgrind.log
must_succeed
[ -s run/model.safetensors ] || fail "it wrote no weights"
