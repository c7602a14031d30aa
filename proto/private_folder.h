/* Private folders that the processes of a run share on a host: Open MPI's session files
 * in the temporary folder, its shared memory in /dev/shm. They have a random name and
 * mode 0700, so that nobody else can be there before, and a lock that each process which
 * uses one holds shared: so one that nobody holds is a leftover (of a power cut, of kill
 * -9), and the next run removes it.
 *
 * Paths are the caller's to lks_free. */
#ifndef LKS_PROTO_PRIVATE_FOLDER_H
#define LKS_PROTO_PRIVATE_FOLDER_H

#include <stddef.h>

#include "base/status.h"

enum { LKS_PRIVATE_NAME_BYTES = 48 };

/* Where shared memory is, and the variable that tells ranks the name of theirs there. */
#define LKS_MEMORY_BASE     "/dev/shm"
#define LKS_MEMORY_VARIABLE "LOCKSTEP_MEMORY"

/* "lockstep-<uid>-<16 random hex digits>", a name for this run's folders on every host.
 * LKS_IO: the kernel gives no random numbers. */
lks_status lks_private_name(char out[LKS_PRIVATE_NAME_BYTES]);

typedef struct lks_private_folder {
    char *path;
    int lock_fd; /* held shared until the release; closed on exec */
} lks_private_folder;

#define LKS_PRIVATE_FOLDER_NONE                                                          \
    {                                                                                    \
        NULL, -1                                                                         \
    }

/* BASE/NAME: made, or joined where a process of this run has made it. LKS_IO: BASE cannot
 * be written, or what is there is not a folder of ours alone. */
lks_status lks_private_folder_open(const char *base, const char *name,
                                   lks_private_folder *out);

/* Let go of it; the last to do so removes it if it is empty. */
void lks_private_folder_close(lks_private_folder *folder);

/* Remove it with all that is in it, whoever holds it; links are not followed. One that is
 * not there is fine. */
void lks_private_folder_remove(const char *path);

/* Hold a folder that is there, for as long as this process lives. */
void lks_private_folder_hold(const char *path);

/* Let the folder say which run directory, an absolute path, it belongs to, for whoever
 * sweeps it. */
void lks_private_folder_name_run(const lks_private_folder *folder, const char *run_dir);

/* Remove every folder of this user in `base` that nobody holds; of one that says to which
 * run directory it belongs on_run (or NULL) is told that first. */
void lks_private_folders_sweep(const char *base, void (*on_run)(const char *run_dir));

#endif
