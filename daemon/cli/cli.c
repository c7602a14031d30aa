#include "daemon/cli/cli.h"

#include "base/log.h"
#include "base/status.h"

int lks_cli_failed(int exit_status)
{
    lks_error("%s", lks_error_text());
    return exit_status;
}
