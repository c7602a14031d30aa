/* `lockstep evaluate`: how good are the weights of a run, on which of its job's data? */
#include "base/try.h"
#include "daemon/cli/errand.h"

static lks_status make_errand(const lks_args *args, lks_errand *out)
{
    LKS_TRY(lks_errand_begin(args, out));
    LKS_TRY(lks_strings_add(&out->words, "--evaluate"));
    if (args->json)
        LKS_TRY(lks_strings_add(&out->words, "--json"));
    LKS_TRY(lks_errand_add_count(out, "--beam", args->beam));
    LKS_TRY(lks_errand_add(out, "--length-penalty", args->length_penalty));
    return lks_errand_add(out, "--split", args->split);
}

static int evaluate(const lks_args *args)
{
    return lks_errand_run(args, make_errand);
}

static const lks_arg options[] = {
    {"--split", NULL, "SPLIT",
     "of the job's data: train, validation or test (default: test)", LKS_ARG_TEXT,
     offsetof(lks_args, split)},
    {"--beam", NULL, "K",
     "of a model that translates: translate with a beam so wide, and say the BLEU too",
     LKS_ARG_COUNT, offsetof(lks_args, beam)},
    LKS_ARG_LENGTH_PENALTY,
    LKS_ARGS_ERRAND,
    {"--json", NULL, NULL, "the same for programs, with the confusion matrix",
     LKS_ARG_FLAG, offsetof(lks_args, json)},
    LKS_ARG_HELP,
};

const lks_command lks_command_evaluate = {
    .name = "evaluate",
    .arguments = "RUN [OPTION]…",
    .summary = "Evaluate the weights of a run: loss, accuracy of each class, errors",
    .details = "RUN is a run directory, or its name in runs/. What is said is the same "
               "on any number of ranks and on any device.\nExit status: 0 evaluated, 1 "
               "failed, 2 bad command line or data that do not fit, 130 interrupted.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .run = evaluate,
};
