/* For suites of a device that a machine may lack. */
#ifndef LKS_TESTS_SUPPORT_NEEDS_DEVICE_H
#define LKS_TESTS_SUPPORT_NEEDS_DEVICE_H

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

/* Skip the program (exit code 77) where there are fewer GPUs. Asked in a child: whoever
 * has asked CUDA cannot fork, as Check does. */
static inline void skip_without_gpus(int n)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit(lks_device_count(LKS_CUDA) >= n ? 0 : 77);
    waitpid(child, &status, 0);
    if (status != 0)
        _exit(77);
}

/* Does LKS_TEST_DEVICE name a GPU? */
static inline bool is_test_of_gpus(void)
{
    const char *name = getenv("LKS_TEST_DEVICE");

    return name && strncmp(name, "cuda", 4) == 0;
}

#endif
