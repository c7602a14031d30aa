/* A body in a process of its own, and what it said. A device cannot be forked, and some
 * bodies are to die. */
#ifndef LKS_TESTS_EMULATOR_CHILD_H
#define LKS_TESTS_EMULATOR_CHILD_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* How a process ends that touches what it may not. */
#if defined(__SANITIZE_ADDRESS__)
#define SEGFAULT 1 /* the sanitizer's exit status */
#else
#define SEGFAULT (128 + SIGSEGV)
#endif

/* What the body wrote to stderr; its exit status, or 128 + its signal, in *status. */
static inline const char *run_child(void (*body)(void), int *status)
{
    static char text[1 << 16];
    FILE *said = tmpfile();
    pid_t child;
    size_t n;

    fflush(NULL);
    if (!said || (child = fork()) < 0)
        abort();
    if (child == 0) {
        dup2(fileno(said), STDERR_FILENO);
        alarm(60);
        body();
        _exit(0);
    }
    waitpid(child, status, 0);
    *status = WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
    rewind(said);
    n = fread(text, 1, sizeof text - 1, said);
    text[n] = 0;
    fclose(said);
    return text;
}

/* In a child: a condition that does not hold ends it. */
#define must(condition)                                                                  \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);      \
            _exit(99);                                                                   \
        }                                                                                \
    } while (0)

/* The child ends well (or by `code`) and says `part`; NULL: nothing at all. */
#define ck_child(body, code, part)                                                       \
    do {                                                                                 \
        int ck_status_;                                                                  \
        const char *ck_said_ = run_child(body, &ck_status_);                             \
        const char *ck_part_ = part;                                                     \
        ck_assert_msg(ck_status_ == (code), "%s ended with %d: %s", #body, ck_status_,   \
                      ck_said_);                                                         \
        ck_assert_msg(ck_part_ ? strstr(ck_said_, ck_part_) != NULL : !*ck_said_,        \
                      "%s said: %s", #body, ck_said_);                                   \
    } while (0)

#endif
