#include "base/terminal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool lks_terminal_redraws(int fd)
{
    const char *term = getenv("TERM");

    return term && *term && strcmp(term, "dumb") != 0 && isatty(fd) == 1;
}

/* COLUMNS; 0 if it says nothing. */
static size_t wanted_columns(void)
{
    const char *text = getenv("COLUMNS");
    char *end;
    unsigned long value;

    if (!text || !isdigit((unsigned char)text[0]))
        return 0;
    value = strtoul(text, &end, 10);
    return *end == '\0' && value < 100000 ? value : 0;
}

lks_screen lks_terminal_screen(int fd)
{
    lks_screen screen = {0};
    struct winsize size = {0};

    if (isatty(fd) == 1) {
        (void)ioctl(fd, TIOCGWINSZ, &size);
        screen.n_columns = size.ws_col ? size.ws_col : 80;
        screen.n_rows = size.ws_row ? size.ws_row : 24;
    }
    if (wanted_columns())
        screen.n_columns = wanted_columns();
    return screen;
}

void lks_terminal_erase(FILE *out, size_t n_lines)
{
    if (n_lines > 0)
        fprintf(out, "\x1b[%zuA\x1b[J", n_lines);
}
