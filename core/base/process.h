/* What a program does before anything else. */
#ifndef LKS_BASE_PROCESS_H
#define LKS_BASE_PROCESS_H

/* The first statement of main, before a file, a socket or a thread is made:
 *
 * Descriptors 0, 1 and 2 are open. Whichever of them is closed (cron, daemons, `>&-`) is
 * opened on /dev/null, so that no file of ours gets its number, and then what others
 * print.
 *
 * SIGXFSZ is ignored: a write beyond `ulimit -f` fails with EFBIG, as on a full disk,
 * and does not kill. Programs that we execute inherit this: meant for mpirun and its
 * ranks. */
void lks_process_begin(void);

#endif
