/* The command line of lockstep-worker, and of programs that bring what it lacks. */
#include "worker/lockstep_train.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plain.h"
#include "base/process.h"
#include "proto/nearest.h"
#include "worker/decode_options.h"
#include "worker/prediction.h"
#include "worker/worker.h"
#include "worker/world.h"

/* Both formats are of the program's name, usage six times. */
static const char usage[] =
    "usage: %s [--run-dir DIR] [--set KEY=VALUE]... [--devices LIST] [--check] JOB\n"
    "       %s --evaluate [--split SPLIT] [--json] [--devices LIST] RUN\n"
    "       %s --predict (--input FILE | --split SPLIT) [--output FILE]\n"
    "           [--format jsonl|npy] [--devices LIST] RUN\n"
    "       %s --generate --length N [--prompt TEXT | --prompt-file FILE] [--seed N]\n"
    "           [--temperature T] [--top-k K] [--top-p P] [--beam K] [--devices LIST] "
    "RUN\n"
    "       %s --translate [--beam K] [--n-best N] [--length-penalty A] RUN\n"
    "       %s --list-devices [--json]\n";

static const char help[] =
    "One rank of a training run; start as many as you like with mpirun, or one with\n"
    "several devices:\n"
    "\n"
    "    mpirun -n 2 --bind-to none %s job.yaml\n"
    "    %s --devices cpu:0,cpu:1 job.yaml\n"
    "\n"
    "  --run-dir DIR    where the run's files go; else runs/<job>-<date>-<time>\n"
    "  --set KEY=VALUE  replace a value of the job file, e.g. train.epochs=5; may be\n"
    "                   repeated\n"
    "  --devices LIST   the devices that this rank drives, a replica of the model on "
    "each:\n"
    "                   cpu:0,cpu:1, or all; else as train.device and train.replicas "
    "say\n"
    "  --evaluate       how good are the weights of RUN, a run's directory?\n"
    "  --predict        what do they say of each sample?\n"
    "  --split SPLIT    of the job's data: train, validation or test (to evaluate, else "
    "test)\n"
    "  --input FILE     or of inputs in a file\n"
    "  --output FILE    where predictions go; else standard output\n"
    "  --format FORMAT  as jsonl, JSON lines (else), or npy\n"
    "  --generate       write text as RUN, a language model, has learnt it\n"
    "  --length N       so many tokens\n"
    "  --prompt TEXT    that go on from this, or from a --prompt-file\n"
    "  --temperature T  draw them, the more freely the higher; else the most probable "
    "one\n"
    "  --top-k K, --top-p P  draw among the K most probable, or those that make up P\n"
    "  --seed N         which of the texts that can be drawn (else 0)\n"
    "  --translate      translate standard input, line by line, as RUN has learnt it\n"
    "  --beam K         look for the most probable of all, K at a time; with --evaluate\n"
    "                   translate the data so and say the BLEU\n"
    "  --n-best N       the N best translations of each line\n"
    "  --length-penalty A  0 favours short translations, 1 long ones (else 0.6)\n"
    "  --check          check the job, its data and its layers, say what it is, and end\n"
    "  --list-devices   say what this machine can train on, with --json for programs, "
    "and\n"
    "                   end\n"
    "  --version        say the version and end\n"
    "  --help           this\n"
    "\n"
    "Exit status: 0 all is well; 1 failed; 2 the command line or the job is wrong;\n"
    "130 interrupted or cancelled.\n";

typedef struct arguments {
    lks_worker_options options;
    const char *name; /* of the program */
    const char **set;
    bool check, lists, counts;
    lks_decode_given decode;
    char why[256]; /* an option cannot be what it is */
    int exit_code; /* of an early end, -1: go on */
} arguments;

static void print_usage(FILE *out, const char *name)
{
    fprintf(out, usage, name, name, name, name, name, name);
}

/* All ranks read the same command line; one of them speaks. */
static int wrong(const arguments *a, const char *why)
{
    if (lks_world_is_speaker()) {
        lks_plain_line(stderr, "%s: %s", a->name, why);
        print_usage(stderr, a->name);
    }
    return LKS_EXIT_USAGE;
}

static int say_version(void)
{
    if (lks_world_is_speaker())
        puts("lockstep " LKS_VERSION);
    return 0;
}

static int say_help(const arguments *a)
{
    if (lks_world_is_speaker()) {
        print_usage(stdout, a->name);
        printf(help, a->name, a->name);
    }
    return 0;
}

static const struct option options[] = {
    {"run-dir", required_argument, NULL, 'd'},
    {"set", required_argument, NULL, 's'},
    {"devices", required_argument, NULL, 'D'},
    {"check", no_argument, NULL, 'c'},
    {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"evaluate", no_argument, NULL, 'e'},
    {"predict", no_argument, NULL, 'p'},
    {"split", required_argument, NULL, 'S'},
    {"input", required_argument, NULL, 'i'},
    {"output", required_argument, NULL, 'o'},
    {"format", required_argument, NULL, 'f'},
    {"generate", no_argument, NULL, 'G'},
    {"translate", no_argument, NULL, 'T'},
    LKS_DECODE_OPTIONS,
    {"list-devices", no_argument, NULL, 'l'},
    {"json", no_argument, NULL, 'j'},
    {"claimed", no_argument, NULL, 'k'},
    {"ranks", required_argument, NULL, 'n'},
    {"count-gpus", no_argument, NULL, 'g'},
    {NULL, 0, NULL, 0},
};
/* Without the last three, which are for the `lockstep` command, and the end. */
enum { N_OPTIONS = sizeof options / sizeof *options - 4 };

/* What getopt could not take: `word`, which lacks its value, or is none of ours. */
static int wrong_option(const arguments *a, const char *word, bool lacks_value)
{
    const char *names[N_OPTIONS], *near = NULL;
    char why[512];

    for (size_t i = 0; i < N_OPTIONS; i++)
        names[i] = options[i].name;
    if (!lacks_value)
        near = lks_nearest(word, names, N_OPTIONS);
    snprintf(why, sizeof why, "%s '%s'%s%s%s",
             lacks_value ? "a value is missing after" : "there is no option", word,
             near ? ": did you mean --" : "", near ? near : "", near ? "?" : "");
    return wrong(a, why);
}

/* Options of what a trained model is used for. */
static bool take_apply_option(lks_worker_options *to, int option)
{
    lks_apply_options *apply = &to->apply;
    const char **const texts[] = {
        ['S'] = &apply->split,
        ['i'] = &apply->input,
        ['o'] = &apply->output,
        ['f'] = &apply->format,
    };
    static const lks_work *const works[] = {
        ['e'] = &lks_work_evaluate,
        ['p'] = &lks_work_predict,
        ['G'] = &lks_work_generate,
        ['T'] = &lks_work_translate,
    };

    if (option > 0 && (size_t)option < sizeof works / sizeof *works && works[option])
        to->work = works[option];
    else if (option > 0 && (size_t)option < sizeof texts / sizeof *texts && texts[option])
        *texts[option] = optarg;
    else
        return false;
    return true;
}

static void take_option(arguments *a, int option, const char *word)
{
    if (take_apply_option(&a->options, option))
        return;
    if (option >= LKS_DECODE_OPTION_FIRST) {
        if (!lks_decode_option_take(option, optarg, &a->decode, &a->options.apply.decode,
                                    a->why, sizeof a->why))
            a->exit_code = wrong(a, a->why);
        return;
    }
    switch (option) {
    case 'd':
        a->options.run_dir = optarg;
        break;
    case 'k':
        a->options.is_claimed = true;
        break;
    case 's':
        a->set[a->options.n_set++] = optarg;
        break;
    case 'D':
        a->options.devices = optarg;
        break;
    case 'c':
        a->check = true;
        break;
    case 'l':
        a->lists = true;
        break;
    case 'j':
        a->options.apply.is_json = true;
        break;
    case 'n':
        a->options.n_ranks = atoi(optarg);
        break;
    case 'g':
        a->counts = true;
        break;
    case 'v':
        a->exit_code = say_version();
        break;
    case 'h':
        a->exit_code = say_help(a);
        break;
    default:
        a->exit_code = wrong_option(a, word, option == ':');
    }
}

/* What is wrong with the options of one use of a model; NULL: nothing. */
static const char *fault_of_apply(lks_worker_options *to)
{
    lks_apply_options *apply = &to->apply;
    const bool predicts = to->work == &lks_work_predict;
    const char *split = apply->split;

    if (!predicts && (apply->input || apply->output || apply->format))
        return "--input, --output and --format are for --predict";
    if (to->work != &lks_work_evaluate && !predicts)
        return split ? "--split is for --evaluate and --predict" : NULL;
    if (predicts && !apply->input == !split)
        return "--predict takes either --input or --split";
    if (split && strcmp(split, "train") != 0 && strcmp(split, "validation") != 0 &&
        strcmp(split, "test") != 0)
        return "--split is train, validation or test";
    if (apply->format && !lks_prediction_has_format(apply->format))
        return "--format is " LKS_PREDICTION_FORMATS;
    if (!predicts && !split)
        apply->split = "test";
    if (!apply->format)
        apply->format = "jsonl";
    return NULL;
}

static void read_arguments(int argc, char **argv, arguments *a)
{
    const char *fault;
    int option;

    while (a->exit_code < 0 &&
           (option = getopt_long(argc, argv, ":h", options, NULL)) >= 0)
        take_option(a, option, argv[optind > 1 ? optind - 1 : 1]);
    if (a->exit_code >= 0)
        return;
    if (a->options.is_claimed && !a->options.run_dir)
        a->exit_code = wrong(a, "--claimed is for `lockstep run`, beside --run-dir");
    else if (a->options.apply.is_json && !a->lists &&
             a->options.work != &lks_work_evaluate)
        a->exit_code = wrong(a, "--json is for --list-devices and --evaluate");
    else if ((fault = fault_of_apply(&a->options)))
        a->exit_code = wrong(a, fault);
    else if (!lks_decode_options_settle(a->options.work, &a->decode,
                                        &a->options.apply.decode, a->why, sizeof a->why))
        a->exit_code = wrong(a, a->why);
    else if (a->lists || a->counts)
        a->exit_code = optind < argc ? wrong(a, "--list-devices takes no job") : -1;
    else if (optind == argc)
        a->exit_code =
            wrong(a, a->options.work == &lks_work_train ? "no job file is named"
                                                        : "no run is named");
    else if (optind + 1 < argc)
        a->exit_code = wrong(a, "more than one job file or run is named");
    else
        a->options.job_path = argv[optind];
}

static int act(const arguments *a)
{
    if (a->lists)
        return lks_worker_list_devices(a->options.apply.is_json);
    if (a->counts)
        return lks_worker_count_gpus();
    return a->check ? lks_worker_check(&a->options) : lks_worker_run(&a->options);
}

/* "net" of "/home/me/net" */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int lks_train_main(int argc, char **argv, const lks_program *program)
{
    arguments a = {.options = {.work = &lks_work_train, .n_ranks = 1, .program = program},
                   .name = program && argc > 0 ? name_of(argv[0]) : "lockstep-worker",
                   .exit_code = -1};

    lks_process_begin();
    if (!(a.set = calloc((size_t)argc + 1, sizeof *a.set)))
        return LKS_EXIT_FAILED;
    a.options.set = a.set;
    read_arguments(argc, argv, &a);
    if (a.exit_code < 0)
        a.exit_code = act(&a);
    free(a.set);
    return a.exit_code;
}
