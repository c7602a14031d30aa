#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Epochs of 10,000 samples in batches of 999: the last has 10, and 60 steps have 5 of those.

. "$E2E/same_bits.subr"
same_bits --set train.batch_size=999
