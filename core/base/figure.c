#include "base/figure.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static const lks_figure unknown = {"-"};

/* Three digits of a value below 999.5: "0.35", "4.12", "41.2", "412". */
static void put_three(lks_figure *out, double value, const char *unit)
{
    const int decimals = fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;

    snprintf(out->text, sizeof out->text, "%.*f%s", decimals, value, unit);
}

lks_figure lks_figure_count(double count)
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    lks_figure out;

    if (!isfinite(count))
        return unknown;
    if (fabs(count) < 999.5) { /* whole numbers stay whole */
        snprintf(out.text, sizeof out.text, "%.3g", count);
        return out;
    }
    for (size_t i = 1; i < sizeof units / sizeof *units; i++) {
        count /= 1000;
        if (fabs(count) < 999.5) {
            put_three(&out, count, units[i]);
            return out;
        }
    }
    snprintf(out.text, sizeof out.text, "%.2e", count * 1e12);
    return out;
}

lks_figure lks_figure_seconds(double seconds)
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365 * DAY };
    /* What is shown of a duration below `limit_s`: `large` and `small` units, the first
     * rounded so that the second is never full. */
    static const struct {
        double limit_s;
        int64_t large, small;
        const char *format;
    } forms[] = {
        {HOUR, MINUTE, 1, "%lld min %02lld s"},
        {DAY, HOUR, MINUTE, "%lld h %02lld min"},
        {YEAR, DAY, HOUR, "%lld d %02lld h"},
        {1000.0 * YEAR, YEAR, DAY, "%lld y %03lld d"},
    };
    lks_figure out = {"over 1000 y"};

    if (!isfinite(seconds) || seconds < 0)
        return seconds > 0 ? out : unknown;
    if (seconds < 59.95) {
        snprintf(out.text, sizeof out.text, "%.1f s", seconds);
        return out;
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        double n_small = round(seconds / (double)forms[i].small);

        if (n_small * (double)forms[i].small >= forms[i].limit_s)
            continue;
        snprintf(out.text, sizeof out.text, forms[i].format,
                 (long long)n_small / (forms[i].large / forms[i].small),
                 (long long)n_small % (forms[i].large / forms[i].small));
        return out;
    }
    return out;
}

lks_figure lks_figure_bytes(double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    enum { N_UNITS = sizeof units / sizeof *units };
    lks_figure out;
    size_t i = 0;

    if (!isfinite(bytes) || bytes <= 0)
        return unknown;
    for (; i + 1 < N_UNITS && bytes >= 999.5; i++)
        bytes /= 1024;
    if (bytes >= 999.5)
        snprintf(out.text, sizeof out.text, "%.2e %s", bytes, units[i]);
    else
        snprintf(out.text, sizeof out.text, "%.*f %s", i > 2 && bytes < 99.95, bytes,
                 units[i]);
    return out;
}

lks_figure lks_figure_loss(double loss)
{
    const double size = fabs(loss);
    lks_figure out;

    if (!isfinite(loss))
        snprintf(out.text, sizeof out.text, "%s",
                 isnan(loss) ? "nan"
                 : loss > 0  ? "inf"
                             : "-inf");
    else if (size == 0 || (size >= 0.00099995 && size < 99999.99995))
        snprintf(out.text, sizeof out.text, "%.4f", loss);
    else
        snprintf(out.text, sizeof out.text, "%.3e", loss);
    return out;
}

lks_figure lks_figure_part(double part)
{
    lks_figure out;

    if (!isfinite(part))
        return unknown;
    snprintf(out.text, sizeof out.text, "%.1f %%",
             part < 1 && part > 0.9995 ? 99.9 : 100 * part);
    return out;
}

lks_figure lks_figure_date(double wall_s)
{
    const double end_s = 253402300800; /* of year 9999 */
    lks_figure out = unknown;
    time_t seconds;
    struct tm tm;

    if (!(wall_s >= 0 && wall_s < end_s))
        return unknown;
    seconds = (time_t)wall_s;
    if (gmtime_r(&seconds, &tm))
        strftime(out.text, sizeof out.text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return out;
}
