/* How much of something strangers may have: a bucket that fills with time and is emptied
 * by use. Pure; one thread at a time. */
#ifndef LKS_DAEMON_BUCKET_H
#define LKS_DAEMON_BUCKET_H

typedef struct lks_bucket {
    double per_s; /* it fills by so much a second, */
    double most;  /* up to so much */
    double left;  /* below 0: more was used than there was */
    double at_s;  /* when that was so; monotonic */
} lks_bucket;

/* Full. */
void lks_bucket_init(lks_bucket *bucket, double per_s, double most, double now_s);

/* What is left by now. */
double lks_bucket_left(lks_bucket *bucket, double now_s);

/* Use some of it, which may be more than is left; below 0: put some back. */
void lks_bucket_use(lks_bucket *bucket, double amount);

/* Seconds until so much (at most `most`) is left; 0: it is. */
double lks_bucket_wait_s(const lks_bucket *bucket, double amount);

#endif
