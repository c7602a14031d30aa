#include "daemon/hello_check.h"

#include <stddef.h>
#include <string.h>

#include "proto/frame.h"

/* What every check looks at: the newcomer as it describes itself, and the first rank that
 * came, NULL if none has. */
typedef struct lks_newcomer {
    const Lks__Proto__Hello *hello;
    lks_rank self;
    const lks_rank *ranks;
    uint32_t world_size;
    const lks_rank *first;
} lks_newcomer;

typedef bool (*hello_rule)(const lks_newcomer *newcomer, lks_line *reason);

static bool has_our_protocol(const lks_newcomer *newcomer, lks_line *reason)
{
    if (newcomer->hello->protocol == LKS_PROTOCOL_VERSION)
        return true;
    lks_rank_add_name(&newcomer->self, reason);
    lks_line_add(reason,
                 " speaks protocol %u, the coordinator %d: install one version of "
                 "lockstep on all hosts",
                 newcomer->hello->protocol, LKS_PROTOCOL_VERSION);
    return false;
}

static bool has_our_world_size(const lks_newcomer *newcomer, lks_line *reason)
{
    if (newcomer->hello->world_size == newcomer->world_size)
        return true;
    lks_rank_add_name(&newcomer->self, reason);
    lks_line_add(reason, " was started as one of %u ranks, this run has %u",
                 newcomer->hello->world_size, newcomer->world_size);
    return false;
}

static bool is_in_range(const lks_newcomer *newcomer, lks_line *reason)
{
    if (newcomer->hello->rank < newcomer->world_size)
        return true;
    lks_rank_add_name(&newcomer->self, reason);
    lks_line_add(reason, " is out of range: this run has ranks 0 to %u",
                 newcomer->world_size - 1);
    return false;
}

static bool is_new(const lks_newcomer *newcomer, lks_line *reason)
{
    const lks_rank *known = &newcomer->ranks[newcomer->hello->rank];

    if (known->state == LKS_RANK_ABSENT)
        return true;
    lks_rank_add_name(&newcomer->self, reason);
    lks_line_add(reason, " came as a second ");
    lks_rank_add_name(known, reason);
    return false;
}

static bool has_the_version(const lks_newcomer *newcomer, lks_line *reason)
{
    const lks_rank *first = newcomer->first;

    if (!first || strcmp(first->version, newcomer->self.version) == 0)
        return true;
    lks_rank_add_name(&newcomer->self, reason);
    lks_line_add(reason, " runs lockstep %s, ", newcomer->self.version);
    lks_rank_add_name(first, reason);
    lks_line_add(reason, " runs %s: install one version on all hosts", first->version);
    return false;
}

static bool has_the_number_of_samples(const lks_newcomer *newcomer, lks_line *reason)
{
    const lks_rank *first = newcomer->first;

    if (!first || first->n_samples == newcomer->self.n_samples)
        return true;
    lks_rank_add_name(&newcomer->self, reason);
    lks_line_add(reason, " reads %llu samples, ",
                 (unsigned long long)newcomer->self.n_samples);
    lks_rank_add_name(first, reason);
    lks_line_add(reason, " %llu: every rank must read the same data",
                 (unsigned long long)first->n_samples);
    return false;
}

static bool has_the_dataset(const lks_newcomer *newcomer, lks_line *reason)
{
    const lks_rank *first = newcomer->first;

    if (!first || first->dataset_fingerprint == newcomer->self.dataset_fingerprint)
        return true;
    lks_rank_add_name(&newcomer->self, reason);
    lks_line_add(reason, " reads a dataset with fingerprint %016llx, ",
                 (unsigned long long)newcomer->self.dataset_fingerprint);
    lks_rank_add_name(first, reason);
    lks_line_add(reason, " %016llx: every rank must read the same data",
                 (unsigned long long)first->dataset_fingerprint);
    return false;
}

static const hello_rule rules[] = {
    has_our_protocol, has_our_world_size,        is_in_range,     is_new,
    has_the_version,  has_the_number_of_samples, has_the_dataset,
};

bool lks_hello_check(const Lks__Proto__Hello *hello, const lks_rank *ranks,
                     uint32_t world_size, lks_line *reason)
{
    lks_newcomer newcomer = {.hello = hello, .ranks = ranks, .world_size = world_size};

    newcomer.self.rank = hello->rank;
    lks_rank_take_hello(&newcomer.self, hello, 0);
    for (uint32_t r = 0; r < world_size && !newcomer.first; r++)
        if (ranks[r].state != LKS_RANK_ABSENT)
            newcomer.first = &ranks[r];
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!rules[i](&newcomer, reason))
            return false;
    return true;
}
