#include "daemon/cli/run_limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

/* What mpirun and a few ranks take is well below. */
enum {
    FEW_FILES = 128,
    FEW_PROCESSES = 64,
    LITTLE_MEMORY_BYTES = 1 << 30,
    LITTLE_ROOM_BYTES = 1 << 20,
};

static void explain_files(lks_line *line)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FEW_FILES)
        lks_line_add(line, "; at most %llu files may be open here (ulimit -n)",
                     (unsigned long long)limit.rlim_cur);
}

static void explain_processes(lks_line *line)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur < FEW_PROCESSES)
        lks_line_add(line,
                     "; at most %llu processes and threads of this user may run (ulimit "
                     "-u)",
                     (unsigned long long)limit.rlim_cur);
}

static void explain_memory(lks_line *line)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < LITTLE_MEMORY_BYTES)
        lks_line_add(
            line, "; at most %llu MiB of memory may each process have here (ulimit -v)",
            (unsigned long long)(limit.rlim_cur >> 20));
}

static void explain_room(const char *temp, lks_line *line)
{
    struct statvfs space;

    if (statvfs(temp, &space) == 0 &&
        (double)space.f_bavail * (double)space.f_frsize < LITTLE_ROOM_BYTES)
        lks_line_add(line, "; there is little room left in %s (TMPDIR)", temp);
}

void lks_run_limits_explain(const char *temp, lks_line *line)
{
    explain_files(line);
    explain_processes(line);
    explain_memory(line);
    explain_room(temp, line);
}

uint64_t lks_oom_kills(void)
{
    FILE *file = fopen("/proc/vmstat", "re");
    char line[128];
    uint64_t n = 0;

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "oom_kill %" SCNu64, &n) == 1)
            break;
    if (file)
        fclose(file);
    return n;
}
