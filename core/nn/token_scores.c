#include "nn/token_scores.h"

#include "ops/ops.h"

lks_status lks_token_log_p(lks_tensor *scores, float *out)
{
    lks_tensor *last = lks_select(scores, 1, -1);

    return lks_to_host(lks_log_softmax(lks_contiguous(last), -1), out);
}
