/* `lockstep status`: what a run is doing, once. */
#include <stdio.h>
#include <unistd.h>

#include "base/try.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/result.h"
#include "daemon/cli/run_ref.h"
#include "daemon/cli/status_table.h"

/* Takes `document`. */
static lks_status print_json(json_t *document)
{
    if (!document)
        return lks_fail(LKS_NOMEM, "out of memory");
    json_dumpf(document, stdout, /* ASCII: no terminal acts on it */
               JSON_INDENT(2) | JSON_REAL_PRECISION(15) | JSON_ENSURE_ASCII);
    puts("");
    json_decref(document);
    return LKS_OK;
}

static lks_status show_live(const lks_run_ref *ref, const lks_status_report *report,
                            bool as_json)
{
    if (as_json)
        return print_json(
            json_pack("{s:O, s:O}", "job", report->job, "ranks", report->ranks));
    lks_status_table_print(
        stdout, report, ref->run_dir ? ref->run_dir : ref->socket_path,
        (lks_screen){.n_columns = lks_terminal_screen(STDOUT_FILENO).n_columns});
    return LKS_OK;
}

static lks_status show_ended(const lks_run_ref *ref, json_t *result, bool as_json)
{
    if (as_json)
        return print_json(json_pack("{s:O}", "result", result));
    lks_result_print(stdout, result, ref->run_dir);
    return LKS_OK;
}

static int show_status(const lks_args *args)
{
    lks_run_ref ref = {0};
    lks_status_report report = {0};
    json_t *result = NULL;
    lks_status st;

    LKS_GO(lks_run_ref_find(args, &ref));
    st = lks_run_ref_fetch(&ref, &report);
    if (st == LKS_OK) {
        LKS_GO(show_live(&ref, &report, args->json));
    } else {
        result = lks_run_ref_result(&ref, st);
        LKS_GO(result ? show_ended(&ref, result, args->json) : st);
    }
    LKS_GO(lks_cli_flush());
cleanup:
    json_decref(result);
    lks_status_report_release(&report);
    lks_run_ref_release(&ref);
    return st == LKS_OK ? LKS_EXIT_OK : lks_cli_failed(LKS_EXIT_FAILED);
}

static const lks_arg options[] = {
    {"--json", NULL, NULL,
     "the documents of the status socket: {job, ranks}; of an ended run {result}",
     LKS_ARG_FLAG, offsetof(lks_args, json)},
    LKS_ARG_SOCKET,
    LKS_ARG_HELP,
};

const lks_command lks_command_status = {
    .name = "status",
    .arguments = "[RUN] [--json] [--socket PATH]",
    .summary = "Show how a run goes and where each rank is",
    .details =
        "RUN is a run directory, or its name in runs/; without it, the newest run there "
        "that is live.\nOf a run that has ended it tells how. It exits with 1 when "
        "neither its coordinator answers nor its end is known.\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .max_positional = 1,
    .run = show_status,
};
