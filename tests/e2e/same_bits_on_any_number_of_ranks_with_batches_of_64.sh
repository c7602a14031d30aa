#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# LeNet with dropout and momentum, 60 steps of 64 samples, 8 lanes: weights and losses are the
# same bytes on 1, 2, 3, 4 and 8 ranks.

. "$E2E/same_bits.subr"
same_bits --set train.batch_size=64
