/* The folder in which MPI's shared memory of this run is on this host: private, so that
 * nobody can be there before, and removed with the run, whatever its end. `lockstep run`
 * gives its name (LKS_MEMORY_VARIABLE); without one MPI has its own way. */
#ifndef LKS_WORKER_MEMORY_FOLDER_H
#define LKS_WORKER_MEMORY_FOLDER_H

/* Before MPI starts: make or join the folder and tell MPI, unless the person has told it
 * another. What cannot be had is done without. */
void lks_memory_folder_open(void);

/* After MPI's end. The last rank of this host removes it. */
void lks_memory_folder_close(void);

#endif
