/* Names of functions and lines of the program, for messages and the trace. Functions come
 * from the symbol table of the file, which has those the dynamic linker does not know. */
#include "kernel.h"

#include <cstdio>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace emu
{
struct image {
    std::string path;
    uintptr_t base; /* what to take off an address */
};

struct search {
    uintptr_t address;
    image found;
};

static int look_in(dl_phdr_info *info, size_t, void *to)
{
    search *s = static_cast<search *>(to);

    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) &part = info->dlpi_phdr[i];
        const uintptr_t first = info->dlpi_addr + part.p_vaddr;

        if (part.p_type != PT_LOAD || s->address < first ||
            s->address >= first + part.p_memsz)
            continue;
        s->found.base = info->dlpi_addr;
        s->found.path =
            info->dlpi_name && *info->dlpi_name ? info->dlpi_name : "/proc/self/exe";
        return 1;
    }
    return 0;
}

static image image_of(const void *address)
{
    search s = {reinterpret_cast<uintptr_t>(address), {}};

    dl_iterate_phdr(look_in, &s);
    return s.found;
}

/* The function of the image that begins at `at`, as the linker calls it. */
static std::string symbol_at(const char *file, size_t n_bytes, uintptr_t at)
{
    const ElfW(Ehdr) *header = reinterpret_cast<const ElfW(Ehdr) *>(file);
    const ElfW(Shdr) *parts =
        reinterpret_cast<const ElfW(Shdr) *>(file + header->e_shoff);

    if (n_bytes < sizeof *header || header->e_shoff >= n_bytes)
        return "";
    for (int i = 0; i < header->e_shnum; i++) {
        if (parts[i].sh_type != SHT_SYMTAB && parts[i].sh_type != SHT_DYNSYM)
            continue;
        const ElfW(Sym) *symbols =
            reinterpret_cast<const ElfW(Sym) *>(file + parts[i].sh_offset);
        const char *names = file + parts[parts[i].sh_link].sh_offset;

        for (size_t k = 0; k < parts[i].sh_size / sizeof *symbols; k++)
            if (ELF64_ST_TYPE(symbols[k].st_info) == STT_FUNC &&
                symbols[k].st_value == at)
                return names + symbols[k].st_name;
    }
    return "";
}

static std::string read_symbol(const image &in, uintptr_t at)
{
    const int fd = open(in.path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about;
    std::string name;

    if (fd < 0 || fstat(fd, &about)) {
        if (fd >= 0)
            close(fd);
        return name;
    }
    const size_t n_bytes = static_cast<size_t>(about.st_size);
    void *file = mmap(nullptr, n_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED)
        return name;
    name = symbol_at(static_cast<const char *>(file), n_bytes, at);
    munmap(file, n_bytes);
    return name;
}

/* "void scale<float>(int, float*)" is "scale<float>". */
static std::string bare_name(const std::string &name)
{
    int status;
    char *whole = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
    std::string text = whole ? whole : name;
    size_t depth = 0, first = 0;

    free(whole);
    for (size_t i = 0; i < text.size(); i++) {
        const bool anonymous = text.compare(i, 11, "(anonymous ") == 0;

        if (anonymous)
            i = text.find(')', i);
        else if (text[i] == '<')
            depth++;
        else if (text[i] == '>')
            depth--;
        else if (text[i] == ' ' && depth == 0)
            first = i + 1;
        else if (text[i] == '(' && depth == 0)
            return text.substr(first, i - first);
    }
    return text.substr(first);
}

std::string name_of_function(const void *address)
{
    static std::map<const void *, std::string> known;
    std::string &name = known[address];

    if (name.empty()) {
        const image in = image_of(address);

        name = bare_name(read_symbol(in, reinterpret_cast<uintptr_t>(address) - in.base));
        if (name.empty())
            name = "?";
    }
    return name;
}

/* The innermost line that is not the emulator's own. */
std::string line_of(const void *pc)
{
    const image in = image_of(pc);
    char command[512], text[512] = "?";

    snprintf(command, sizeof command, "addr2line -i -s -e '%s' %#lx 2>/dev/null",
             in.path == "/proc/self/exe"
                 ? ("/proc/" + std::to_string(getpid()) + "/exe").c_str()
                 : in.path.c_str(),
             static_cast<unsigned long>(reinterpret_cast<uintptr_t>(pc) - in.base - 1));
    FILE *lines = popen(command, "r");
    if (!lines)
        return text;
    while (fgets(text, sizeof text, lines)) {
        text[strcspn(text, "\n ")] = 0;
        if (!strncmp(text, "cuda_runtime.h", 14) || !strncmp(text, "cuda_pipeline", 13) ||
            !strncmp(text, "atomics.h", 9) || !strncmp(text, "warp.h", 6))
            continue;
        break;
    }
    pclose(lines);
    return text;
}
} // namespace emu
