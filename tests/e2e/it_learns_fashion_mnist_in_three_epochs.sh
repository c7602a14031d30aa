#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The job that README runs, on two ranks: at least 88.5 % of the test images are right.

lks run "$E2E_JOBS/fashion_mnist.yaml" --ranks 2 --run-dir run
must_succeed
grep '"epoch":2,"split":"test"' run/metrics.jsonl | tee last
sed 's/.*"accuracy":\([0-9.]*\).*/\1/' last | awk '{ n++; ok = $1 >= 0.885 } END { exit !(n == 1 && ok) }' ||
    fail "less than 88.5 % after three epochs"
