/* `lockstep generate`: text as the language model of a run writes it. */
#include "base/try.h"
#include "daemon/cli/errand.h"

static lks_status check(const lks_args *args)
{
    if (args->length == 0)
        return lks_fail(LKS_INVALID, "say how much: --length N, in characters or words");
    if (args->prompt && args->prompt_file)
        return lks_fail(LKS_INVALID, "--prompt and --prompt-file are two prompts: leave "
                                     "one out");
    if (args->beam && (args->temperature || args->top_k || args->top_p || args->seed))
        return lks_fail(
            LKS_INVALID,
            "--beam looks for the most probable text, --temperature, --top-k, "
            "--top-p and --seed are of text that is drawn: leave one out");
    return LKS_OK;
}

static lks_status make_errand(const lks_args *args, lks_errand *out)
{
    LKS_TRY(check(args));
    LKS_TRY(lks_errand_begin(args, out));
    LKS_TRY(lks_strings_add(&out->words, "--generate"));
    LKS_TRY(lks_errand_add_count(out, "--length", args->length));
    LKS_TRY(lks_errand_add(out, "--prompt", args->prompt));
    LKS_TRY(lks_errand_add(out, "--prompt-file", args->prompt_file));
    LKS_TRY(lks_errand_add(out, "--temperature", args->temperature));
    LKS_TRY(lks_errand_add_count(out, "--top-k", args->top_k));
    LKS_TRY(lks_errand_add(out, "--top-p", args->top_p));
    LKS_TRY(lks_errand_add(out, "--seed", args->seed));
    return lks_errand_add_count(out, "--beam", args->beam);
}

static int generate(const lks_args *args)
{
    return lks_errand_run(args, make_errand);
}

static const lks_arg options[] = {
    {"--length", NULL, "N", "how many tokens: characters or words, as the model has them",
     LKS_ARG_COUNT, offsetof(lks_args, length)},
    {"--prompt", NULL, "TEXT", "what the text goes on from (default: a line's beginning)",
     LKS_ARG_TEXT, offsetof(lks_args, prompt)},
    {"--prompt-file", NULL, "FILE", "or what is in a file", LKS_ARG_TEXT,
     offsetof(lks_args, prompt_file)},
    {"--temperature", NULL, "T",
     "draw each token, the more freely the higher T is, 1 being as the model has it "
     "(default: 0, the most probable one)",
     LKS_ARG_REAL, offsetof(lks_args, temperature)},
    {"--top-k", NULL, "K", "draw among the K most probable ones", LKS_ARG_COUNT,
     offsetof(lks_args, top_k)},
    {"--top-p", NULL, "P", "draw among those that make up a part P of all probability",
     LKS_ARG_PART, offsetof(lks_args, top_p)},
    {"--seed", NULL, "N", "which of the texts that may be drawn (default: 0)",
     LKS_ARG_WHOLE, offsetof(lks_args, seed)},
    {"--beam", NULL, "K", "or look for the most probable text, K at a time",
     LKS_ARG_COUNT, offsetof(lks_args, beam)},
    LKS_ARGS_ERRAND,
    LKS_ARG_HELP,
};

const lks_command lks_command_generate = {
    .name = "generate",
    .arguments = "RUN --length N [OPTION]…",
    .summary = "Write text as the language model of a run has learnt it",
    .details =
        "RUN is a run directory, or its name in runs/. The prompt is written too, and "
        "the "
        "text is the same on any number of ranks and on any device. With --top-k, "
        "--top-p "
        "or --seed alone the temperature is 1.\nExit status: 0 written, 1 failed, 2 bad "
        "command line or prompt, 130 interrupted.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 1,
    .max_positional = 1,
    .run = generate,
};
