/* Log lines for programs; the library itself never logs. One line a call, made plain
 * (base/plain.h), to standard error unless a sink is set. The sink is set once, before
 * other threads start. */
#ifndef LKS_BASE_LOG_H
#define LKS_BASE_LOG_H

/* How pressing a line is. */
typedef enum lks_log_level {
    LKS_LOG_DEBUG,
    LKS_LOG_INFO,
    LKS_LOG_WARN,
    LKS_LOG_ERROR,
} lks_log_level;

/* Takes one line, without its end. */
typedef void (*lks_log_sink)(void *context, lks_log_level level, const char *line);

/* NULL restores standard error. */
void lks_log_set_sink(lks_log_sink sink, void *context);

/* Lines below `level` are dropped; the default is LKS_LOG_INFO. */
void lks_log_set_level(lks_log_level level);

/* "debug", "info", "warn" or "error". */
const char *lks_log_level_name(lks_log_level level);

/* printf of a line; the macros below are short for it. */
void lks_log_write(lks_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define lks_debug(...) lks_log_write(LKS_LOG_DEBUG, __VA_ARGS__)
#define lks_info(...)  lks_log_write(LKS_LOG_INFO, __VA_ARGS__)
#define lks_warn(...)  lks_log_write(LKS_LOG_WARN, __VA_ARGS__)
#define lks_error(...) lks_log_write(LKS_LOG_ERROR, __VA_ARGS__)

#endif
