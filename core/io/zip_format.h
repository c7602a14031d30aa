/* The records of a ZIP archive, for its reader and its writer; numbers in them are
 * little-endian. Private to core/io.
 *
 *     member  member  …  directory: an entry a member  end64  locator64  end
 *       |
 *       local header, name, extra fields, bytes
 *
 * Where a number is too large for its place, that holds all ones and the number stands in
 * an extra field or in end64. */
#ifndef LKS_IO_ZIP_FORMAT_H
#define LKS_IO_ZIP_FORMAT_H

#include <stdint.h>

enum {
    LKS_ZIP_LOCAL = 0x04034b50,
    LKS_ZIP_DIRECTORY = 0x02014b50,
    LKS_ZIP_END = 0x06054b50,
    LKS_ZIP_END64 = 0x06064b50,
    LKS_ZIP_LOCATOR64 = 0x07064b50,

    LKS_ZIP_LOCAL_SIZE = 30,
    LKS_ZIP_DIRECTORY_SIZE = 46,
    LKS_ZIP_END_SIZE = 22,
    LKS_ZIP_END64_SIZE = 56,
    LKS_ZIP_LOCATOR64_SIZE = 20,

    LKS_ZIP_STORED = 0,
    LKS_ZIP_DEFLATED = 8,
    LKS_ZIP_ENCRYPTED = 1,     /* flags */
    LKS_ZIP_IS_UTF8 = 1 << 11, /* the name is */
    LKS_ZIP_EXTRA64 = 1,       /* an extra field's number */
};

#endif
