/* Numbers as people read them: about three digits and a unit, never more of a unit than
 * the next one takes. Each comes in a buffer of its own, so that one printf can have
 * several. What is not known (NaN, or infinite where that makes no sense) is "-". */
#ifndef LKS_BASE_FIGURE_H
#define LKS_BASE_FIGURE_H

typedef struct lks_figure {
    char text[32];
} lks_figure;

/* How many, or how many a second: "7", "0.35", "41.2k", "1.00M", "2.50T"; from 10^15 on
 * with an exponent. */
lks_figure lks_figure_count(double count);

/* A duration: "4.2 s", "3 min 05 s", "2 h 10 min", "5 d 03 h", "2 y 040 d", "over 1000
 * y"; a year has 365 days. "-" for less than none. */
lks_figure lks_figure_seconds(double seconds);

/* "812 B", "512 KiB", "100 MiB", "1.5 GiB"; from 1000 of a unit on the next. "-" for
 * none. */
lks_figure lks_figure_bytes(double bytes);

/* A loss: "0.4312", "1.000e-09", "3.200e+12", "nan", "inf", "-inf". */
lks_figure lks_figure_loss(double loss);

/* A part of a whole, 0 to 1, with one decimal: "25.0 %"; all of it only where it is. */
lks_figure lks_figure_part(double part);

/* Seconds since 1970, to the second in UTC: "2023-11-14T22:13:20Z", for programs as well;
 * "-" for before that or beyond year 9999. source: RFC 3339, 5.6 */
lks_figure lks_figure_date(double wall_s);

#endif
