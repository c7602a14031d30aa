#define _GNU_SOURCE /* close_range */
#include "worker/saver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"
#include "device.h"
#include "proto/run_dir.h"
#include "proto/saver.h"

/* In memory that both processes see: a pipe would take descriptors, of which there may be
 * none left. */
typedef struct verdict {
    volatile bool is_told;
    lks_status st;
    char text[1000];
} verdict;

/* What is to be saved, and where. */
typedef struct weights {
    const lks_model *model;
    float *words; /* of parameters and buffers, on the host: no device survives a fork */
    const char *run_dir;
} weights;

static lks_status save(const weights *w)
{
    char *path = lks_run_dir_path(w->run_dir, LKS_RUN_WEIGHTS);
    const lks_status st =
        path ? lks_model_save_words(w->model, w->words, path) : LKS_NOMEM;

    lks_free(path);
    return st;
}

/* For a kernel before 5.9, and where a container forbids what is newer. */
static void close_each(void)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(folder))
            close(atoi(entry->d_name));
    if (folder)
        closedir(folder);
}

/* No pipe of mpirun's and no socket of the coordinator's stays open for our sake. */
static void leave_descriptors(void)
{
    if (close_range(0, ~0U, 0) != 0)
        close_each();
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        (void)!open("/dev/null", O_RDWR);
}

/* The saver's life. Of the threads only this one was forked, so it starts none and takes
 * no lock of the others': it neither logs nor calls MPI. All signals but SIGKILL and
 * SIGSTOP are blocked since before the fork. */
static _Noreturn void save_apart(const weights *w, verdict *told)
{
    prctl(PR_SET_NAME, LKS_SAVER_NAME);
    setsid();
    leave_descriptors();
    lks_set_num_threads(lks_cpu, 1);
    told->st = save(w);
    if (told->st != LKS_OK)
        snprintf(told->text, sizeof told->text, "%s", lks_error_text());
    told->is_told = true;
    _exit(0);
}

/* A saver that somebody has stopped goes on. Gives what is known of its end. */
static int wait_for(pid_t saver)
{
    int status = 0;
    pid_t found;

    do {
        found = waitpid(saver, &status, WUNTRACED);
        if (found == saver && WIFSTOPPED(status))
            kill(saver, SIGCONT);
    } while ((found == saver && WIFSTOPPED(status)) || (found < 0 && errno == EINTR));
    return found == saver ? status : 0;
}

static pid_t start_saver(const weights *w, verdict *told)
{
    sigset_t all, before;
    pid_t saver;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    saver = fork();
    if (saver == 0)
        save_apart(w, told);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return saver;
}

static lks_status conclude(const weights *w, const verdict *told, int status)
{
    if (told->is_told)
        return told->st == LKS_OK ? LKS_OK : lks_fail(told->st, "%s", told->text);
    lks_run_dir_remove_unfinished(w->run_dir);
    lks_warn("the process that saved the weights has died (%s): saving them without it",
             WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it is not known why");
    return save(w);
}

static lks_status save_with_help(const weights *w)
{
    verdict *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t saver = -1;
    lks_status st;

    if (told != MAP_FAILED)
        saver = start_saver(w, told);
    if (saver < 0)
        st = save(w);
    else
        st = conclude(w, told, wait_for(saver));
    if (told != MAP_FAILED)
        munmap(told, sizeof *told);
    return st;
}

lks_status lks_save_weights(const lks_model *model, const char *run_dir)
{
    weights w = {.model = model, .run_dir = run_dir};
    lks_status st;

    if (!(w.words = lks_malloc(lks_model_n_words(model) * sizeof *w.words)))
        return LKS_NOMEM;
    LKS_GO(lks_model_read(model, w.words));
    LKS_GO(save_with_help(&w));
cleanup:
    lks_free(w.words);
    return st;
}
