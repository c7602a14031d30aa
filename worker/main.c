/* lockstep-worker: one rank, whose job file says all. */
#include "worker/lockstep_train.h"

int main(int argc, char **argv)
{
    return lks_train_main(argc, argv, NULL);
}
