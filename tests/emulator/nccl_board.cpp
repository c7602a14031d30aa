/* The memory that the ranks of a communicator share. */
#include "nccl_double.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

namespace emu_nccl
{
/* What stands in an id: a descriptor that the maker keeps open. */
struct address {
    char magic[8];
    int pid, fd;
    uint64_t cookie;
};
static_assert(sizeof(address) <= NCCL_UNIQUE_ID_BYTES, "an address fits an id");

static const char magic[8] = "emunccl";

static std::shared_ptr<board> map_board(int fd)
{
    void *at = mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        return nullptr;
    return std::shared_ptr<board>(static_cast<board *>(at),
                                  [](board *b) { munmap(b, sizeof *b); });
}

bool make_id(ncclUniqueId *id, std::string *why)
{
    address a = {};

    memcpy(a.magic, magic, sizeof magic);
    a.pid = getpid();
    a.cookie = std::random_device()() | 1;
    a.fd = memfd_create("emulated-nccl", MFD_CLOEXEC);
    if (a.fd < 0 || ftruncate(a.fd, sizeof(board))) {
        *why = strerror(errno);
        return false;
    }
    const std::shared_ptr<board> b = map_board(a.fd);
    if (!b) {
        *why = strerror(errno);
        return false;
    }
    b->cookie = a.cookie;
    memset(id, 0, sizeof *id);
    memcpy(id, &a, sizeof a);
    return true;
}

std::shared_ptr<board> open_board(const ncclUniqueId &id, std::string *why)
{
    address a;
    char path[64];

    memcpy(&a, &id, sizeof a);
    if (memcmp(a.magic, magic, sizeof magic)) {
        *why = "that is no id";
        return nullptr;
    }
    snprintf(path, sizeof path, "/proc/%d/fd/%d", a.pid, a.fd);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        *why = std::string("whoever made the id is gone: ") + strerror(errno);
        return nullptr;
    }
    std::shared_ptr<board> b = map_board(fd);
    close(fd);
    if (!b || b->cookie != a.cookie) {
        *why = "whoever made the id is gone";
        return nullptr;
    }
    return b;
}
} // namespace emu_nccl
