#include "worker/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/sign.h"
#include "worker/worker.h"
#include "worker/world.h"

static lks_pulse *_Atomic wishes_go_to;
static const char *asked_file; /* set before the handlers are */

/* Only what is allowed in a handler: lock-free atomics, open, close and _exit. A launcher
 * may send both kinds for one wish, so they are counted apart. */
static void on_signal(int number)
{
    static volatile sig_atomic_t interrupts, terminations;
    volatile sig_atomic_t *count = number == SIGINT ? &interrupts : &terminations;

    if (++*count > 1)
        _exit(LKS_EXIT_INTERRUPTED);
    if (asked_file)
        close(open(asked_file, O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    lks_pulse_wish(atomic_load(&wishes_go_to), LKS_WISH_LEAVE);
}

void lks_signals_catch(lks_pulse *pulse)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    atomic_store(&wishes_go_to, pulse);
    asked_file = lks_world_rank() == 0 ? getenv(LKS_ASKED_VARIABLE) : NULL;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void lks_signals_ignore(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}
