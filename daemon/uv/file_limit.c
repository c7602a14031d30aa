#include "daemon/uv/file_limit.h"

#include <dirent.h>
#include <sys/resource.h>

/* How many are open; all, if that cannot be known. */
static uint64_t count_open(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t n = 0;

    if (!folder)
        return UINT64_MAX / 2;
    while (readdir(folder))
        n++;
    closedir(folder);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

void lks_file_limit_raise(uint32_t world_size)
{
    struct rlimit limit;
    uint64_t wanted = lks_descriptors_wanted(count_open(), world_size);

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

lks_descriptor_shares lks_file_limit_share(uint32_t world_size)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = 0;
    return lks_descriptors_share(limit.rlim_cur, count_open(), world_size);
}
