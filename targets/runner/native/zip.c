/* .zip archives whose members are stored uncompressed (PKWARE's APPNOTE, 4.3). */

typedef struct {
    const unsigned char *data;
    size_t size, directory, entries;
} Archive;

static uint32_t little(const Archive *archive, size_t at, int bytes)
{
    uint32_t value = 0;
    if (at > archive->size || archive->size - at < (size_t)bytes)
        fail("archive", "the archive is damaged");
    for (int i = bytes; i-- > 0;)
        value = value << 8 | archive->data[at + (size_t)i];
    return value;
}

/* CRC-32 of a member, as archives state it; half a byte at a time. */
static uint32_t crc_of(const unsigned char *data, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* Find the list of members: its position stands at the end, before a comment. */
static void find_directory(Archive *archive, const char *path)
{
    if (archive->size < 22)
        fail("archive", "%.200s is no archive", path);
    size_t end = archive->size - 22, furthest = end > 65535 ? end - 65535 : 0;
    while (end > furthest && little(archive, end, 4) != 0x06054B50)
        end--;
    if (little(archive, end, 4) != 0x06054B50)
        fail("archive", "%.200s is no archive", path);
    archive->entries = little(archive, end + 10, 2);
    archive->directory = little(archive, end + 16, 4);
}

static Archive open_archive(const char *path)
{
    Archive archive = {0};
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) != 0 || info.st_size < 22)
        fail("archive", "%.200s cannot be read as an archive", path);
    archive.size = (size_t)info.st_size;
    archive.data = mmap(NULL, archive.size, PROT_READ, MAP_PRIVATE, file, 0);
    if (archive.data == MAP_FAILED)
        fail("archive", "%.200s cannot be read: %s", path, strerror(errno));
    close(file);
    find_directory(&archive, path);
    return archive;
}

/* Where the directory's entry of a member begins. */
static size_t find_member(const Archive *archive, const char *name)
{
    size_t at = archive->directory, length = strlen(name);
    for (size_t i = 0; i < archive->entries && little(archive, at, 4) == 0x02014B50; i++) {
        size_t named = little(archive, at + 28, 2);
        little(archive, at + 46 + named, 0);
        if (named == length && memcmp(archive->data + at + 46, name, length) == 0)
            return at;
        at += 46 + named + little(archive, at + 30, 2) + little(archive, at + 32, 2);
    }
    fail("model", "the archive has no %.200s", name);
}

/* Where a member's bytes begin; false where they are not those that its entry promises. */
static bool locate(const Archive *archive, size_t entry, size_t size, const unsigned char **found)
{
    size_t start = little(archive, entry + 42, 4);
    if (start > archive->size || archive->size - start < 30 ||
        little(archive, start, 4) != 0x04034B50)
        return false;
    start += 30 + little(archive, start + 26, 2) + little(archive, start + 28, 2);
    if (start > archive->size || archive->size - start < size)
        return false;
    *found = archive->data + start;
    return crc_of(*found, size) == little(archive, entry + 16, 4);
}

/* A copy of a member, aligned as models want it. */
static void *read_member(const Archive *archive, const char *name, size_t *size)
{
    size_t entry = find_member(archive, name);
    const unsigned char *found = NULL;
    void *copy = NULL;
    *size = little(archive, entry + 24, 4);
    if (little(archive, entry + 10, 2) != 0 || little(archive, entry + 20, 4) != *size)
        fail("model", "%.200s is compressed in the archive", name);
    if (!locate(archive, entry, *size, &found))
        fail("model", "%.200s is damaged in the archive", name);
    if (posix_memalign(&copy, 64, *size + 64) != 0)
        fail("model", "out of memory");
    memcpy(copy, found, *size);
    return copy;
}
