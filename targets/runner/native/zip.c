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

/* A copy of a member, aligned as models want it. */
static void *read_member(const Archive *archive, const char *name, size_t *size)
{
    size_t at = archive->directory, length = strlen(name);
    for (size_t i = 0; i < archive->entries && little(archive, at, 4) == 0x02014B50; i++) {
        size_t named = little(archive, at + 28, 2), start = little(archive, at + 42, 4);
        little(archive, at + 46 + named, 0);
        if (named == length && memcmp(archive->data + at + 46, name, length) == 0) {
            void *copy = NULL;
            *size = little(archive, at + 24, 4);
            if (little(archive, at + 10, 2) != 0 || little(archive, at + 20, 4) != *size)
                fail("model", "%.200s is compressed in the archive", name);
            start += 30 + little(archive, start + 26, 2) + little(archive, start + 28, 2);
            if (start > archive->size || archive->size - start < *size)
                fail("archive", "the archive is damaged");
            if (posix_memalign(&copy, 64, *size + 64) != 0)
                fail("model", "out of memory");
            memcpy(copy, archive->data + start, *size);
            return copy;
        }
        at += 46 + named + little(archive, at + 30, 2) + little(archive, at + 32, 2);
    }
    fail("model", "the archive has no %.200s", name);
}
