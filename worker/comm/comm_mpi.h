/* The communicator of ranks over MPI's own collectives. */
#ifndef LKS_WORKER_COMM_COMM_MPI_H
#define LKS_WORKER_COMM_COMM_MPI_H

#include "train/comm.h"

/* MPI_COMM_WORLD, duplicated. MPI is initialised (FUNNELED or more) by the caller. */
lks_status lks_comm_mpi_create(lks_comm **out);

#endif
