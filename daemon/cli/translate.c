/* `lockstep translate`: standard input, line by line, as the model of a run translates. */
#include "base/try.h"
#include "daemon/cli/errand.h"

static lks_status make_errand(const lks_args *args, lks_errand *out)
{
    const uint32_t default_beam = 5, beam = args->beam ? args->beam : default_beam;

    if (args->n_best > beam)
        return lks_fail(LKS_INVALID, "--n-best %u: the beam holds %u: give --beam %u too",
                        args->n_best, beam, args->n_best);
    LKS_TRY(lks_errand_begin(args, out));
    out->reads_input = true;
    LKS_TRY(lks_strings_add(&out->words, "--translate"));
    LKS_TRY(lks_errand_add_count(out, "--beam", beam));
    LKS_TRY(lks_errand_add_count(out, "--n-best", args->n_best));
    return lks_errand_add(out, "--length-penalty", args->length_penalty);
}

static int translate(const lks_args *args)
{
    return lks_errand_run(args, make_errand);
}

static const lks_arg options[] = {
    {"--beam", NULL, "K",
     "how many translations of a line are followed at a time (default: 5)", LKS_ARG_COUNT,
     offsetof(lks_args, beam)},
    {"--n-best", NULL, "N",
     "the N best of each line, behind its number, a tab, their score and a tab",
     LKS_ARG_COUNT, offsetof(lks_args, n_best)},
    LKS_ARG_LENGTH_PENALTY,
    LKS_ARGS_ERRAND,
    LKS_ARG_HELP,
};

const lks_command lks_command_translate = {
    .name = "translate",
    .arguments = "RUN [OPTION]…",
    .summary = "Translate standard input, line by line, with the model of a run",
    .details =
        "RUN is a run directory, or its name in runs/. A line is written as soon as it "
        "is "
        "done, in the order of the input, an empty one for an empty one; tokens stand "
        "between blanks, as in the files that the model was trained on. What is written "
        "is the same on any number of ranks and on any device.\nExit status: 0 "
        "translated, "
        "1 failed, or input that is not UTF-8, 2 bad command line, 130 interrupted.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .run = translate,
};
