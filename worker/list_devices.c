/* What jobs can train on here, for a person or a program. */
#include "worker/worker.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/columns.h"
#include "base/cores.h"
#include "base/figure.h"
#include "base/log.h"
#include "base/plain.h"
#include "base/terminal.h"
#include "device.h"
#include "kernels.h"

/* One line of the table, one object of the JSON. */
typedef struct entry {
    char device[LKS_DEVICE_TEXT];
    char model[128];   /* of a GPU */
    char trouble[256]; /* why it cannot be used, or "" */
    uint64_t free_bytes, total_bytes;
} entry;

/* ---- what there is ---- */

/* source: proc_meminfo(5) */
static void read_host_memory(entry *out)
{
    FILE *file = fopen("/proc/meminfo", "re");
    char line[128];
    uint64_t kib;

    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "MemTotal: %" SCNu64, &kib) == 1)
            out->total_bytes = kib << 10;
        if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
            out->free_bytes = kib << 10;
    }
    if (file)
        fclose(file);
}

static entry read_gpu(int index)
{
    const lks_device device = {.type = LKS_CUDA, .index = index};
    lks_device_facts facts = {.model = ""};
    entry e = {.device = ""};

    lks_device_text(device, e.device, sizeof e.device);
    if (lks_device_kernels(device)->describe(index, &facts) != LKS_OK)
        snprintf(e.trouble, sizeof e.trouble, "%s", lks_error_text());
    lks_plain_copy(e.model, sizeof e.model, facts.model);
    e.free_bytes = facts.free_bytes;
    e.total_bytes = facts.total_bytes;
    return e;
}

/* ---- the table ---- */

static void print_row(const char *device, const char *model, const char *memory)
{
    const size_t n_columns = lks_terminal_screen(STDOUT_FILENO).n_columns;
    char row[512], line[512];

    snprintf(row, sizeof row, "%-8s  %-24s  %s", device, model, memory);
    lks_columns_shorten(line, sizeof line, row, n_columns ? n_columns : sizeof row);
    puts(line);
}

static const char *memory_of(const entry *e, char *out, size_t size)
{
    if (e->trouble[0])
        snprintf(out, size, "%s", e->trouble);
    else
        snprintf(out, size, "%s of %s", lks_figure_bytes((double)e->free_bytes).text,
                 lks_figure_bytes((double)e->total_bytes).text);
    return out;
}

static void print_table(const entry *cpu, int n_gpus, const char *absence)
{
    const uint32_t n_cores = lks_cores_usable();
    char cores[64], memory[256];

    snprintf(cores, sizeof cores, "%u core%s, %s", n_cores, n_cores == 1 ? "" : "s",
             lks_cpu_instruction_set());
    print_row("device", "model", "memory free");
    print_row("cpu", cores, memory_of(cpu, memory, sizeof memory));
    for (int i = 0; i < n_gpus; i++) {
        const entry e = read_gpu(i);

        print_row(e.device, e.model, memory_of(&e, memory, sizeof memory));
    }
    if (absence) {
        snprintf(memory, sizeof memory, "no GPU: %s", absence);
        lks_columns_wrap(stdout, memory, " ", 0, 2,
                         lks_terminal_screen(STDOUT_FILENO).n_columns);
    }
}

/* ---- the JSON ---- */

/* ASCII, whatever the text is. */
static void print_text(const char *key, const char *text)
{
    printf("\"%s\": \"", key);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else
            putchar((unsigned char)*text < 0x80 ? *text : '?');
    putchar('"');
}

static void print_memory(const entry *e)
{
    printf(", \"memory_free_bytes\": %" PRIu64 ", \"memory_total_bytes\": %" PRIu64,
           e->free_bytes, e->total_bytes);
}

static void print_gpu(const entry *e)
{
    printf(",\n    {\"device\": \"%s\", ", e->device);
    if (e->trouble[0]) {
        print_text("error", e->trouble);
    } else {
        print_text("model", e->model);
        print_memory(e);
    }
    printf("}");
}

static void print_json(const entry *cpu, int n_gpus, const char *absence)
{
    printf("{\n  \"devices\": [\n    {\"device\": \"cpu\", \"cores\": %u, ",
           lks_cores_usable());
    print_text("instruction_set", lks_cpu_instruction_set());
    print_memory(cpu);
    printf("}");
    for (int i = 0; i < n_gpus; i++) {
        const entry e = read_gpu(i);

        print_gpu(&e);
    }
    printf("\n  ]");
    if (absence) {
        printf(",\n  ");
        print_text("no_gpu", absence);
    }
    printf("\n}\n");
}

/* ---- all of it ---- */

static int finish(void)
{
    if (fflush(stdout) == 0)
        return 0;
    lks_error("cannot write to standard output");
    return LKS_EXIT_FAILED;
}

int lks_worker_list_devices(bool as_json)
{
    const int n_gpus = lks_device_count(LKS_CUDA);
    const char *absence = n_gpus ? NULL : lks_device_absence(LKS_CUDA, NULL);
    entry cpu = {.device = "cpu"};

    read_host_memory(&cpu);
    (as_json ? print_json : print_table)(&cpu, n_gpus, absence);
    return finish();
}

int lks_worker_count_gpus(void)
{
    printf("%d\n", lks_device_count(LKS_CUDA));
    return finish();
}
