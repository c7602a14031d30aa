/* Feeds files to a fuzz target, one after the other, for compilers without libFuzzer:
 *
 *     fuzz_idx [-option…] FILE-OR-FOLDER…
 *
 * Options are libFuzzer's and mean nothing here. Fails if there was nothing to feed. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/* Into memory of exactly the file's size, so that a sanitizer sees every read past it. */
static int feed_file(const char *path)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t n = 0;
    int fed = 0;

    if (file && fstat(fileno(file), &info) == 0) {
        n = (size_t)info.st_size;
        bytes = malloc(n ? n : 1);
        fed = bytes && fread(bytes, 1, n, file) == n;
    }
    if (fed)
        LLVMFuzzerTestOneInput(bytes, n);
    else
        perror(path);
    free(bytes);
    if (file)
        fclose(file);
    return fed;
}

static int feed_folder(const char *path, DIR *folder)
{
    const struct dirent *found;
    int n = 0;

    while ((found = readdir(folder)) != NULL) {
        char name[4096];

        if (found->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, found->d_name);
        n += feed_file(name);
    }
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = NULL;

        if (argv[i][0] == '-')
            continue;
        if ((folder = opendir(argv[i])) != NULL) {
            n += feed_folder(argv[i], folder);
            closedir(folder);
        } else {
            n += feed_file(argv[i]);
        }
    }
    printf("%d inputs\n", n);
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
