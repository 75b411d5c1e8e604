/* Files read and written whole, and the one-number files of /sys and /proc. */

/* All of a file, `limit` bytes at most; false where it cannot be read or is larger. */
static bool read_file(const char *path, size_t limit, Text *content)
{
    char part[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return false;
    ssize_t size = 0;
    while (content->size <= limit && (size = read(file, part, sizeof part)) != 0) {
        if (size < 0 && errno != EINTR)
            break;
        add_bytes(content, part, size > 0 ? (size_t)size : 0);
    }
    close(file);
    return size == 0 && content->size <= limit;
}

/* A small file's text without the blanks around it; false where it cannot be read. */
static bool small_text(const char *path, char *text, size_t room)
{
    Text content = {0};
    bool found = read_file(path, 1 << 16, &content);
    const char *at = c_string(&content) + strspn(c_string(&content), BLANKS);
    snprintf(text, room, "%s", at);
    for (size_t end = strlen(text); end && strchr(BLANKS, text[end - 1]); end--)
        text[end - 1] = 0;
    free(content.data);
    return found;
}

static bool write_all(int file, const char *data, size_t size)
{
    while (size) {
        ssize_t wrote = write(file, data, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        data += wrote;
        size -= (size_t)wrote;
    }
    return true;
}

/* The files that a pattern matches, by name; none for no pattern. To be freed. */
static glob_t matches(const Value *pattern)
{
    glob_t files = {0};
    const char *text = text_of(pattern, "");
    if (!*text || glob(text, 0, NULL, &files) != 0)
        files.gl_pathc = 0;
    return files;
}

/* The largest whole number in the one-number files that a pattern matches; NAN: there is none. */
static double largest(const Value *pattern)
{
    double found = NAN;
    glob_t files = matches(pattern);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char text[64], *end;
        if (!small_text(files.gl_pathv[i], text, sizeof text) || !*text)
            continue;
        double value = (double)strtoll(text, &end, 10);
        if (!*end && !(value <= found))
            found = value;
    }
    globfree(&files);
    return found;
}
