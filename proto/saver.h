/* The process in which a rank writes its weights, so that they are finished whatever
 * becomes of the rank: how others know it. */
#ifndef LKS_PROTO_SAVER_H
#define LKS_PROTO_SAVER_H

/* Its name, as in /proc/PID/comm: at most 15 letters. */
#define LKS_SAVER_NAME "lockstep-saver"

#endif
