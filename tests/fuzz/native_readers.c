/* The runner's readers of JSON, .npy and .zip files, many inputs to a process: `native_readers KIND`.

   Standard input has the inputs, each after its size (4 bytes, little endian). For each one a line
   of JSON says what was read, or "refused: " and why. Memory is the smallest that holds an input,
   so that a sanitizer sees the first byte read beyond it. An input that takes LIMIT_S hangs.

   cc -I targets/runner -fsanitize=address,undefined tests/fuzz/native_readers.c -lm */

#include "native/runner.h"
#ifdef NARROW /* sizes have 32 bits, as on small boards, but memory is this machine's */
#define size_t uint32_t
#undef SIZE_MAX
#define SIZE_MAX UINT32_MAX
#endif
#include "native/text.c"
#include "native/json.c"
#include "native/numbers.c"
#include "native/npy.c"
#include "native/zip.c"

enum { LIMIT_S = 20, MOST_READ = 64 };
static const char *const MEMBERS[] = {"a.tflite", "b.tflite", ""};
enum { MEMBER_COUNT = sizeof MEMBERS / sizeof *MEMBERS };

static jmp_buf *refused; /* where a refusal goes on */
static char why[1024];
static int memory = -1; /* a file that exists in memory only */

static _Noreturn void leave(int code, const char *reason)
{
    (void)code;
    snprintf(why, sizeof why, "%s", reason);
    longjmp(*refused, 1);
}

static _Noreturn void fail(const char *cause, const char *format, ...)
{
    va_list values;
    (void)cause;
    va_start(values, format);
    vsnprintf(why, sizeof why, format, values);
    va_end(values);
    longjmp(*refused, 1);
}

static void add_value(Text *text, const Value *value)
{
    static const char *const words[] = {[NONE] = "null", [FALSE] = "false", [TRUE] = "true"};
    bool table = value->kind == TABLE;
    if (value->kind == NUMBER && isinf(value->number)) {
        add(text, value->number < 0 ? "-1e999" : "1e999");
    } else if (value->kind == NUMBER) {
        add_number(text, "%.17g", value->number);
    } else if (value->kind == STRING) {
        add_string(text, value->text);
    } else if (table || value->kind == LIST) {
        add(text, table ? "{" : "[");
        for (const Value *entry = value->first; entry; entry = entry->next) {
            if (table) {
                add_string(text, entry->key);
                add(text, ":");
            }
            add_value(text, entry);
            add(text, entry->next ? "," : "");
        }
        add(text, table ? "}" : "]");
    } else {
        add(text, words[value->kind]);
    }
}

static void read_json(char *content, size_t size, Text *text)
{
    const char *fault = "no reason";
    const Value *value = parse(&(Text){.data = content, .size = size}, &fault);
    if (!value)
        fail("protocol", "%s", fault);
    for (const Value *entry = value->first; value->kind == TABLE && entry; entry = entry->next)
        if (get(value, entry->key)->kind == ABSENT)
            fail("protocol", "an entry is not found by its name");
    add_value(text, value);
}

/* Whether a model that takes (1, 2, 1, 3) could take these samples. */
static bool fits(const Data *data)
{
    jmp_buf here, *before = refused;
    volatile bool found = false;
    refused = &here;
    if (setjmp(here) == 0) {
        check_shape(&(Tensor){.rank = 4, .shape = {1, 2, 1, 3}}, data);
        found = true;
    }
    refused = before;
    return found;
}

static void read_npy(char *content, size_t size, Text *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    if (ftruncate(memory, 0) != 0 || pwrite(memory, content, size, 0) != (ssize_t)size)
        leave(STOPPED, "the file in memory cannot be written");
    Data data = open_data(path);
    add(text, "{\"shape\":");
    name_shape(text, data.shape, data.rank);
    addf(text, ",\"fits\":%s,\"crcs\":[", fits(&data) ? "true" : "false");
    float *sample = data.samples ? allocate(data.count, sizeof *sample) : NULL;
    for (size_t i = 0; i < data.samples && i < MOST_READ; i++) {
        read_sample(&data, sample);
        addf(text, "%s%lu", i ? "," : "",
             (unsigned long)crc_of((unsigned char *)sample, data.count * sizeof *sample));
    }
    add(text, "]}");
    free(sample);
    fclose(data.file);
}

static void add_member(const Archive *archive, const char *name, Text *text)
{
    jmp_buf here, *before = refused;
    size_t size = 0;
    refused = &here;
    if (setjmp(here) == 0) {
        void *copy = read_member(archive, name, &size);
        add(text, text->size > 1 ? "," : "");
        add_string(text, name);
        addf(text, ":%lu", (unsigned long)crc_of(copy, size));
        free(copy);
    }
    refused = before;
}

static void read_zip(char *content, size_t size, Text *text)
{
    Archive archive = {.data = (unsigned char *)content, .size = size};
    find_directory(&archive, "the input");
    add(text, "{");
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        add_member(&archive, MEMBERS[i], text);
    add(text, "}");
}

static const struct {
    const char *name;
    void (*read)(char *content, size_t size, Text *text);
} READERS[] = {{"json", read_json}, {"npy", read_npy}, {"zip", read_zip}};
enum { READER_COUNT = sizeof READERS / sizeof *READERS };

static void read_input(int reader, char *content, size_t size)
{
    static Text text; /* static: a refusal leaves it as it is then */
    jmp_buf here;
    text.size = 0;
    refused = &here;
    alarm(LIMIT_S);
    if (setjmp(here) == 0) {
        READERS[reader].read(content, size, &text);
        printf("%s\n", c_string(&text));
    } else {
        printf("refused: %s\n", why);
    }
    alarm(0);
    fflush(stdout);
    close(memory + 1); /* what a refused .npy file leaves open */
}

/* The next input, in memory of its own size; false after the last one. */
static bool next_input(char **content, size_t *size)
{
    unsigned char head[4];
    if (fread(head, 1, sizeof head, stdin) != sizeof head)
        return false;
    *size = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    *content = malloc(*size ? *size : 1);
    return *content && fread(*content, 1, *size, stdin) == *size;
}

int main(int count, char **words)
{
    int reader = 0;
    char *content;
    size_t size;
    while (count == 2 && reader < READER_COUNT && strcmp(words[1], READERS[reader].name) != 0)
        reader++;
    memory = memfd_create("input", MFD_CLOEXEC);
    if (count != 2 || reader == READER_COUNT || memory < 0)
        return 2;
    while (next_input(&content, &size)) {
        read_input(reader, content, size);
        free(content);
    }
    return 0;
}
