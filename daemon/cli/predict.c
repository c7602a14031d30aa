/* `lockstep predict`: what does the model of a run say of each sample? */
#include "base/try.h"
#include "daemon/cli/errand.h"

static lks_status make_errand(const lks_args *args, lks_errand *out)
{
    if (args->input && args->split)
        return lks_fail(LKS_INVALID, "--input and --split are two things to predict for: "
                                     "leave one out");
    if (!args->input && !args->split)
        return lks_fail(LKS_INVALID, "name what to predict for: --input FILE, or, of the "
                                     "job's data, --split test");
    LKS_TRY(lks_errand_begin(args, out));
    LKS_TRY(lks_strings_add(&out->words, "--predict"));
    LKS_TRY(lks_errand_add(out, "--input", args->input));
    LKS_TRY(lks_errand_add(out, "--split", args->split));
    LKS_TRY(lks_errand_add(out, "--output", args->output));
    return lks_errand_add(out, "--format", args->format);
}

static int predict(const lks_args *args)
{
    return lks_errand_run(args, make_errand);
}

static const lks_arg options[] = {
    {"--input", NULL, "FILE",
     "the inputs: an array of NumPy's (.npy), else a file as data.format of the job has "
     "it",
     LKS_ARG_TEXT, offsetof(lks_args, input)},
    {"--split", NULL, "SPLIT", "or of the job's data: train, validation or test",
     LKS_ARG_TEXT, offsetof(lks_args, split)},
    {"--output", NULL, "FILE",
     "where they go, a file that is not there yet (default: standard output)",
     LKS_ARG_TEXT, offsetof(lks_args, output)},
    {"--format", NULL, "FORMAT",
     "jsonl, a line of JSON a sample, or npy, an array of the outputs (default: jsonl)",
     LKS_ARG_TEXT, offsetof(lks_args, format)},
    LKS_ARGS_ERRAND,
    LKS_ARG_HELP,
};

const lks_command lks_command_predict = {
    .name = "predict",
    .arguments = "RUN [OPTION]…",
    .summary = "Work out what the model of a run says of each sample",
    .details =
        "RUN is a run directory, or its name in runs/. Predictions come in the order of "
        "the samples, the same bytes on any number of ranks and on any device. Of a "
        "classifier a line has the class and the probabilities, else the output. Its "
        "index is the sample's number in the file, from 0; rows that data.missing: skip "
        "leaves out are counted. Where data.validation holds samples out, that of train "
        "and validation is the number within these.\nExit "
        "status: 0 predicted, 1 failed, 2 bad command line or data that do not fit, 130 "
        "interrupted.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .run = predict,
};
