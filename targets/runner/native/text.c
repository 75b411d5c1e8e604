/* Text that grows, and how it is written as JSON. */

typedef struct {
    char *data; /* ends in a zero once anything is added */
    size_t size, room;
} Text;

static void *allocate(size_t count, size_t size)
{
    void *found = calloc(count ? count : 1, size ? size : 1);
    if (!found)
        leave(STOPPED, "out of memory");
    return found;
}

static void add_bytes(Text *text, const char *bytes, size_t size)
{
    if (text->room - text->size <= size) {
        size_t room = 2 * text->room + size + 256;
        char *data = realloc(text->data, room);
        if (!data)
            leave(STOPPED, "out of memory");
        text->data = data;
        text->room = room;
    }
    memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = 0;
}

static void add(Text *text, const char *words)
{
    add_bytes(text, words, strlen(words));
}

__attribute__((format(printf, 2, 3))) static void addf(Text *text, const char *format, ...)
{
    char small[1024];
    va_list values;
    va_start(values, format);
    int size = vsnprintf(small, sizeof small, format, values);
    va_end(values);
    if (size > 0)
        add_bytes(text, small, (size_t)size < sizeof small ? (size_t)size : sizeof small - 1);
}

static const char *c_string(const Text *text)
{
    return text->data ? text->data : "";
}

/* Length of the UTF-8 character at `at`, 0 where there is none. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    if (!size || at[0] > 0xF4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    bool twice = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    bool outside = (at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF4 && at[1] > 0x8F);
    return twice || outside ? 0 : size;
}

/* A JSON string of `size` bytes at most; bytes that are not UTF-8 become U+FFFD. */
static void add_quoted(Text *text, const char *value, size_t size)
{
    const unsigned char *at = (const unsigned char *)value, *end = at + strnlen(value, size);
    add(text, "\"");
    while (at < end) {
        size_t length = utf8_length(at, (size_t)(end - at));
        if (!length)
            add(text, "\\ufffd");
        else if (*at == '"' || *at == '\\')
            addf(text, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7F)
            addf(text, "\\u%04x", *at);
        else
            add_bytes(text, (const char *)at, length);
        at += length ? length : 1;
    }
    add(text, "\"");
}

static void add_string(Text *text, const char *value)
{
    add_quoted(text, value, SIZE_MAX);
}

/* A number, or null for infinities and NaN. */
static void add_number(Text *text, const char *format, double value)
{
    char digits[64];
    if (!isfinite(value)) {
        add(text, "null");
        return;
    }
    snprintf(digits, sizeof digits, format, value);
    add(text, digits);
}
