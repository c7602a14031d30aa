#include "daemon/bucket.h"

static double least(double a, double b)
{
    return a < b ? a : b;
}

void lks_bucket_init(lks_bucket *bucket, double per_s, double most, double now_s)
{
    *bucket = (lks_bucket){.per_s = per_s, .most = most, .left = most, .at_s = now_s};
}

double lks_bucket_left(lks_bucket *bucket, double now_s)
{
    if (now_s > bucket->at_s) {
        bucket->left =
            least(bucket->left + (now_s - bucket->at_s) * bucket->per_s, bucket->most);
        bucket->at_s = now_s;
    }
    return bucket->left;
}

void lks_bucket_use(lks_bucket *bucket, double amount)
{
    bucket->left = least(bucket->left - amount, bucket->most);
}

double lks_bucket_wait_s(const lks_bucket *bucket, double amount)
{
    const double missing = least(amount, bucket->most) - bucket->left;

    return missing > 0 ? missing / bucket->per_s : 0;
}
