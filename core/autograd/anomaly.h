/* Anomaly mode: a sweep that says which operation's gradient made a NaN. */
#ifndef LKS_AUTOGRAD_ANOMALY_H
#define LKS_AUTOGRAD_ANOMALY_H

#include <stdbool.h>

/* Whether this thread's sweeps look, after each operation's backward, for a NaN in what it
 * gave: they end there with LKS_NUMERIC, which names the operation, its input, and what
 * that input was the result of. They wait for the device each time. Default false; returns
 * what it was. source: torch.autograd.set_detect_anomaly */
bool lks_set_detect_anomaly(bool enabled);
bool lks_detect_anomaly(void);

#endif
