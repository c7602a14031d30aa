#include "proto/sign.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "lockstep: sign ";

const char *lks_stage_text(lks_stage stage)
{
    static const char *const texts[] = {
#define LKS_STAGE_TEXT(name, text) text,
        LKS_STAGE_LIST(LKS_STAGE_TEXT)
#undef LKS_STAGE_TEXT
    };
    return texts[stage];
}

size_t lks_sign_format(const lks_sign *sign, char out[LKS_SIGN_BYTES])
{
    return (size_t)snprintf(out, LKS_SIGN_BYTES, "%s%u/%u %u %u %s\n", prefix, sign->rank,
                            sign->size, (unsigned)sign->stage, sign->pid, sign->host);
}

bool lks_sign_parse(const char *line, lks_sign *out)
{
    const char *at = strstr(line, prefix);
    lks_sign sign;
    unsigned stage;

    if (!at || sscanf(at + strlen(prefix), "%u/%u %u %u %127s", &sign.rank, &sign.size,
                      &stage, &sign.pid, sign.host) != 5)
        return false;
    if (sign.rank >= sign.size || stage >= LKS_N_STAGES)
        return false;
    sign.stage = (lks_stage)stage;
    *out = sign;
    return true;
}
