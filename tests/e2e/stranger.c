/* stranger SOCKET: a status socket of somebody who means no good: every text that it
 * answers has a terminal's control sequences, a line that looks like ours, a change of
 * the direction of writing. Serves until it is killed. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVIL                                                                             \
    "\"\\u001b[2J\\u009b31m x\\nlockstep: error: forged\\r\\u202ey\\u0007 "              \
    "\\u001b]0;title\\u0007\""
#define JOB                                                                              \
    "{\"id\":\"x\",\"name\":" EVIL ",\"state\":" EVIL ",\"reason\":" EVIL                \
    ",\"progress\":{\"step\":1}}"
#define RANKS                                                                            \
    "{\"ranks\":[{\"rank\":0,\"host\":" EVIL ",\"state\":" EVIL ",\"phase\":" EVIL "}]}"

static const char *answer_to(const char *request)
{
    if (strstr(request, "/ranks"))
        return RANKS;
    return strstr(request, "/jobs ") ? "{\"jobs\":[" JOB "]}" : JOB;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    if (argc != 2)
        return 2;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 8) != 0)
        return 1;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        char request[4096] = "";
        const char *text;

        if (read(fd, request, sizeof request - 1) > 0) {
            text = answer_to(request);
            dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(text),
                    text);
        }
        close(fd);
    }
}
