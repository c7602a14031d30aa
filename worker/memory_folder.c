#include "worker/memory_folder.h"

#include <stdlib.h>
#include <string.h>

#include "proto/private_folder.h"

static lks_private_folder folder = LKS_PRIVATE_FOLDER_NONE;

void lks_memory_folder_open(void)
{
    const char *name = getenv(LKS_MEMORY_VARIABLE);

    if (!name || !*name || strchr(name, '/') || name[0] == '.')
        return;
    lks_private_folders_sweep(LKS_MEMORY_BASE, NULL); /* elsewhere the command has not */
    if (lks_private_folder_open(LKS_MEMORY_BASE, name, &folder) == LKS_OK)
        setenv("OMPI_MCA_btl_vader_backing_directory", folder.path, 0);
    else
        lks_error_clear();
}

void lks_memory_folder_close(void)
{
    lks_private_folder_close(&folder);
}
