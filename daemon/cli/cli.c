#include "daemon/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/status.h"

int lks_cli_failed(int exit_status)
{
    lks_error("%s", lks_error_text());
    return exit_status;
}

lks_status lks_cli_flush(void)
{
    if (fflush(stdout) == 0)
        return LKS_OK;
    return lks_fail(LKS_IO, "cannot write to standard output: %s", strerror(errno));
}
