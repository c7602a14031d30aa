/* Results beside targets. */
#include "table.h"

#include <string.h>

static void run_cross_entropy(call *c)
{
    const lks_cross_entropy_options options = {
        .reduction = reduction(c, named("reduction")),
        .ignore_index = integer(c, named("ignore_index"), LKS_NO_IGNORE_INDEX),
        .has_ignore_index = true,
        .weight = optional(c, named("weight")),
        .label_smoothing = number(c, named("label_smoothing"), 0),
    };

    give(c, lks_cross_entropy(input(c), tensor(c, arg(0, "target")), &options));
}

static void run_nll_loss(call *c)
{
    give(c,
         lks_nll_loss(input(c), tensor(c, arg(0, "target")), optional(c, named("weight")),
                      integer(c, named("ignore_index"), LKS_NO_IGNORE_INDEX),
                      reduction(c, named("reduction"))));
}

static void run_multi_margin_loss(call *c)
{
    give(c, lks_multi_margin_loss(input(c), tensor(c, arg(0, "target")),
                                  number(c, named("p"), 1), number(c, named("margin"), 1),
                                  optional(c, named("weight")),
                                  reduction(c, named("reduction"))));
}

static void run_mse_loss(call *c)
{
    give(c, lks_mse_loss(input(c), tensor(c, arg(0, "target")),
                         reduction(c, named("reduction"))));
}

static void run_l1_loss(call *c)
{
    give(c, lks_l1_loss(input(c), tensor(c, arg(0, "target")),
                        reduction(c, named("reduction"))));
}

static void run_smooth_l1_loss(call *c)
{
    give(c, lks_smooth_l1_loss(input(c), tensor(c, arg(0, "target")),
                               number(c, named("beta"), 1),
                               reduction(c, named("reduction"))));
}

static void run_huber_loss(call *c)
{
    give(c,
         lks_huber_loss(input(c), tensor(c, arg(0, "target")),
                        number(c, named("delta"), 1), reduction(c, named("reduction"))));
}

static void run_binary_cross_entropy(call *c)
{
    give(c, lks_binary_cross_entropy(input(c), tensor(c, arg(0, "target")),
                                     optional(c, named("weight")),
                                     reduction(c, named("reduction"))));
}

static void run_binary_cross_entropy_with_logits(call *c)
{
    give(c, lks_binary_cross_entropy_with_logits(
                input(c), tensor(c, arg(0, "target")), optional(c, named("weight")),
                optional(c, named("pos_weight")), reduction(c, named("reduction"))));
}

static void run_gaussian_nll_loss(call *c)
{
    give(c, lks_gaussian_nll_loss(input(c), tensor(c, arg(0, "target")),
                                  tensor(c, arg(1, "var")), flag(c, named("full"), false),
                                  number(c, named("eps"), 1e-6),
                                  reduction(c, named("reduction"))));
}

static void run_poisson_nll_loss(call *c)
{
    give(c, lks_poisson_nll_loss(
                input(c), tensor(c, arg(0, "target")), flag(c, named("log_input"), true),
                flag(c, named("full"), false), number(c, named("eps"), 1e-8),
                reduction(c, named("reduction"))));
}

static void run_soft_margin_loss(call *c)
{
    give(c, lks_soft_margin_loss(input(c), tensor(c, arg(0, "target")),
                                 reduction(c, named("reduction"))));
}

static void run_hinge_embedding_loss(call *c)
{
    give(c, lks_hinge_embedding_loss(input(c), tensor(c, arg(0, "target")),
                                     number(c, named("margin"), 1),
                                     reduction(c, named("reduction"))));
}

static void run_margin_ranking_loss(call *c)
{
    give(c, lks_margin_ranking_loss(
                input(c), tensor(c, arg(0, "input2")), tensor(c, arg(1, "target")),
                number(c, named("margin"), 0), reduction(c, named("reduction"))));
}

static void run_cosine_embedding_loss(call *c)
{
    give(c, lks_cosine_embedding_loss(
                input(c), tensor(c, arg(0, "input2")), tensor(c, arg(1, "target")),
                number(c, named("margin"), 0), reduction(c, named("reduction"))));
}

static void run_cosine_similarity(call *c)
{
    give(c,
         lks_cosine_similarity(input(c), tensor(c, arg(0, "x2")),
                               whole(c, named("dim"), 1), number(c, named("eps"), 1e-8)));
}

static void run_pairwise_distance(call *c)
{
    give(c, lks_pairwise_distance(input(c), tensor(c, arg(0, "x2")),
                                  number(c, named("p"), 2), number(c, named("eps"), 1e-6),
                                  flag(c, named("keepdim"), false)));
}

static void run_triplet_margin_loss(call *c)
{
    give(c, lks_triplet_margin_loss(
                input(c), tensor(c, arg(0, "positive")), tensor(c, arg(1, "negative")),
                number(c, named("margin"), 1), number(c, named("p"), 2),
                number(c, named("eps"), 1e-6), flag(c, named("swap"), false),
                reduction(c, named("reduction"))));
}

static void run_kl_div(call *c)
{
    const bool log_target = flag(c, named("log_target"), false);
    lks_tensor *x = input(c), *target = tensor(c, arg(0, "target"));

    if (strcmp(word(c, named("reduction"), "mean"), "batchmean") == 0)
        give(c, lks_mul_scalar(lks_kl_div(x, target, log_target, LKS_REDUCTION_SUM),
                               1 / (double)lks_size(x, 0)));
    else
        give(c, lks_kl_div(x, target, log_target, reduction(c, named("reduction"))));
}

static const row rows[] = {
    {"nn.functional.cross_entropy", .run = run_cross_entropy},
    {"nn.functional.nll_loss", .run = run_nll_loss},
    {"nn.functional.multi_margin_loss", .run = run_multi_margin_loss},
    {"nn.functional.mse_loss", .run = run_mse_loss},
    {"nn.functional.l1_loss", .run = run_l1_loss},
    {"nn.functional.smooth_l1_loss", .run = run_smooth_l1_loss},
    {"nn.functional.huber_loss", .run = run_huber_loss},
    {"nn.functional.binary_cross_entropy", .run = run_binary_cross_entropy},
    {"nn.functional.binary_cross_entropy_with_logits",
     .run = run_binary_cross_entropy_with_logits},
    {"nn.functional.kl_div", .run = run_kl_div},
    {"nn.functional.gaussian_nll_loss", .run = run_gaussian_nll_loss},
    {"nn.functional.poisson_nll_loss", .run = run_poisson_nll_loss},
    {"nn.functional.soft_margin_loss", .run = run_soft_margin_loss},
    {"nn.functional.hinge_embedding_loss", .run = run_hinge_embedding_loss},
    {"nn.functional.margin_ranking_loss", .run = run_margin_ranking_loss},
    {"nn.functional.cosine_embedding_loss", .run = run_cosine_embedding_loss},
    {"nn.functional.cosine_similarity", .run = run_cosine_similarity},
    {"nn.functional.pairwise_distance", .run = run_pairwise_distance},
    {"nn.functional.triplet_margin_loss", .run = run_triplet_margin_loss},
};
FAMILY(losses, rows);
