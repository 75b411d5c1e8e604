/* Measures models on the machine it runs on, without Python: `runner request.json`, JSON lines out.

   One C11 file with no header but the system's: Linux (glibc 2.28 or newer, musl) and Android (API
   28 or newer). PROTOCOL.md says what is asked and answered. Runtimes are opened while running, by
   the names in the request's "libraries": LiteRT 2.1 or newer (`libLiteRt.so`) and ONNX Runtime
   (`libonnxruntime.so`), through their C interfaces. A library's file name may end in its version
   (`libLiteRt.so.2.3.0`); LiteRT's version is told by nothing else.

   Every runtime is opened in a child process, one per job, so that whatever it does (crash, hang,
   print, exhaust memory) is that job's answer and no more. The parent never blocks on anything but
   `attend`, which also notices that the answer is not wanted any more.

   Counting instructions. Around every inference the child calls getpriority(0x7EDC, k), which means
   nothing to the kernel: k is 2i before the i-th inference and 2i + 1 after it, i from 0. An
   emulator that sees the call appends the line "PID K COUNT" to the file named by EDGEHONE_COUNTS,
   COUNT being the instructions of that process so far, and has it written before the call returns.

   cc -std=c11 -O2 -Wall -Wextra -Werror runner.c -o runner -ldl -lm */

#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* models may be large on 32-bit systems too */
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <glob.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PROTOCOL = 2,
    KEPT_SAMPLES = 2000,      /* a block's samples beyond this are thinned evenly */
    MOST_SAMPLES = 1 << 20,   /* while measuring: beyond it every second one goes, and of those that
                                 follow */
    LARGEST_REQUEST = 1 << 26,
    DEEPEST = 64,             /* lists and tables inside each other in a request */
    LARGEST_MESSAGE = 1 << 24, /* from a job's process: more than any honest one */
    TOLD = 4096,              /* bytes kept of what a sensor's command prints */
    MOST_PORTS = 1024,
    MOST_DIMENSIONS = 8,
    UNCOUNTED = 4, /* inferences before instructions are counted */
    MARK = 0x7EDC,
    STOPPED = 3, /* the exit code of a program that did not come to its end */
};
static const size_t MOST_ELEMENTS = PTRDIFF_MAX / 16; /* of a tensor */
static const double COMMAND_S = 5.0;
static const double TELL_WAITING_S = 3.0;
static const double HANG_S = 15.0; /* beyond the deadline, before the program gives itself up */
static const double VERSION_S = 60.0; /* for opening a runtime's library from a slow card */
static const double BREATH_S = 5.0; /* what a job may take from one sign of life to the next, ... */
static const double SLOWER = 10.0; /* ... besides so many times its slowest inference so far */
static const double LOOK_S = 1.0; /* how often it is looked whether a job's process was stopped */
static const char STEADY_FILE[] = "steady.json";
static const char BLANKS[] = " \t\r\n\v\f";

/* ------------------------------------------------------------ texts */

typedef struct {
    char *data; /* ends in a zero once anything was added */
    size_t size, room;
} Text;

static _Noreturn void leave(int code, const char *why);

static void *fresh(size_t count, size_t size)
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

static void add(Text *text, const char *plain)
{
    add_bytes(text, plain, strlen(plain));
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

static const char *plain(const Text *text)
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

/* A JSON string of `size` bytes at most; what is no UTF-8 becomes U+FFFD. */
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

static void add_name(Text *text, const char *value)
{
    add_quoted(text, value, SIZE_MAX);
}

/* A number, or null for what is none. */
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

/* ------------------------------------------------------------ JSON */

typedef enum { ABSENT, NONE, FALSE, TRUE, NUMBER, STRING, LIST, TABLE } Kind;

typedef struct Value {
    Kind kind;
    double number;
    const char *text, *key; /* key: in the table it is an entry of */
    size_t count;
    struct Value *first, *next;
} Value;

typedef struct {
    const char *at, *end;
    int depth;
    const char *fault; /* of the first thing that is wrong */
} Reader;

static const Value absent = {.kind = ABSENT};

static Value *wrong(Reader *reader, const char *fault)
{
    if (!reader->fault)
        reader->fault = fault;
    return NULL;
}

static void skip_blanks(Reader *reader)
{
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4))
        reader->at++;
}

static bool took(Reader *reader, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

static int hex4(Reader *reader)
{
    int value = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        if (reader->at >= reader->end || !isxdigit((unsigned char)*reader->at))
            return -1;
        int digit = tolower((unsigned char)*reader->at);
        value = 16 * value + (digit > '9' ? digit - 'a' + 10 : digit - '0');
    }
    return value;
}

static bool add_escaped_code(Reader *reader, Text *text)
{
    long code = hex4(reader);
    if (code >= 0xD800 && code < 0xDC00 && took(reader, "\\u")) {
        long low = hex4(reader);
        bool pair = low >= 0xDC00 && low < 0xE000;
        code = pair ? 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00 : -1;
    }
    if (code <= 0 || (code >= 0xD800 && code < 0xE000))
        return false; /* a zero would end our strings, half a pair is no character */
    if (code < 0x80)
        addf(text, "%c", (int)code);
    else if (code < 0x800)
        addf(text, "%c%c", (int)(0xC0 | code >> 6), (int)(0x80 | (code & 63)));
    else if (code < 0x10000)
        addf(text, "%c%c%c", (int)(0xE0 | code >> 12), (int)(0x80 | (code >> 6 & 63)),
             (int)(0x80 | (code & 63)));
    else
        addf(text, "%c%c%c%c", (int)(0xF0 | code >> 18), (int)(0x80 | (code >> 12 & 63)),
             (int)(0x80 | (code >> 6 & 63)), (int)(0x80 | (code & 63)));
    return true;
}

/* The string after an opening quote; NULL when it is none. */
static const char *read_string(Reader *reader)
{
    static const char short_names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    Text text = {0};
    add(&text, "");
    while (reader->at < reader->end && *reader->at != '"') {
        char c = *reader->at++;
        if ((unsigned char)c < 0x20)
            return wrong(reader, "a control character in a string"), NULL;
        if (c != '\\') {
            add_bytes(&text, &c, 1);
            continue;
        }
        char escaped = reader->at < reader->end ? *reader->at++ : 0;
        const char *known = escaped ? strchr(short_names, escaped) : NULL;
        if (known)
            add_bytes(&text, meant + (known - short_names), 1);
        else if (escaped != 'u' || !add_escaped_code(reader, &text))
            return wrong(reader, "an escape that is none"), NULL;
    }
    if (!took(reader, "\""))
        return wrong(reader, "a string without an end"), NULL;
    return text.data;
}

static bool digits(Reader *reader)
{
    const char *began = reader->at;
    while (reader->at < reader->end && isdigit((unsigned char)*reader->at))
        reader->at++;
    return reader->at > began;
}

static Value *read_number(Reader *reader, Value *value)
{
    char copy[64];
    const char *began = reader->at;
    took(reader, "-");
    bool fine = took(reader, "0") || digits(reader);
    if (fine && took(reader, "."))
        fine = digits(reader);
    if (fine && (took(reader, "e") || took(reader, "E"))) {
        if (!took(reader, "-"))
            took(reader, "+");
        fine = digits(reader);
    }
    size_t size = (size_t)(reader->at - began);
    if (!fine || size >= sizeof copy)
        return wrong(reader, "a number that is none, or of too many digits");
    memcpy(copy, began, size);
    copy[size] = 0;
    value->kind = NUMBER;
    value->number = strtod(copy, NULL);
    return value;
}

static Value *read_value(Reader *reader);

/* The entries of a list or table after its opening bracket. */
static Value *read_entries(Reader *reader, Value *value, bool table)
{
    const char *closing = table ? "}" : "]";
    Value **place = &value->first;
    value->kind = table ? TABLE : LIST;
    if (++reader->depth > DEEPEST)
        return wrong(reader, "nested too deeply");
    skip_blanks(reader);
    while (!took(reader, closing)) {
        const char *key = NULL;
        if (value->count && !took(reader, ","))
            return wrong(reader, "a comma is missing");
        skip_blanks(reader);
        if (table) {
            if (!took(reader, "\"") || !(key = read_string(reader)))
                return wrong(reader, "a table's entry has no name");
            skip_blanks(reader);
            if (!took(reader, ":"))
                return wrong(reader, "a colon is missing");
        }
        if (!(*place = read_value(reader)))
            return NULL;
        (*place)->key = key;
        place = &(*place)->next;
        value->count++;
        skip_blanks(reader);
    }
    reader->depth--;
    return value;
}

static Value *read_value(Reader *reader)
{
    Value *value = fresh(1, sizeof *value);
    skip_blanks(reader);
    if (reader->at >= reader->end)
        return wrong(reader, "it ends too early");
    if (took(reader, "{"))
        return read_entries(reader, value, true);
    if (took(reader, "["))
        return read_entries(reader, value, false);
    if (took(reader, "\"")) {
        value->kind = STRING;
        return (value->text = read_string(reader)) ? value : NULL;
    }
    if (*reader->at == '-' || isdigit((unsigned char)*reader->at))
        return read_number(reader, value);
    value->kind = took(reader, "null") ? NONE : took(reader, "true") ? TRUE : FALSE;
    if (value->kind == FALSE && !took(reader, "false"))
        return wrong(reader, "a word that is no value");
    return value;
}

/* What a text means; NULL and the reason when it is no JSON. Kept until the program ends. */
static const Value *parsed(const Text *text, const char **fault)
{
    Reader reader = {.at = plain(text), .end = plain(text) + text->size};
    const Value *value = read_value(&reader);
    skip_blanks(&reader);
    if (value && reader.at != reader.end)
        value = wrong(&reader, "something follows its end");
    *fault = reader.fault;
    return value;
}

/* A table's entry, or `absent`; of what is no table as well. */
static const Value *get(const Value *table, const char *key)
{
    if (table->kind == TABLE)
        for (const Value *entry = table->first; entry; entry = entry->next)
            if (strcmp(entry->key, key) == 0)
                return entry;
    return &absent;
}

static const char *text_of(const Value *value, const char *otherwise)
{
    return value->kind == STRING ? value->text : otherwise;
}

/* A number brought into [low, high]. */
static double number_of(const Value *value, double low, double high, double otherwise)
{
    if (value->kind != NUMBER || isnan(value->number))
        return otherwise;
    return value->number < low ? low : value->number > high ? high : value->number;
}

/* ------------------------------------------------------------ time, and who waits for us */

static const double LONGEST_S = 1e8; /* three years: what any time limit is brought down to */

static struct {
    int64_t deadline_ns;
    bool watch_stdin, leaving;
    pid_t self;
    pid_t child; /* the job or command that runs now; it leads a process group of its own */
    int64_t alive_ns, said_ns; /* how often signs of life are asked for (0: not), and the last line */
    bool saying, hushed; /* hushed: inferences are timed, and the job itself gives signs */
    const char *job;     /* the one at hand, or "" */
    int lock;    /* a file descriptor; -1: none */
    bool lock_held;
    bool set;          /* whether STEADY_FILE says of anything how to put it back */
    sigset_t ordinary; /* the signals blocked while it waits: those that end it are let through */
} here = {.lock = -1, .job = ""};

static const struct {
    int number;
    const char *name;
} ENDING[] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}, {SIGHUP, "SIGHUP"}};
enum { ENDING_COUNT = sizeof ENDING / sizeof *ENDING };
static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    caught = number;
}

static const char *name_of_caught(void)
{
    int i = 0;
    while (i < ENDING_COUNT - 1 && ENDING[i].number != caught)
        i++;
    return ENDING[i].name;
}

/* The last resort, where something other than a job hangs: what is set is put back all the same. */
static void give_up(int number)
{
    (void)number;
    leave(STOPPED, "it hung beyond the deadline");
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t after(double seconds)
{
    return now_ns() + (int64_t)(seconds * 1e9);
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static double seconds_since(int64_t began_ns)
{
    return (double)(now_ns() - began_ns) / 1e9;
}

static bool gives_signs(void)
{
    return here.alive_ns && !here.hushed && !here.saying && !here.leaving;
}

static void say_alive(double within_s);

static bool gone(const struct pollfd *stream)
{
    char unread[256];
    if (stream->fd == STDOUT_FILENO)
        return stream->revents & (POLLERR | POLLHUP | POLLNVAL);
    if (!stream->revents)
        return false;
    ssize_t size = read(STDIN_FILENO, unread, sizeof unread);
    return size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN);
}

/* Wait until one of `own` is ready (how many are) or until the clock says `until_ns` (then 0).
   The program ends here when a signal, a closed input or an unread output says so; and signs of
   life are given from here. */
static int attend(struct pollfd *own, int count, int64_t until_ns)
{
    struct pollfd all[6] = {{.fd = STDOUT_FILENO}, {.fd = STDIN_FILENO, .events = POLLIN}};
    int others = here.leaving ? 0 : here.watch_stdin ? 2 : 1;
    for (int i = 0; i < count; i++)
        all[others + i] = own[i];
    for (;;) {
        bool signs = gives_signs();
        int64_t due_ns = here.said_ns + here.alive_ns;
        int64_t left = (signs ? earlier(until_ns, due_ns) : until_ns) - now_ns();
        struct timespec limit = {0, 0};
        if (left > 0)
            limit = (struct timespec){(time_t)(left / 1000000000), (long)(left % 1000000000)};
        int ready = ppoll(all, (nfds_t)(others + count), &limit, &here.ordinary);
        if (caught && !here.leaving)
            leave(STOPPED, name_of_caught());
        if (ready < 0 && errno != EINTR)
            leave(STOPPED, "waiting is not possible");
        int found = 0;
        for (int i = 0; ready > 0 && i < others; i++)
            if (gone(&all[i]))
                leave(STOPPED, i ? "standard input closed" : "nobody reads the answer");
        for (int i = 0; ready > 0 && i < count; i++)
            found += (own[i].revents = all[others + i].revents) != 0;
        if (signs && now_ns() >= due_ns)
            say_alive(0);
        if (found || now_ns() >= until_ns)
            return found;
    }
}

static void pause_until(int64_t until_ns)
{
    attend(NULL, 0, until_ns);
}

/* One line of the answer. A stalled reader is waited for, but not beyond the deadline. */
static void say(Text *line)
{
    add(line, "\n");
    size_t done = 0;
    here.saying = true;
    while (done < line->size) {
        struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (!attend(&out, 1, here.deadline_ns + (int64_t)(HANG_S * 1e9)))
            leave(STOPPED, "the answer is not read");
        size_t part = line->size - done < 4096 ? line->size - done : 4096; /* never blocks */
        ssize_t wrote = write(STDOUT_FILENO, line->data + done, part);
        if (wrote < 0 && errno != EINTR && errno != EAGAIN)
            leave(STOPPED, "the answer cannot be written");
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    free(line->data);
    *line = (Text){0};
    here.saying = false;
    here.said_ns = now_ns();
}

/* A sign of life; within_s: when the next one comes at the latest, where that may be long. */
static void say_alive(double within_s)
{
    Text line = {0};
    add(&line, "{\"event\":\"alive\",\"job\":");
    add_name(&line, here.job);
    addf(&line, ",\"within_s\":%.1f,\"process\":%ld}", within_s, (long)here.self);
    say(&line);
}

static void say_waiting(const char *why, const char *reason, int64_t began_ns)
{
    Text line = {0};
    addf(&line, "{\"event\":\"waiting\",\"for\":\"%s\",\"reason\":", why);
    add_name(&line, reason);
    addf(&line, ",\"waited_s\":%.1f}", seconds_since(began_ns));
    say(&line);
}

static _Noreturn void refuse(const char *cause, const char *reason)
{
    Text line = {0};
    addf(&line, "{\"event\":\"refused\",\"cause\":\"%s\",\"reason\":", cause);
    add_name(&line, reason);
    add(&line, "}");
    say(&line);
    leave(2, NULL);
}

/* ------------------------------------------------------------ files */

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
    const char *at = plain(&content) + strspn(plain(&content), BLANKS);
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

/* ------------------------------------------------------------ commands */

static void reap(double patience_s, int *status)
{
    int64_t until = after(patience_s);
    pid_t found = 0;
    while (here.child && (found = waitpid(here.child, status, WNOHANG)) == 0 && now_ns() < until)
        pause_until(earlier(until, after(0.005)));
    if (found == 0 && here.child) {
        kill(-here.child, SIGKILL);
        kill(here.child, SIGKILL);
        for (until = after(COMMAND_S); waitpid(here.child, status, WNOHANG) == 0;) {
            if (now_ns() > until)
                break; /* it hangs in the kernel: nothing can be done about it */
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
    }
    here.child = 0;
}

/* In a new child: undo what is the parent's alone. */
static void become_child(void)
{
    here.leaving = true;
    here.set = false;
    here.lock_held = false;
    here.child = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != here.self)
        _exit(STOPPED); /* it was gone before that */
    setpgid(0, 0);
    signal(SIGALRM, SIG_DFL);
    for (int i = 0; i < ENDING_COUNT; i++)
        signal(ENDING[i].number, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &here.ordinary, NULL);
    if (here.lock >= 0)
        close(here.lock);
}

static _Noreturn void execute(const Value *words, int printed, bool with_errors)
{
    char **argv = fresh(words->count + 1, sizeof *argv);
    size_t size = 0;
    for (const Value *word = words->first; word; word = word->next)
        argv[size++] = (char *)(uintptr_t)text_of(word, "");
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(printed, STDOUT_FILENO);
    dup2(with_errors ? printed : nothing, STDERR_FILENO);
    if (size && argv[0][0])
        execvp(argv[0], argv);
    _exit(127);
}

/* Read what the child prints until it has ended and its pipe is empty, or the time is up. */
static bool listen_to_command(int printed, Text *output)
{
    int64_t until = after(COMMAND_S);
    bool ended = false;
    for (;;) {
        char part[1024];
        struct pollfd in = {.fd = printed, .events = POLLIN};
        if (!attend(&in, 1, earlier(until, after(ended ? 0 : 0.02)))) {
            siginfo_t info = {0};
            if (ended || now_ns() >= until)
                return ended;
            waitid(P_PID, (id_t)here.child, &info, WEXITED | WNOHANG | WNOWAIT);
            ended = info.si_pid != 0;
            continue;
        }
        ssize_t size = read(printed, part, sizeof part);
        if (size == 0)
            return true;
        if (size > 0 && output->size < TOLD)
            add_bytes(output, part, (size_t)size);
    }
}

/* Run a program without a shell: its exit code, or -1 and why it gave none. */
static int run_command(const Value *words, Text *output, bool with_errors, const char **why)
{
    int ends[2], status = 0;
    *why = "it is no list of words";
    if (words->kind != LIST || !words->count)
        return -1;
    *why = "no process can be started";
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    here.child = fork();
    if (here.child == 0) {
        become_child();
        execute(words, ends[1], with_errors);
    }
    close(ends[1]);
    if (here.child < 0) {
        here.child = 0;
        close(ends[0]);
        return -1;
    }
    setpgid(here.child, here.child);
    bool ended = listen_to_command(ends[0], output);
    close(ends[0]);
    reap(ended ? 1.0 : 0.0, &status);
    *why = !ended ? "it did not end in time" : "it was killed";
    if (!ended || !WIFEXITED(status))
        return -1;
    *why = "it cannot be started";
    return WEXITSTATUS(status) == 127 && !output->size ? -1 : WEXITSTATUS(status);
}

/* ------------------------------------------------------------ settings, and putting back */

/* What a program that sets things writes down, in STEADY_FILE: {"files": {path: value it had},
   "commands": [[word, …], …]}; each is there before it is set. */
static struct {
    Text files, commands;    /* the record's insides */
    Text done, failed;       /* for the answer's "steadied" and "unsteadied" */
    bool told;               /* whether the answer has them: what fails then goes elsewhere */
} settings;

static void note_done(const char *what)
{
    add(&settings.done, settings.done.size ? "," : "");
    add_name(&settings.done, what);
}

/* What could not be set or put back: for the answer, or once that has begun on standard error. */
static void note_failed(const char *what, const char *said, const char *why)
{
    Text reason = {0};
    add(&reason, said);
    add(&reason, *why ? why : "no reason given");
    if (settings.told)
        dprintf(STDERR_FILENO, "%s: %s\n", what, plain(&reason));
    add(&settings.failed, settings.failed.size ? "," : "");
    add_name(&settings.failed, what);
    add(&settings.failed, ":");
    add_quoted(&settings.failed, plain(&reason), 300);
    free(reason.data);
}

/* Give a one-value file its value, unless it has it; NULL, or why it does not take it. */
static const char *set_file(const char *path, const char *value)
{
    static char why[128];
    char text[256];
    if (!small_text(path, text, sizeof text))
        return strerror(errno);
    if (strcmp(text, value) == 0)
        return NULL;
    int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
    bool fine = file >= 0 && write_all(file, value, strlen(value));
    snprintf(why, sizeof why, "%s", strerror(errno));
    if (file >= 0)
        close(file);
    if (!fine)
        return why;
    if (small_text(path, text, sizeof text) && strcmp(text, value) == 0)
        return NULL;
    snprintf(why, sizeof why, "it stayed \"%.100s\"", text);
    return why;
}

static void join_words(const Value *words, Text *name)
{
    add(name, "");
    for (const Value *word = words->first; word; word = word->next) {
        add(name, word == words->first ? "" : " ");
        add(name, text_of(word, ""));
    }
}

/* Run a command that sets something; whether it did, and else it is noted why not. */
static bool switched(const Value *words, const char *said)
{
    Text name = {0}, output = {0};
    const char *fault;
    join_words(words, &name);
    int code = run_command(words, &output, true, &fault);
    if (code > 0) {
        Text why = {0};
        addf(&why, "exit code %d: %.200s", code, plain(&output));
        note_failed(plain(&name), said, plain(&why));
        free(why.data);
    } else if (code < 0) {
        note_failed(plain(&name), said, fault);
    }
    free(name.data);
    free(output.data);
    return code == 0;
}

/* Put back what a record says, last set first. */
static void put_back(const Value *record)
{
    const char *said = "not put back: ", *why;
    const Value *kinds[] = {get(record, "commands"), get(record, "files")};
    for (int kind = 0; kind < 2; kind++) {
        size_t count = 0;
        const Value **all = fresh(kinds[kind]->count, sizeof *all);
        for (const Value *each = kinds[kind]->first; each; each = each->next)
            all[count++] = each;
        while (count--)
            if (all[count]->kind == LIST)
                switched(all[count], said);
            else if (all[count]->key && (why = set_file(all[count]->key, text_of(all[count], ""))))
                note_failed(all[count]->key, said, why);
        free(all);
    }
}

/* Put back what STEADY_FILE says, of this program or of one that was killed; then it goes. */
static void put_back_recorded(void)
{
    Text text = {0};
    const char *fault;
    if (read_file(STEADY_FILE, LARGEST_REQUEST, &text)) {
        const Value *record = parsed(&text, &fault);
        put_back(record ? record : &absent);
    }
    unlink(STEADY_FILE);
    free(text.data);
    here.set = false;
}

/* Write the record down, whole or not at all. */
static bool write_down(void)
{
    Text record = {0};
    add(&record, "{\"files\":{");
    add(&record, plain(&settings.files));
    add(&record, "},\"commands\":[");
    add(&record, plain(&settings.commands));
    add(&record, "]}");
    int file = open("steady.part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool fine = file >= 0 && write_all(file, record.data, record.size) && fsync(file) == 0 &&
                rename("steady.part", STEADY_FILE) == 0;
    if (file >= 0)
        close(file);
    if (!fine)
        unlink("steady.part");
    free(record.data);
    here.set = here.set || fine;
    return fine;
}

static void steady_file(const char *path, const char *value)
{
    char found[256];
    const char *why = NULL;
    size_t before = settings.files.size;
    if (!small_text(path, found, sizeof found)) {
        why = strerror(errno);
    } else if (strcmp(found, value) != 0) {
        add(&settings.files, before ? "," : "");
        add_name(&settings.files, path);
        add(&settings.files, ":");
        add_name(&settings.files, found);
        why = write_down() ? set_file(path, value) : "steady.json cannot be written";
    }
    if (why)
        note_failed(path, "", why);
    else
        note_done(path);
}

static void steady_command(const Value *change)
{
    Text name = {0};
    join_words(get(change, "on"), &name);
    add(&settings.commands, settings.commands.size ? ",[" : "[");
    for (const Value *word = get(change, "off")->first; word; word = word->next) {
        add_name(&settings.commands, text_of(word, ""));
        add(&settings.commands, word->next ? "," : "");
    }
    add(&settings.commands, "]");
    if (!write_down())
        note_failed(plain(&name), "", "steady.json cannot be written");
    else if (switched(get(change, "on"), ""))
        note_done(plain(&name));
    free(name.data);
}

/* Set what the request asks for, where that is permitted. */
static void set_steady(const Value *steady)
{
    for (const Value *entry = get(steady, "files")->first; entry; entry = entry->next) {
        const char *value = text_of(entry, "");
        glob_t files = matches(&(Value){.kind = STRING, .text = entry->key});
        for (size_t i = 0; i < files.gl_pathc; i++)
            steady_file(files.gl_pathv[i], value);
        if (!files.gl_pathc && entry->key)
            note_failed(entry->key, "", "there is no such file");
        globfree(&files);
    }
    for (const Value *each = get(steady, "commands")->first; each; each = each->next)
        steady_command(each);
}

static void empty_lock(void);

/* The one way out: nothing is left running and nothing is left set. */
static _Noreturn void leave(int code, const char *why)
{
    int status;
    if (!here.leaving) {
        here.leaving = true;
        settings.told = true;
        signal(SIGALRM, SIG_DFL);
        alarm(30); /* the last resort, should putting things back hang */
        if (here.child)
            reap(0, &status);
        if (here.set)
            put_back_recorded();
        if (here.lock_held)
            empty_lock();
    }
    if (why)
        dprintf(STDERR_FILENO, "stopped: %s\n", why);
    _exit(code);
}

/* ------------------------------------------------------------ the machine's state */

static double load1(void)
{
    char line[128], *end;
    if (!small_text("/proc/loadavg", line, sizeof line))
        return NAN;
    double load = strtod(line, &end);
    return end == line ? NAN : load;
}

static double temperature_c(const Value *sensors)
{
    return largest(get(sensors, "temperature_mc")) / 1000;
}

static int compare_ns(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static int64_t median_ns(int64_t *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, compare_ns);
    return samples[count / 2];
}

/* The processors among `cores` that this process may use, into `found`; how many there are. The
   others are named in `lacking`. */
static int usable_cores(const Value *cores, cpu_set_t *found, Text *lacking)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    CPU_ZERO(found);
    sched_getaffinity(0, sizeof allowed, &allowed);
    for (const Value *core = cores->first; core; core = core->next) {
        double number = number_of(core, -1, 1e9, -1);
        if (number >= 0 && number < CPU_SETSIZE && CPU_ISSET((size_t)number, &allowed))
            CPU_SET((size_t)number, found);
        else
            addf(lacking, "%s%.0f", lacking->size ? ", " : "", number);
    }
    return CPU_COUNT(found);
}

/* Median time of a fixed matrix product: the same machine at the same speed, the same time. */
static double reference_ms(const Value *cores)
{
    enum { SIDE = 96, TIMES = 15, FIRST = 2 };
    static float a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
    int64_t samples[TIMES];
    volatile float used = 0;
    Text lacking = {0};
    cpu_set_t before, cores_there;
    bool moved = usable_cores(cores, &cores_there, &lacking) > 0 &&
                 sched_getaffinity(0, sizeof before, &before) == 0 &&
                 sched_setaffinity(0, sizeof cores_there, &cores_there) == 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        a[i / SIDE][i % SIDE] = (float)(i % 7) * 0.25f;
        b[i / SIDE][i % SIDE] = (float)(i % 5) * 0.5f;
    }
    for (int turn = -FIRST; turn < TIMES; turn++) {
        int64_t began = now_ns();
        memset(c, 0, sizeof c);
        for (int i = 0; i < SIDE; i++)
            for (int k = 0; k < SIDE; k++)
                for (int j = 0; j < SIDE; j++)
                    c[i][j] += a[i][k] * b[k][j];
        used = c[SIDE - 1][SIDE - 1];
        if (turn >= 0)
            samples[turn] = now_ns() - began;
    }
    (void)used;
    if (moved)
        sched_setaffinity(0, sizeof before, &before);
    free(lacking.data);
    return (double)median_ns(samples, TIMES) / 1e6;
}

typedef struct {
    int id, parent;
    unsigned long long began, ticks; /* when it started, and the CPU it had; in clock ticks */
    bool ours;
    double share;
    char name[64];
} Process;

typedef struct {
    Process *all;
    size_t count;
    int64_t at_ns;
} Census;

/* One process from /proc/ID/stat; false where it is gone. */
static bool read_process(const char *id, Process *process)
{
    char path[64], line[1024];
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%.20s/stat", id);
    if (!small_text(path, line, sizeof line))
        return false;
    char *name = strchr(line, '('), *end = strrchr(line, ')');
    if (!name || !end || end < name)
        return false;
    *end = 0;
    snprintf(process->name, sizeof process->name, "%s", name + 1);
    process->id = atoi(id);
    int found = sscanf(end + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d"
                       " %*d %*d %*d %*d %llu", &process->parent, &user, &system, &process->began);
    process->ticks = user + system;
    return found == 4;
}

/* This program's own, and all that it has started. */
static void mark_ours(Census *census)
{
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < census->count; i++) {
            Process *each = &census->all[i];
            bool ours = each->id == (int)getpid();
            for (size_t k = 0; !ours && k < census->count; k++)
                ours = census->all[k].ours && census->all[k].id == each->parent;
            more = more || (ours && !each->ours);
            each->ours = ours;
        }
    }
}

static Census take_census(void)
{
    Census census = {.at_ns = now_ns()};
    size_t room = 0;
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        if (census.count == room) {
            Process *more = realloc(census.all, (room = 2 * room + 256) * sizeof *more);
            if (!more)
                leave(STOPPED, "out of memory");
            census.all = more;
        }
        Process *next = &census.all[census.count];
        *next = (Process){0};
        census.count += read_process(entry->d_name, next);
    }
    if (folder)
        closedir(folder);
    mark_ours(&census);
    return census;
}

static int compare_ids(const void *one, const void *other)
{
    return ((const Process *)one)->id - ((const Process *)other)->id;
}

static int compare_shares(const void *one, const void *other)
{
    double a = ((const Process *)one)->share, b = ((const Process *)other)->share;
    return (a < b) - (a > b);
}

/* The three busiest other processes since the last reading, with the share of a CPU each had. */
static void add_busiest(Text *text)
{
    static Census last;
    Census now = take_census();
    double ticks = (double)sysconf(_SC_CLK_TCK) * (double)(now.at_ns - last.at_ns) / 1e9;
    if (now.count)
        qsort(now.all, now.count, sizeof *now.all, compare_ids);
    Process *ranked = fresh(now.count, sizeof *ranked);
    for (size_t i = 0; last.at_ns && i < now.count; i++) {
        Process *found = last.count ? bsearch(&now.all[i], last.all, last.count, sizeof *last.all,
                                              compare_ids) : NULL;
        bool same = found && found->began == now.all[i].began;
        ranked[i] = now.all[i];
        if (!ranked[i].ours && ticks > 0)
            ranked[i].share = (double)(ranked[i].ticks - (same ? found->ticks : 0)) / ticks;
    }
    qsort(ranked, now.count, sizeof *ranked, compare_shares);
    add(text, "[");
    for (size_t i = 0; i < 3 && i < now.count && ranked[i].share >= 0.01; i++) {
        add(text, i ? ",[" : "[");
        add_name(text, ranked[i].name);
        addf(text, ",%.2f]", ranked[i].share);
    }
    add(text, "]");
    free(ranked);
    free(last.all);
    last = now;
}

static void add_told(Text *text, const Value *commands)
{
    bool any = false;
    add(text, "{");
    for (const Value *words = commands->first; words; words = words->next) {
        Text output = {0};
        const char *fault;
        if (words->key && run_command(words, &output, false, &fault) == 0) {
            const char *told = plain(&output) + strspn(plain(&output), BLANKS);
            size_t size = strnlen(told, TOLD);
            while (size && strchr(BLANKS, told[size - 1]))
                size--;
            add(text, any ? "," : "");
            add_name(text, words->key);
            add(text, ":");
            add_quoted(text, told, size);
            any = true;
        }
        free(output.data);
    }
    add(text, "}");
}

/* The machine's state; nothing once the time is over. */
static void add_conditions(Text *text, const Value *request)
{
    char governor[64] = "";
    const Value *sensors = get(request, "sensors");
    if (now_ns() >= here.deadline_ns) {
        add(text, "{}");
        return;
    }
    glob_t files = matches(get(sensors, "governor"));
    for (size_t i = 0; i < files.gl_pathc && !*governor; i++)
        small_text(files.gl_pathv[i], governor, sizeof governor);
    globfree(&files);
    add(text, "{\"load1\":");
    add_number(text, "%.2f", load1());
    add(text, ",\"clock_mhz\":");
    add_number(text, "%.0f", floor(largest(get(sensors, "clock_khz")) / 1000));
    add(text, ",\"governor\":");
    if (*governor)
        add_name(text, governor);
    else
        add(text, "null");
    add(text, ",\"temperature_c\":");
    add_number(text, "%.3f", temperature_c(sensors));
    add(text, ",\"reference_ms\":");
    add_number(text, "%.6f", reference_ms(get(request, "cores")));
    add(text, ",\"busiest\":");
    add_busiest(text);
    add(text, ",\"told\":");
    add_told(text, get(sensors, "commands"));
    add(text, "}");
}

/* ------------------------------------------------------------ numbers in and out of a model */

typedef enum { F32, F64, F16, I8, U8, I16, U16, I32, U32, I64, U64, BOOL, OTHER } Type;

static const struct {
    size_t size;
    double low, high; /* of integers */
} TYPES[] = {
    [F32] = {4, 0, 0},
    [F64] = {8, 0, 0},
    [F16] = {2, 0, 0},
    [I8] = {1, INT8_MIN, INT8_MAX},
    [U8] = {1, 0, UINT8_MAX},
    [I16] = {2, INT16_MIN, INT16_MAX},
    [U16] = {2, 0, UINT16_MAX},
    [I32] = {4, INT32_MIN, INT32_MAX},
    [U32] = {4, 0, UINT32_MAX},
    [I64] = {8, -9223372036854775808.0, 9223372036854774784.0}, /* the largest doubles inside */
    [U64] = {8, 0, 18446744073709549568.0},
    [BOOL] = {1, 0, 1},
};

typedef struct {
    Type type;
    size_t rank, count; /* count: of elements */
    int64_t shape[MOST_DIMENSIONS];
    double scale; /* 0: not quantized */
    int64_t zero;
    void *handle; /* the runtime's */
    void *data;
} Port;

static bool is_integer(Type type)
{
    return type >= I8 && type <= BOOL;
}

static uint16_t half_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000)
        return (uint16_t)(sign | 0x7E00);
    if (magnitude >= 0x477FF000) /* rounds beyond the largest half */
        return (uint16_t)(sign | 0x7C00);
    if (magnitude < 0x38800000) /* below the smallest normal half: steps of 2^-24 */
        return (uint16_t)(sign | (uint32_t)lrintf(ldexpf(fabsf(value), 24)));
    uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
}

static float float_of(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    float size = exponent == 31 ? (fraction ? NAN : INFINITY)
                 : exponent     ? ldexpf((float)(fraction | 1024), exponent - 25)
                                : ldexpf((float)fraction, -24);
    return half & 0x8000 ? -size : size;
}

#define PUT(type, value) \
    do { \
        type put_ = (type)(value); \
        memcpy((char *)data + index * sizeof put_, &put_, sizeof put_); \
    } while (0)
#define GET(type, name) \
    type name; \
    memcpy(&name, (const char *)data + index * sizeof name, sizeof name)

/* Store a number as a type takes it; integers are cut off, and brought into their range. */
static void put_element(Type type, void *data, size_t index, double value)
{
    if (is_integer(type)) {
        value = isnan(value) ? 0 : value;
        value = fmin(fmax(value, TYPES[type].low), TYPES[type].high);
    }
    switch (type) {
    case F32: PUT(float, value); break;
    case F64: PUT(double, value); break;
    case F16: PUT(uint16_t, half_of((float)value)); break;
    case I8: PUT(int8_t, value); break;
    case U8: PUT(uint8_t, value); break;
    case I16: PUT(int16_t, value); break;
    case U16: PUT(uint16_t, value); break;
    case I32: PUT(int32_t, value); break;
    case U32: PUT(uint32_t, value); break;
    case I64: PUT(int64_t, value); break;
    case U64: PUT(uint64_t, value); break;
    case BOOL: PUT(uint8_t, value != 0); break;
    case OTHER: break;
    }
}

static double element(Type type, const void *data, size_t index)
{
    switch (type) {
    case F32: { GET(float, value); return (double)value; }
    case F64: { GET(double, value); return value; }
    case F16: { GET(uint16_t, value); return (double)float_of(value); }
    case I8: { GET(int8_t, value); return value; }
    case U8: case BOOL: { GET(uint8_t, value); return value; }
    case I16: { GET(int16_t, value); return value; }
    case U16: { GET(uint16_t, value); return value; }
    case I32: { GET(int32_t, value); return value; }
    case U32: { GET(uint32_t, value); return value; }
    case I64: { GET(int64_t, value); return (double)value; }
    case U64: { GET(uint64_t, value); return (double)value; }
    case OTHER: break;
    }
    return 0;
}

/* A real number as a port takes it: q = round(x / scale) + zero. */
static double quantized(const Port *port, float value)
{
    if (port->scale == 0 || !is_integer(port->type))
        return (double)value;
    return (double)(rintf(value / (float)port->scale) + (float)port->zero);
}

/* What a port's number means: x = (q - zero) * scale. */
static float real(const Port *port, double value)
{
    if (port->scale == 0 || !is_integer(port->type))
        return (float)value;
    return (float)((value - (double)port->zero) * port->scale);
}

/* ------------------------------------------------------------ in a job's process: telling */

static int results = -1;        /* the pipe to the parent */
static jmp_buf *instead = NULL; /* where a failure goes on, when it does not end the job */
static char failure[512];
static Text version;            /* of the runtime, with its name */
static void *environment;       /* the runtime's own state, made before anything is measured */

static void tell(Text *message)
{
    add(message, "\n");
    if (!write_all(results, message->data, message->size))
        _exit(1);
    free(message->data);
    *message = (Text){0};
}

/* The job, or the one model among many, cannot be done: why, on one line. */
__attribute__((format(printf, 2, 3))) static _Noreturn void fail(const char *cause,
                                                                  const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(failure, sizeof failure, format, values);
    va_end(values);
    for (char *at = failure; *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = ' ';
    if (instead && strcmp(cause, "model") == 0)
        longjmp(*instead, 1);
    Text message = {0};
    addf(&message, "X%s %s", cause, failure);
    tell(&message);
    _exit(0);
}

/* ------------------------------------------------------------ models and their runtimes */

typedef struct Model Model;

typedef struct {
    const char *name;
    void (*open)(const char *library); /* and fill `version` */
    /* Load a model from a file, or from `size` bytes at `content` that stay until `drop`. */
    void (*load)(Model *model, const char *path, const void *content, size_t size);
    void (*fed)(Model *model, size_t index); /* in[index].data has changed */
    bool (*run)(Model *model);               /* the only thing that is timed */
    void (*ran)(Model *model, bool fine);    /* tidies up after it, or fails */
    void (*fetch)(Model *model, size_t index); /* fills out[index].data, .shape and .count */
    void (*drop)(Model *model);
} Runtime;

struct Model {
    const Runtime *runtime;
    int threads;
    bool plain; /* the runtime's plain kernels are asked for */
    Port *in, *out;
    size_t ins, outs;
    void *handles[3]; /* the runtime's */
    void **arguments; /* its inputs, then its outputs, as it takes them */
    const char **names;
};

/* A port's count and memory from its type and shape; free dimensions are 1. */
static void size_port(Port *port, const char *which)
{
    port->count = 1;
    if (port->type == OTHER)
        fail("model", "an %s has a type that is not supported", which);
    for (size_t i = 0; i < port->rank; i++) {
        port->shape[i] = port->shape[i] < 0 ? 1 : port->shape[i];
        size_t side = (size_t)port->shape[i];
        if (side && port->count > MOST_ELEMENTS / side)
            fail("model", "an %s is larger than any memory", which);
        port->count *= side;
    }
    size_t bytes = port->count * TYPES[port->type].size;
    if (posix_memalign(&port->data, 64, bytes + 64) != 0)
        fail("model", "out of memory");
    memset(port->data, 0, bytes + 64);
}

static void check_ports(const Model *model)
{
    if (!model->ins || !model->outs || model->ins > MOST_PORTS || model->outs > MOST_PORTS)
        fail("model", "%zu inputs and %zu outputs cannot be measured", model->ins, model->outs);
}

static void make_ports(Model *model)
{
    check_ports(model);
    model->in = fresh(model->ins, sizeof *model->in);
    model->out = fresh(model->outs, sizeof *model->out);
    model->arguments = fresh(model->ins + model->outs, sizeof *model->arguments);
    model->names = fresh(model->ins + model->outs, sizeof *model->names);
}

static void free_ports(Model *model)
{
    for (size_t i = 0; i < model->ins; i++)
        free(model->in[i].data);
    for (size_t i = 0; i < model->outs; i++)
        free(model->out[i].data);
    free(model->in);
    free(model->out);
    free(model->arguments);
    free(model->names);
}

static void *open_library(const char *path)
{
    char place[4096];
    snprintf(place, sizeof place, "%s%s", strchr(path, '/') ? "" : "./", path);
    void *library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail("runtime", "it cannot be opened: %.400s", dlerror());
    return library;
}

/* ------------------------------------------------------------ LiteRT */

typedef struct {
    int32_t type;
    uint32_t rank_and_strides; /* 7 bits of rank, one that says whether strides are given */
    int32_t shape[8];
    uint32_t strides[8];
} LiteRtTensorType;

typedef struct {
    float scale;
    int64_t zero;
} LiteRtScale;

static int (*litert_input_name)(void *, size_t, const char **); /* NULL: not told */

static struct {
    int (*CreateEnvironment)(int, const void *, void **);
    int (*CreateModelFromFile)(void *, const char *, void **);
    int (*CreateModelFromBuffer)(void *, const void *, size_t, void **);
    int (*CreateOptions)(void **);
    int (*SetOptionsHardwareAccelerators)(void *, int);
    int (*CreateOpaqueOptions)(const char *, void *, void (*)(void *), void **);
    int (*AddOpaqueOptions)(void *, void *);
    int (*CreateCompiledModel)(void *, void *, void *, void **);
    int (*GetModelSignature)(void *, size_t, void **);
    int (*GetNumSignatureInputs)(void *, size_t *);
    int (*GetNumSignatureOutputs)(void *, size_t *);
    int (*GetSignatureInputTensorByIndex)(void *, size_t, void **);
    int (*GetSignatureOutputTensorByIndex)(void *, size_t, void **);
    int (*GetCompiledModelInputBufferRequirements)(void *, size_t, size_t, void **);
    int (*GetCompiledModelOutputBufferRequirements)(void *, size_t, size_t, void **);
    int (*GetRankedTensorType)(void *, LiteRtTensorType *);
    int (*GetQuantizationTypeId)(void *, int *);
    int (*GetPerTensorQuantization)(void *, LiteRtScale *);
    int (*GetTensorBufferRequirementsBufferSize)(void *, size_t *);
    int (*CreateManagedTensorBuffer)(void *, int, const LiteRtTensorType *, size_t, void **);
    int (*LockTensorBuffer)(void *, void **, int);
    int (*UnlockTensorBuffer)(void *);
    int (*RunCompiledModel)(void *, size_t, size_t, void **, size_t, void **);
    void (*DestroyTensorBuffer)(void *);
    void (*DestroyCompiledModel)(void *);
    void (*DestroyOptions)(void *);
    void (*DestroyModel)(void *);
} litert;

/* Up to 2.1.5: models without an environment, and options that were not yet texts. */
static struct {
    bool used;
    int (*CreateModelFromFile)(const char *, void **);
    int (*CreateModelFromBuffer)(const void *, size_t, void **);
    int (*CreateCpuOptions)(void **);
    int (*FindCpuOptions)(void *, void **);
    int (*SetCpuOptionsNumThread)(void *, int);
} litert_before;

typedef struct {
    const char *name;
    void *place;
} Symbol;

#define LITERT(name) {"LiteRt" #name, &litert.name}
static const Symbol LITERT_SYMBOLS[] = {
    LITERT(CreateEnvironment), LITERT(CreateModelFromFile), LITERT(CreateModelFromBuffer),
    LITERT(CreateOptions), LITERT(SetOptionsHardwareAccelerators), LITERT(CreateOpaqueOptions),
    LITERT(AddOpaqueOptions), LITERT(CreateCompiledModel), LITERT(GetModelSignature),
    LITERT(GetNumSignatureInputs), LITERT(GetNumSignatureOutputs),
    LITERT(GetSignatureInputTensorByIndex), LITERT(GetSignatureOutputTensorByIndex),
    LITERT(GetCompiledModelInputBufferRequirements),
    LITERT(GetCompiledModelOutputBufferRequirements), LITERT(GetRankedTensorType),
    LITERT(GetQuantizationTypeId), LITERT(GetPerTensorQuantization),
    LITERT(GetTensorBufferRequirementsBufferSize), LITERT(CreateManagedTensorBuffer),
    LITERT(LockTensorBuffer), LITERT(UnlockTensorBuffer), LITERT(RunCompiledModel),
    LITERT(DestroyTensorBuffer), LITERT(DestroyCompiledModel), LITERT(DestroyOptions),
    LITERT(DestroyModel),
};
#define LITERT_BEFORE(name) {"LiteRt" #name, &litert_before.name}
static const Symbol LITERT_BEFORE_SYMBOLS[] = {
    LITERT_BEFORE(CreateModelFromFile), LITERT_BEFORE(CreateModelFromBuffer),
    LITERT_BEFORE(CreateCpuOptions), LITERT_BEFORE(FindCpuOptions),
    LITERT_BEFORE(SetCpuOptionsNumThread),
};

enum { LITERT_CPU = 1, LITERT_HOST_MEMORY = 1, LITERT_READ = 0, LITERT_WRITE = 1 };
enum { MODEL, OPTIONS, COMPILED };

static void litert_check(int status, const char *what)
{
    if (status)
        fail("model", "LiteRT: %s failed (status %d)", what, status);
}

static Type litert_type(int32_t type)
{
    static const Type known[] = {OTHER, F32, I32, U8,  I64,   OTHER, BOOL, I16, OTHER, I8,
                                 F16,   F64, OTHER, U64, OTHER, OTHER, U32,  U16};
    return type >= 0 && (size_t)type < sizeof known / sizeof *known ? known[type] : OTHER;
}

static void find_symbols(void *library, const Symbol *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *found = dlsym(library, symbols[i].name);
        if (!found)
            fail("runtime", "%s is missing in the library, which must be LiteRT 2.1 or newer",
                 symbols[i].name);
        memcpy(symbols[i].place, &found, sizeof found);
    }
}

/* The version at the end of a library's name: ".so.2.3.0" gives "2.3.0". */
static const char *version_in(const char *path)
{
    const char *found = strstr(path, ".so."), *last = NULL;
    for (; found; found = strstr(found + 1, ".so."))
        last = found + 4;
    return last && !strchr(last, '/') ? last : "";
}

static void litert_open(const char *path)
{
    void *library = open_library(path);
    find_symbols(library, LITERT_SYMBOLS, sizeof LITERT_SYMBOLS / sizeof *LITERT_SYMBOLS);
    /* A function that came together with what is otherwise than before. */
    litert_before.used = !dlsym(library, "LiteRtCreateModelFromAllocation");
    void *name = dlsym(library, "LiteRtGetSignatureInputName");
    memcpy(&litert_input_name, &name, sizeof name);
    if (litert_before.used)
        find_symbols(library, LITERT_BEFORE_SYMBOLS,
                     sizeof LITERT_BEFORE_SYMBOLS / sizeof *LITERT_BEFORE_SYMBOLS);
    if (litert.CreateEnvironment(0, NULL, &environment) != 0)
        fail("runtime", "LiteRT does not start");
    addf(&version, "libLiteRt%s%.100s", *version_in(path) ? " " : "", version_in(path));
}

static void keep(void *payload)
{
    (void)payload;
}

/* How the CPU is used; kernel mode 2: LiteRT's own kernels, without XNNPACK. */
static void *litert_cpu_options(const Model *model)
{
    static char text[64];
    void *opaque = NULL, *options = NULL;
    snprintf(text, sizeof text, "num_threads = %d\nkernel_mode = %d\n", model->threads,
             model->plain ? 2 : 0);
    if (!litert_before.used) {
        litert_check(litert.CreateOpaqueOptions("xnnpack", text, keep, &opaque), "CPU options");
        return opaque;
    }
    if (model->plain)
        fail("runtime", "this LiteRT cannot run without XNNPACK; that takes 2.1.6 or newer");
    litert_check(litert_before.CreateCpuOptions(&opaque), "CPU options");
    litert_check(litert_before.FindCpuOptions(opaque, &options), "CPU options");
    litert_check(litert_before.SetCpuOptionsNumThread(options, model->threads), "CPU options");
    return opaque;
}

static void litert_options(Model *model)
{
    void *options = NULL;
    litert_check(litert.CreateOptions(&options), "making options");
    model->handles[OPTIONS] = options;
    litert_check(litert.SetOptionsHardwareAccelerators(options, LITERT_CPU), "choosing the CPU");
    litert_check(litert.AddOpaqueOptions(options, litert_cpu_options(model)), "CPU options");
}

static void litert_port(Model *model, void *signature, size_t index, bool input)
{
    Port *port = input ? &model->in[index] : &model->out[index];
    void *tensor = NULL, *needs = NULL, *compiled = model->handles[COMPILED];
    LiteRtTensorType type = {0};
    int quantization = 0;
    size_t bytes = 0;
    litert_check((input ? litert.GetSignatureInputTensorByIndex
                        : litert.GetSignatureOutputTensorByIndex)(signature, index, &tensor),
                 "finding a tensor");
    litert_check((input ? litert.GetCompiledModelInputBufferRequirements
                        : litert.GetCompiledModelOutputBufferRequirements)(compiled, 0, index,
                                                                           &needs),
                 "asking for a buffer's size");
    litert_check(litert.GetRankedTensorType(tensor, &type), "reading a tensor's type");
    port->type = litert_type(type.type);
    port->rank = type.rank_and_strides & 127;
    if (port->rank > MOST_DIMENSIONS)
        fail("model", "a tensor has %zu dimensions", port->rank);
    for (size_t i = 0; i < port->rank; i++) {
        type.shape[i] = type.shape[i] < 0 ? 1 : type.shape[i];
        port->shape[i] = type.shape[i];
    }
    size_port(port, input ? "input" : "output");
    LiteRtScale found = {0};
    if (litert.GetQuantizationTypeId(tensor, &quantization) == 0 && quantization == 1 &&
        litert.GetPerTensorQuantization(tensor, &found) == 0) {
        port->scale = (double)found.scale;
        port->zero = found.zero;
    }
    litert_check(litert.GetTensorBufferRequirementsBufferSize(needs, &bytes), "a buffer's size");
    if (bytes < port->count * TYPES[port->type].size)
        fail("model", "a tensor of %zu bytes has a buffer of %zu",
             port->count * TYPES[port->type].size, bytes);
    litert_check(litert.CreateManagedTensorBuffer(environment, LITERT_HOST_MEMORY,
                                                  &type, bytes, &port->handle),
                 "making a buffer");
    model->arguments[input ? index : model->ins + index] = port->handle;
    if (input && litert_input_name)
        litert_check(litert_input_name(signature, index, &model->names[index]), "an input's name");
}

static int litert_read(const char *path, const void *content, size_t size, void **model)
{
    if (litert_before.used)
        return path ? litert_before.CreateModelFromFile(path, model)
                    : litert_before.CreateModelFromBuffer(content, size, model);
    return path ? litert.CreateModelFromFile(environment, path, model)
                : litert.CreateModelFromBuffer(environment, content, size, model);
}

static void litert_load(Model *model, const char *path, const void *content, size_t size)
{
    void **handles = model->handles, *signature = NULL;
    litert_check(litert_read(path, content, size, &handles[MODEL]), "reading the model");
    litert_options(model);
    litert_check(litert.CreateCompiledModel(environment, handles[MODEL], handles[OPTIONS],
                                            &handles[COMPILED]),
                 "preparing the model");
    litert_check(litert.GetModelSignature(handles[MODEL], 0, &signature), "finding a signature");
    litert_check(litert.GetNumSignatureInputs(signature, &model->ins), "counting inputs");
    litert_check(litert.GetNumSignatureOutputs(signature, &model->outs), "counting outputs");
    make_ports(model);
    for (size_t i = 0; i < model->ins; i++)
        litert_port(model, signature, i, true);
    for (size_t i = 0; i < model->outs; i++)
        litert_port(model, signature, i, false);
}

static void litert_fed(Model *model, size_t index)
{
    Port *port = &model->in[index];
    void *memory = NULL;
    litert_check(litert.LockTensorBuffer(port->handle, &memory, LITERT_WRITE), "setting an input");
    memcpy(memory, port->data, port->count * TYPES[port->type].size);
    litert_check(litert.UnlockTensorBuffer(port->handle), "setting an input");
}

static bool litert_run(Model *model)
{
    return litert.RunCompiledModel(model->handles[COMPILED], 0, model->ins, model->arguments,
                                   model->outs, model->arguments + model->ins) == 0;
}

static void litert_ran(Model *model, bool fine)
{
    (void)model;
    litert_check(!fine, "running the model");
}

static void litert_fetch(Model *model, size_t index)
{
    Port *port = &model->out[index];
    void *memory = NULL;
    litert_check(litert.LockTensorBuffer(port->handle, &memory, LITERT_READ), "reading an output");
    memcpy(port->data, memory, port->count * TYPES[port->type].size);
    litert_check(litert.UnlockTensorBuffer(port->handle), "reading an output");
}

static void litert_drop(Model *model)
{
    for (size_t i = 0; i < model->ins + model->outs; i++)
        litert.DestroyTensorBuffer(model->arguments[i]);
    litert.DestroyCompiledModel(model->handles[COMPILED]);
    litert.DestroyOptions(model->handles[OPTIONS]);
    litert.DestroyModel(model->handles[MODEL]);
    free_ports(model);
}

/* ------------------------------------------------------------ ONNX Runtime */

/* OrtApi is a table of functions to which newer versions only append, so that places are stable;
   gaps are functions that are not used here. Those that can fail return a status or NULL. */
typedef void (*OrtGap)(void);
typedef void OrtStatus;

typedef struct {
    OrtGap gap0[2];
    const char *(*GetErrorMessage)(const OrtStatus *);                           /* 2 */
    OrtStatus *(*CreateEnv)(int, const char *, void **);                         /* 3 */
    OrtGap gap4[3];
    OrtStatus *(*CreateSession)(void *, const char *, void *, void **);          /* 7 */
    OrtStatus *(*CreateSessionFromArray)(void *, const void *, size_t, void *, void **);
    OrtStatus *(*Run)(void *, void *, const char *const *, void *const *, size_t,
                      const char *const *, size_t, void **);                     /* 9 */
    OrtStatus *(*CreateSessionOptions)(void **);                                 /* 10 */
    OrtGap gap11[13];
    OrtStatus *(*SetIntraOpNumThreads)(void *, int);                             /* 24 */
    OrtStatus *(*SetInterOpNumThreads)(void *, int);                             /* 25 */
    OrtGap gap26[4];
    OrtStatus *(*SessionGetInputCount)(const void *, size_t *);                  /* 30 */
    OrtStatus *(*SessionGetOutputCount)(const void *, size_t *);                 /* 31 */
    OrtGap gap32;
    OrtStatus *(*SessionGetInputTypeInfo)(const void *, size_t, void **);        /* 33 */
    OrtStatus *(*SessionGetOutputTypeInfo)(const void *, size_t, void **);       /* 34 */
    OrtGap gap35;
    OrtStatus *(*SessionGetInputName)(const void *, size_t, void *, char **);    /* 36 */
    OrtStatus *(*SessionGetOutputName)(const void *, size_t, void *, char **);   /* 37 */
    OrtGap gap38[11];
    OrtStatus *(*CreateTensorWithDataAsOrtValue)(const void *, void *, size_t, const int64_t *,
                                                 size_t, int, void **);          /* 49 */
    OrtStatus *(*IsTensor)(const void *, int *);                                 /* 50 */
    OrtStatus *(*GetTensorMutableData)(void *, void **);                         /* 51 */
    OrtGap gap52[3];
    OrtStatus *(*CastTypeInfoToTensorInfo)(const void *, const void **);         /* 55 */
    OrtGap gap56[4];
    OrtStatus *(*GetTensorElementType)(const void *, int *);                     /* 60 */
    OrtStatus *(*GetDimensionsCount)(const void *, size_t *);                    /* 61 */
    OrtStatus *(*GetDimensions)(const void *, int64_t *, size_t);                /* 62 */
    OrtGap gap63[2];
    OrtStatus *(*GetTensorTypeAndShape)(const void *, void **);                  /* 65 */
    OrtGap gap66[3];
    OrtStatus *(*CreateCpuMemoryInfo)(int, int, void **);                        /* 69 */
    OrtGap gap70[8];
    OrtStatus *(*GetAllocatorWithDefaultOptions)(void **);                       /* 78 */
    OrtGap gap79[15];
    void (*ReleaseMemoryInfo)(void *);                                           /* 94 */
    void (*ReleaseSession)(void *);                                              /* 95 */
    void (*ReleaseValue)(void *);                                                /* 96 */
    OrtGap gap97;
    void (*ReleaseTypeInfo)(void *);                                             /* 98 */
    void (*ReleaseTensorTypeAndShapeInfo)(void *);                               /* 99 */
    void (*ReleaseSessionOptions)(void *);                                       /* 100 */
} OrtApi;

_Static_assert(offsetof(OrtApi, GetTensorTypeAndShape) == 65 * sizeof(OrtGap), "OrtApi place 65");
_Static_assert(offsetof(OrtApi, ReleaseSessionOptions) == 100 * sizeof(OrtGap), "OrtApi place 100");

typedef struct {
    const OrtApi *(*GetApi)(uint32_t);
    const char *(*GetVersionString)(void);
} OrtApiBase;

enum { ORT_FATAL = 4, ORT_ARENA = 1, ORT_DEFAULT_MEMORY = 0 };
enum { SESSION, SETTINGS, MEMORY };

static const OrtApi *ort;
static OrtStatus *ort_ran_into;

static void ort_check(OrtStatus *status)
{
    if (status)
        fail("model", "ONNX Runtime: %.400s", ort->GetErrorMessage(status));
}

static const Type ORT_TYPES[] = {OTHER, F32,   U8,   I8,  U16, I16, I32,
                                 I64,   OTHER, BOOL, F16, F64, U32, U64};
enum { ORT_TYPE_COUNT = sizeof ORT_TYPES / sizeof *ORT_TYPES };

static Type ort_type(int code)
{
    return code >= 0 && code < ORT_TYPE_COUNT ? ORT_TYPES[code] : OTHER;
}

static int ort_code(Type type)
{
    int code = 0;
    while (code < ORT_TYPE_COUNT - 1 && ORT_TYPES[code] != type)
        code++;
    return code;
}

static void ort_open(const char *path)
{
    void *library = open_library(path);
    void *found = dlsym(library, "OrtGetApiBase");
    const OrtApiBase *(*base)(void);
    if (!found)
        fail("runtime", "OrtGetApiBase is missing in the library, which must be ONNX Runtime");
    memcpy(&base, &found, sizeof found);
    ort = base()->GetApi(1);
    if (!ort)
        fail("runtime", "ONNX Runtime %s has no C interface", base()->GetVersionString());
    if (ort->CreateEnv(ORT_FATAL, "edgehone", &environment))
        fail("runtime", "ONNX Runtime does not start");
    addf(&version, "onnxruntime %.100s", base()->GetVersionString());
}

/* Type and shape as a tensor's information says. */
static void ort_shape(Port *port, const void *tensor)
{
    int type = 0;
    ort_check(ort->GetTensorElementType(tensor, &type));
    port->type = ort_type(type);
    ort_check(ort->GetDimensionsCount(tensor, &port->rank));
    if (port->rank > MOST_DIMENSIONS)
        fail("model", "a tensor has %zu dimensions", port->rank);
    ort_check(ort->GetDimensions(tensor, port->shape, port->rank));
}

static void ort_port(Model *model, void *allocator, size_t index, bool input)
{
    void *session = model->handles[SESSION], *info = NULL;
    Port *port = input ? &model->in[index] : &model->out[index];
    size_t place = input ? index : model->ins + index;
    const void *tensor = NULL;
    char *name = NULL;
    ort_check((input ? ort->SessionGetInputName : ort->SessionGetOutputName)(session, index,
                                                                             allocator, &name));
    model->names[place] = name;
    ort_check((input ? ort->SessionGetInputTypeInfo
                     : ort->SessionGetOutputTypeInfo)(session, index, &info));
    ort_check(ort->CastTypeInfoToTensorInfo(info, &tensor));
    port->type = OTHER;
    if (tensor)
        ort_shape(port, tensor);
    ort->ReleaseTypeInfo(info);
    if (!input)
        return; /* outputs are what a run gives */
    for (size_t i = 0; i < port->rank; i++)
        port->shape[i] = port->shape[i] < 1 ? 1 : port->shape[i];
    size_port(port, "input");
    ort_check(ort->CreateTensorWithDataAsOrtValue(
        model->handles[MEMORY], port->data, port->count * TYPES[port->type].size, port->shape,
        port->rank, ort_code(port->type), &model->arguments[place]));
}

static void ort_load(Model *model, const char *path, const void *content, size_t size)
{
    void **handles = model->handles, *allocator = NULL;
    ort_check(ort->CreateSessionOptions(&handles[SETTINGS]));
    ort_check(ort->SetIntraOpNumThreads(handles[SETTINGS], model->threads));
    ort_check(ort->SetInterOpNumThreads(handles[SETTINGS], 1));
    ort_check(path ? ort->CreateSession(environment, path, handles[SETTINGS], &handles[SESSION])
                   : ort->CreateSessionFromArray(environment, content, size, handles[SETTINGS],
                                                 &handles[SESSION]));
    ort_check(ort->SessionGetInputCount(handles[SESSION], &model->ins));
    ort_check(ort->SessionGetOutputCount(handles[SESSION], &model->outs));
    ort_check(ort->GetAllocatorWithDefaultOptions(&allocator));
    ort_check(ort->CreateCpuMemoryInfo(ORT_ARENA, ORT_DEFAULT_MEMORY, &handles[MEMORY]));
    make_ports(model);
    for (size_t i = 0; i < model->ins; i++)
        ort_port(model, allocator, i, true);
    for (size_t i = 0; i < model->outs; i++)
        ort_port(model, allocator, i, false);
}

static void ort_fed(Model *model, size_t index)
{
    (void)model, (void)index; /* the runtime reads the port's own memory */
}

static bool ort_run(Model *model)
{
    ort_ran_into = ort->Run(model->handles[SESSION], NULL, model->names, model->arguments,
                            model->ins, model->names + model->ins, model->outs,
                            model->arguments + model->ins);
    return !ort_ran_into;
}

/* The last run's outputs go, so that the next one has room for its own. */
static void ort_ran(Model *model, bool fine)
{
    if (!fine)
        ort_check(ort_ran_into);
    for (size_t i = model->ins; i < model->ins + model->outs; i++) {
        ort->ReleaseValue(model->arguments[i]);
        model->arguments[i] = NULL;
    }
}

static void ort_fetch(Model *model, size_t index)
{
    void *value = model->arguments[model->ins + index], *info = NULL, *memory = NULL;
    Port *port = &model->out[index];
    int tensor = 0;
    ort_check(ort->IsTensor(value, &tensor));
    if (!tensor)
        fail("model", "an output is no tensor");
    ort_check(ort->GetTensorTypeAndShape(value, &info));
    ort_shape(port, info);
    ort->ReleaseTensorTypeAndShapeInfo(info);
    free(port->data);
    port->data = NULL;
    size_port(port, "output");
    ort_check(ort->GetTensorMutableData(value, &memory));
    memcpy(port->data, memory, port->count * TYPES[port->type].size);
}

static void ort_drop(Model *model)
{
    for (size_t i = 0; i < model->ins + model->outs; i++)
        ort->ReleaseValue(model->arguments[i]);
    ort->ReleaseMemoryInfo(model->handles[MEMORY]);
    ort->ReleaseSession(model->handles[SESSION]);
    ort->ReleaseSessionOptions(model->handles[SETTINGS]);
    free_ports(model);
}

static const Runtime RUNTIMES[] = {
    {"litert", litert_open, litert_load, litert_fed, litert_run, litert_ran, litert_fetch,
     litert_drop},
    {"onnxruntime", ort_open, ort_load, ort_fed, ort_run, ort_ran, ort_fetch, ort_drop},
};
enum { RUNTIME_COUNT = sizeof RUNTIMES / sizeof *RUNTIMES };

/* ------------------------------------------------------------ in a job's process: the jobs */

typedef struct {
    const char *id, *kind, *model, *library; /* kind: NULL for the program's own question */
    const Value *table; /* what the request says of it */
    const Value *cores;
    const Runtime *runtime; /* NULL: none of that name is known */
    int threads;
    bool plain;
    uint64_t seed;
    double warmup_s, minimum_s, limit_s, alive_s;
    size_t minimum_count;
    const size_t *todo; /* prices: indices of models, in the order they are timed */
    size_t todo_count;
} Job;

typedef struct {
    int64_t *ns;
    size_t count, room, runs; /* runs: with those that were not kept */
    unsigned halvings;
} Samples;

/* SplitMix64 (Steele, Lea and Flood 2014), as a fraction in [0, 1). */
static double fraction(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* What the request says that an input can take: the entry of its name, or else of its place. */
static const Value *known_range(const Model *model, const Value *ranges, size_t index)
{
    const Value *found = &absent, *entry = ranges->kind == LIST ? ranges->first : NULL;
    for (size_t i = 0; entry; entry = entry->next, i++) {
        const char *name = text_of(get(entry, "name"), "");
        if (model->names[index] && strcmp(name, model->names[index]) == 0)
            return entry;
        if (i == index)
            found = entry;
    }
    return found;
}

/* The next entry of a list of numbers, from the first again after the last; 0 of none. */
static double next_of(const Value *list, const Value **at)
{
    *at = *at && (*at)->next ? (*at)->next : list->first;
    return *at ? number_of(*at, -1e300, 1e300, 0) : 0;
}

static void feed_within(Port *port, const Value *known, uint64_t *seed)
{
    const Value *lows = get(known, "low"), *highs = get(known, "high"), *low = NULL, *high = NULL;
    for (size_t k = 0; k < port->count; k++) {
        double least = next_of(lows, &low), most = next_of(highs, &high), part = fraction(seed);
        bool whole = is_integer(port->type);
        double value = least + part * (most - least + (whole ? 1 : 0));
        put_element(port->type, port->data, k, whole ? fmin(floor(value), most) : value);
    }
}

/* Over the range of the type, or from 0 to 1 where it is not quantized. */
static void feed_spread(Port *port, uint64_t *seed)
{
    bool ranged = is_integer(port->type) && port->scale != 0;
    double low = ranged ? TYPES[port->type].low : 0;
    double high = ranged ? TYPES[port->type].high : 1;
    for (size_t k = 0; k < port->count; k++) {
        double value = low + fraction(seed) * (high - low);
        put_element(port->type, port->data, k, is_integer(port->type) ? rint(value) : value);
    }
}

static void feed_sample(Model *model, const char *path);

/* Fill every input: with the job's sample, or with fixed random numbers that it can take. */
static void feed(Model *model, const Job *job)
{
    const char *sample = text_of(get(job->table, "sample"), "");
    uint64_t seed = job->seed;
    if (*sample) {
        feed_sample(model, sample);
        return;
    }
    for (size_t i = 0; i < model->ins; i++) {
        const Value *known = known_range(model, get(job->table, "ranges"), i);
        if (known->kind == TABLE)
            feed_within(&model->in[i], known, &seed);
        else
            feed_spread(&model->in[i], &seed);
        model->runtime->fed(model, i);
    }
}

static void prepare(Model *model, const Job *job)
{
    *model = (Model){.runtime = job->runtime, .threads = job->threads, .plain = job->plain};
}

static void load_file(Model *model, const Job *job)
{
    if (access(job->model, R_OK) != 0)
        fail("model", "%.300s cannot be read: %s", job->model, strerror(errno));
    prepare(model, job);
    job->runtime->load(model, job->model, NULL, 0);
}

static void infer(Model *model)
{
    model->runtime->ran(model, model->runtime->run(model));
}

/* Keep a time, or every second, fourth, ... one where there are more than MOST_SAMPLES. */
static void keep_sample(Samples *samples, int64_t ns)
{
    if (samples->runs++ % ((size_t)1 << samples->halvings))
        return;
    if (samples->count == samples->room) {
        size_t room = 2 * samples->room + 4096;
        int64_t *more = realloc(samples->ns, room * sizeof *more);
        if (!more)
            fail("model", "out of memory");
        samples->ns = more;
        samples->room = room;
    }
    samples->ns[samples->count++] = ns;
    if (samples->count == MOST_SAMPLES) {
        samples->count /= 2;
        samples->halvings++;
        for (size_t i = 1; i < samples->count; i++)
            samples->ns[i] = samples->ns[2 * i];
    }
}

/* ---- signs of life, between inferences and never beside one that is timed: each is answered once
   the parent has passed it on, so that both are at rest again before the next inference */

static struct {
    int64_t every_ns, due_ns, slowest_ns; /* every_ns: 0 where none are asked for */
    int answers;                          /* where the parent answers */
} breath = {.due_ns = INT64_MAX};

/* Tell that a step took so long, and when the next sign comes at the latest. hush: from here on
   inferences are timed, and nobody else is to do anything. */
static void breathe(int64_t took_ns, bool hush)
{
    Text text = {0};
    char answer;
    if (took_ns > breath.slowest_ns)
        breath.slowest_ns = took_ns;
    if (!breath.every_ns)
        return;
    addf(&text, "S%.3f %d", BREATH_S + SLOWER * (double)breath.slowest_ns / 1e9, hush);
    tell(&text);
    while (read(breath.answers, &answer, 1) < 0)
        if (errno != EINTR)
            _exit(1);
    breath.due_ns = now_ns() + breath.every_ns;
}

/* One of many steps that nobody times is done. */
static void breathe_between(int64_t began_ns)
{
    int64_t now = now_ns();
    if (now >= breath.due_ns || breath.due_ns == INT64_MAX)
        breathe(now - began_ns, false);
    else if (now - began_ns > breath.slowest_ns)
        breath.slowest_ns = now - began_ns;
}

/* Run until both minima are reached; nanoseconds of every inference. After a sign of life, one is
   not kept: it finds a processor that has rested. */
static void spin(Model *model, double minimum_s, size_t minimum_count, Samples *samples)
{
    int64_t stop = after(minimum_s), end = 0;
    while (end < stop || samples->runs < minimum_count) {
        int64_t began = now_ns();
        bool fine = model->runtime->run(model);
        end = now_ns();
        model->runtime->ran(model, fine);
        keep_sample(samples, end - began);
        if (end >= breath.due_ns) {
            breathe(end - began, true);
            infer(model);
        }
    }
}

/* How long this process was ready to run and did not, since it began; -1 if untold. */
static int64_t run_queue_ns(void)
{
    char line[128];
    long long waited = -1;
    if (small_text("/proc/self/schedstat", line, sizeof line))
        sscanf(line, "%*s %lld %*s", &waited);
    return waited;
}

static void latency_job(const Job *job)
{
    Model model;
    Samples samples = {0}, warm = {0};
    Text text = {0};
    int64_t began = now_ns();
    load_file(&model, job);
    int64_t init = now_ns() - began;
    feed(&model, job);
    spin(&model, 0, 1, &warm);
    int64_t cold = warm.ns[0];
    breathe(cold, true);
    spin(&model, job->warmup_s, 0, &warm);
    int64_t waited = run_queue_ns();
    began = now_ns();
    spin(&model, job->minimum_s, job->minimum_count, &samples);
    int64_t took = now_ns() - began;
    addf(&text, "R\"init_ns\":%lld,\"cold_ns\":%lld,\"samples_ns\":[", (long long)init,
         (long long)cold);
    size_t stride = (samples.count + KEPT_SAMPLES - 1) / KEPT_SAMPLES;
    for (size_t i = 0; i < samples.count; i += stride)
        addf(&text, "%s%lld", i ? "," : "", (long long)samples.ns[i]);
    addf(&text, "],\"runs\":%zu,\"waited\":", samples.runs);
    double share = waited < 0 ? NAN : (double)(run_queue_ns() - waited) / (double)took;
    add_number(&text, "%.6f", share < 0 ? 0 : share);
    tell(&text);
}

/* A size from this process's status, in bytes; -1 where the system has none. */
static long long status_bytes(const char *key)
{
    Text status = {0};
    long long kib = -1;
    if (read_file("/proc/self/status", 1 << 16, &status)) {
        const char *found = strstr(plain(&status), key);
        if (found)
            sscanf(found + strlen(key), ": %lld", &kib);
    }
    free(status.data);
    return kib < 0 ? -1 : kib * 1024;
}

static long long peak_by_usage(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (long long)usage.ru_maxrss * 1024;
}

/* Reset the kernel's record of the highest resident size; false where that cannot be done. */
static bool clear_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    bool fine = file >= 0 && write(file, "5", 1) == 1;
    if (file >= 0)
        close(file);
    return fine && status_bytes("VmHWM") >= 0;
}

/* Bring the libraries' pages into memory first, or they would count as the model's. */
static void touch_libraries(void)
{
    Text maps = {0};
    long page = sysconf(_SC_PAGESIZE);
    unsigned char sum = 0;
    if (!read_file("/proc/self/maps", 1 << 24, &maps))
        return;
    for (char *line = strtok(maps.data, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long long low, high;
        char mode[8];
        if (sscanf(line, "%llx-%llx %7s", &low, &high, mode) != 3 || mode[0] != 'r' ||
            !strstr(line, ".so"))
            continue;
        for (; low < high; low += (unsigned long long)page)
            sum ^= *(const volatile unsigned char *)(uintptr_t)low;
    }
    (void)sum;
    free(maps.data);
}

/* The resident size now. */
static long long resident_bytes(void)
{
    long long found = status_bytes("VmRSS");
    return found < 0 ? peak_by_usage() : found;
}

static long long larger(long long one, long long other)
{
    return one > other ? one : other;
}

static void memory_job(const Job *job)
{
    Model model;
    Text text = {0};
    touch_libraries();
    bool cleared = clear_peak();
    long long before = resident_bytes();
    load_file(&model, job);
    long long loaded = larger(resident_bytes() - before, 0);
    feed(&model, job);
    for (int i = 0; i < 5; i++)
        infer(&model);
    long long steady = larger(resident_bytes() - before, 0);
    long long process = cleared ? status_bytes("VmHWM") : peak_by_usage();
    long long peak = larger(process - before, larger(loaded, steady));
    addf(&text, "R\"peak\":%lld,\"model\":%lld,\"steady\":%lld,\"process\":%lld,\"how\":\"%s\"",
         peak, loaded, steady, process, cleared ? "VmHWM" : "getrusage");
    tell(&text);
}

/* ---- .npy files (NumPy's NEP 1), float32 in C order */

typedef struct {
    FILE *file;
    size_t rank, samples, count; /* count: elements of one sample */
    int64_t shape[MOST_DIMENSIONS + 1];
} Data;

/* What follows a key in the header, without blanks; NULL when the key is missing. */
static const char *npy_field(const char *header, const char *key)
{
    const char *found = strstr(header, key);
    if (!found)
        return NULL;
    found += strlen(key);
    return found + strspn(found, " :");
}

static bool read_shape(const char *at, Data *data)
{
    if (!at || *at++ != '(')
        return false;
    for (;;) {
        char *end;
        at += strspn(at, " ,");
        if (*at == ')')
            return true;
        errno = 0;
        long long side = strtoll(at, &end, 10);
        if (end == at || side < 0 || errno || data->rank > MOST_DIMENSIONS)
            return false;
        data->shape[data->rank++] = side;
        at = end;
    }
}

static Data open_data(const char *path)
{
    Data data = {.file = fopen(path, "rbe"), .count = 1};
    unsigned char start[12] = {0};
    struct stat info;
    if (!data.file || fstat(fileno(data.file), &info) != 0)
        fail("model", "%.200s cannot be read: %s", path, strerror(errno));
    size_t got = fread(start, 1, 10, data.file), size = start[8] | (size_t)start[9] << 8;
    if (got != 10 || memcmp(start, "\x93NUMPY", 6) != 0)
        fail("model", "%.200s is no .npy file", path);
    if (start[6] > 1 && fread(start + 10, 1, 2, data.file) == 2)
        size |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    char *header = size < 1 << 20 ? fresh(size + 1, 1) : NULL;
    if (!header || fread(header, 1, size, data.file) != size)
        fail("model", "%.200s is no .npy file", path);
    const char *type = npy_field(header, "'descr'"), *order = npy_field(header, "'fortran_order'");
    if (!type || strncmp(type, "'<f4'", 5) != 0 || !order || strncmp(order, "False", 5) != 0)
        fail("model", "%.200s must hold float32 numbers in C order", path);
    if (!read_shape(npy_field(header, "'shape'"), &data) || !data.rank)
        fail("model", "%.200s has no shape of samples", path);
    free(header);
    data.samples = (size_t)data.shape[0];
    for (size_t i = 1; i < data.rank; i++) {
        if (data.shape[i] && data.count > MOST_ELEMENTS / (size_t)data.shape[i])
            fail("model", "%.200s has samples larger than any memory", path);
        data.count *= (size_t)data.shape[i];
    }
    off_t room = info.st_size - ftello(data.file);
    if (data.count && data.samples > (size_t)room / sizeof(float) / data.count)
        fail("model", "%.200s is cut short", path);
    return data;
}

static void name_shape(Text *text, const int64_t *shape, size_t rank)
{
    add(text, "[");
    for (size_t i = 0; i < rank; i++)
        addf(text, "%s%lld", i ? ", " : "", (long long)shape[i]);
    add(text, "]");
}

/* Sides of 1 apart, samples must have the shape of the model's input. */
static void check_shape(const Port *port, const Data *data)
{
    size_t i = 0, k = 1;
    for (;;) {
        while (i < port->rank && port->shape[i] == 1)
            i++;
        while (k < data->rank && data->shape[k] == 1)
            k++;
        if (i == port->rank || k == data->rank)
            break;
        if (port->shape[i] != data->shape[k])
            break;
        i++, k++;
    }
    if (i == port->rank && k == data->rank)
        return;
    Text takes = {0}, is = {0};
    name_shape(&takes, port->shape, port->rank);
    name_shape(&is, data->shape + 1, data->rank - 1);
    fail("model", "the model takes %s, the data is %s", plain(&takes), plain(&is));
}

static void make_folders(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        mkdir(copy, 0777);
        *at = '/';
    }
}

/* The header of version 1.0: its length is a multiple of 64. A leading side of 1 is left out. */
static void write_npy_header(FILE *file, size_t samples, const Port *port)
{
    Text text = {0};
    size_t skipped = port->rank && port->shape[0] == 1;
    addf(&text, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu,", samples);
    for (size_t i = skipped; i < port->rank; i++)
        addf(&text, " %lld,", (long long)port->shape[i]);
    add(&text, "), }");
    while ((10 + text.size + 1) % 64)
        add(&text, " ");
    add(&text, "\n");
    unsigned char start[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)text.size,
                             (unsigned char)(text.size >> 8)};
    fwrite(start, 1, sizeof start, file);
    fwrite(text.data, 1, text.size, file);
    free(text.data);
}

static void put_sample(Model *model, const float *sample)
{
    Port *in = &model->in[0];
    for (size_t i = 0; i < in->count; i++)
        put_element(in->type, in->data, i, quantized(in, sample[i]));
    model->runtime->fed(model, 0);
}

static void read_sample(Data *data, float *sample)
{
    if (fread(sample, sizeof *sample, data->count, data->file) != data->count)
        fail("model", "the data is cut short");
}

/* Samples for a model of one input. */
static Data samples_for(const Model *model, const char *path)
{
    if (model->ins != 1)
        fail("model", "%zu inputs, but data has one", model->ins);
    Data data = open_data(path);
    check_shape(&model->in[0], &data);
    if (!data.samples)
        fail("model", "the data has no samples");
    return data;
}

static void feed_sample(Model *model, const char *path)
{
    Data data = samples_for(model, path);
    float *sample = fresh(data.count, sizeof *sample);
    read_sample(&data, sample);
    put_sample(model, sample);
    free(sample);
    fclose(data.file);
}

/* One sample in, one answer out, as real numbers. */
static void answer_sample(Model *model, const float *sample, FILE *file, size_t samples, bool first)
{
    Port *out = &model->out[0];
    size_t before = out->count;
    put_sample(model, sample);
    bool fine = model->runtime->run(model);
    if (!fine)
        model->runtime->ran(model, fine);
    model->runtime->fetch(model, 0);
    if (first)
        write_npy_header(file, samples, out);
    else if (out->count != before)
        fail("model", "its answers differ in shape");
    for (size_t i = 0; i < out->count; i++) {
        float value = real(out, element(out->type, out->data, i));
        fwrite(&value, sizeof value, 1, file);
    }
    model->runtime->ran(model, fine);
}

static void outputs_job(const Job *job)
{
    Model model;
    Text partial = {0}, text = {0};
    const char *outputs = text_of(get(job->table, "outputs"), "");
    load_file(&model, job);
    if (model.ins != 1 || model.outs != 1)
        fail("model", "%zu inputs and %zu outputs, but data has one of each", model.ins,
             model.outs);
    Data data = samples_for(&model, text_of(get(job->table, "inputs"), ""));
    make_folders(outputs);
    add(&partial, outputs);
    add(&partial, ".part.npy");
    FILE *file = fopen(partial.data, "wbe");
    if (!file)
        fail("runtime", "%.200s cannot be written: %s", outputs, strerror(errno));
    float *sample = fresh(data.count, sizeof *sample);
    for (size_t i = 0; i < data.samples; i++) {
        int64_t began = now_ns();
        read_sample(&data, sample);
        answer_sample(&model, sample, file, data.samples, i == 0);
        breathe_between(began);
    }
    bool wrote = !ferror(file);
    if (fclose(file) != 0 || !wrote || rename(partial.data, outputs) != 0) {
        int reason = errno;
        unlink(partial.data);
        fail("runtime", "%.200s cannot be written: %s", outputs, strerror(reason));
    }
    addf(&text, "R\"n\":%zu", data.samples);
    tell(&text);
}

/* ---- .zip archives whose members are stored as they are (PKWARE's APPNOTE, 4.3) */

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
    size_t end = archive.size - 22, furthest = end > 65535 ? end - 65535 : 0;
    while (end > furthest && little(&archive, end, 4) != 0x06054B50)
        end--;
    if (little(&archive, end, 4) != 0x06054B50)
        fail("archive", "%.200s is no archive", path);
    archive.entries = little(&archive, end + 10, 2);
    archive.directory = little(&archive, end + 16, 4);
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

static const char *entry_text(const Value *list, size_t index)
{
    const Value *entry = list->first;
    while (entry && index--)
        entry = entry->next;
    return entry ? text_of(entry, "") : "";
}

/* Whether prices are to be instructions instead of times. */
static bool counted(const Job *job)
{
    return get(job->table, "count")->kind == TRUE;
}

static const char *counts_file(void)
{
    const char *path = getenv("EDGEHONE_COUNTS");
    if (!path || !*path)
        fail("runtime", "instructions are counted by an emulator only (EDGEHONE_COUNTS)");
    return path;
}

/* Run a model with a mark before and after it, 2i and 2i + 1. */
static void infer_marked(Model *model, size_t i)
{
    syscall(SYS_getpriority, MARK, (long)(2 * i));
    bool fine = model->runtime->run(model);
    syscall(SYS_getpriority, MARK, (long)(2 * i + 1));
    model->runtime->ran(model, fine);
}

/* Instructions between this process's marks 2i and 2i + 1, for i from `first` on, as an emulator
   has written them. */
static long long *read_counts(const char *path, size_t first, size_t runs)
{
    Text content = {0};
    long long *counts = fresh(2 * runs, sizeof *counts);
    size_t found = 0;
    if (!read_file(path, 1 << 28, &content))
        fail("runtime", "the counts in %.200s cannot be read", path);
    for (char *line = strtok(content.data, "\n"); line; line = strtok(NULL, "\n")) {
        long long process, mark, count;
        if (sscanf(line, "%lld %lld %lld", &process, &mark, &count) != 3 || process != getpid())
            continue;
        mark -= 2 * (long long)first;
        if (mark < 0 || (unsigned long long)mark >= 2 * runs)
            continue;
        counts[mark] = count;
        found++;
    }
    free(content.data);
    if (found != 2 * runs)
        fail("runtime", "the emulator counted %zu of %zu marks", found, 2 * runs);
    for (size_t i = 0; i < runs; i++)
        counts[i] = counts[2 * i + 1] - counts[2 * i];
    return counts;
}

/* What a runtime does but once is done: some of it in the second inference, or the third. */
static void settle(Model *model)
{
    for (int i = 0; i < UNCOUNTED; i++)
        infer(model);
}

/* The first inference, after which others are timed. */
static void begin(Model *model)
{
    int64_t began = now_ns();
    infer(model);
    breath.slowest_ns = 0;
    breathe(now_ns() - began, true);
}

/* Time one model of an archive in nanoseconds, or count its instructions; false and `failure` when
   it cannot be. step: which in this process. */
static bool price(const Job *job, const Archive *archive, size_t step, int64_t *found)
{
    jmp_buf failed;
    Model model;
    Samples warm = {0}, samples = {0};
    size_t size = 0;
    instead = &failed;
    if (setjmp(failed)) {
        instead = NULL;
        return false; /* what was half loaded is left as it is: the process does not live long */
    }
    const char *name = entry_text(get(job->table, "models"), job->todo[step]);
    void *content = read_member(archive, name, &size);
    prepare(&model, job);
    job->runtime->load(&model, NULL, content, size);
    feed(&model, job);
    if (counted(job)) {
        settle(&model);
        infer_marked(&model, step);
        long long *counts = read_counts(counts_file(), step, 1);
        *found = counts[0];
        free(counts);
    } else {
        begin(&model);
        spin(&model, job->warmup_s, 0, &warm);
        spin(&model, job->minimum_s, job->minimum_count, &samples);
        *found = median_ns(samples.ns, samples.count);
    }
    job->runtime->drop(&model);
    free(content);
    free(warm.ns);
    free(samples.ns);
    instead = NULL;
    return true;
}

/* Messages: "B step" as a step is begun, then "P index price" or "E index error". */
static void prices_job(const Job *job)
{
    Archive archive = open_archive(text_of(get(job->table, "archive"), ""));
    if (counted(job))
        counts_file();
    for (size_t step = 0; step < job->todo_count; step++) {
        Text text = {0};
        int64_t found = 0;
        addf(&text, "B%zu", step);
        tell(&text);
        if (price(job, &archive, step, &found))
            addf(&text, "P%zu %lld", job->todo[step], (long long)found);
        else
            addf(&text, "E%zu %s", job->todo[step], failure);
        tell(&text);
    }
}

static void instructions_job(const Job *job)
{
    const char *path = counts_file();
    size_t runs = (size_t)number_of(get(job->table, "runs"), 1, 1e6, 1);
    Model model;
    Text text = {0};
    load_file(&model, job);
    feed(&model, job);
    settle(&model);
    for (size_t i = 0; i < runs; i++)
        infer_marked(&model, i);
    long long *counts = read_counts(path, 0, runs);
    add(&text, "R\"instructions\":[");
    for (size_t i = 0; i < runs; i++)
        addf(&text, "%s%lld", i ? "," : "", counts[i]);
    add(&text, "]");
    tell(&text);
}

static const struct {
    const char *name;
    void (*run)(const Job *);
} KINDS[] = {
    {"latency", latency_job},           {"memory", memory_job},   {"outputs", outputs_job},
    {"prices", prices_job},             {"instructions", instructions_job},
};

static void pin(const Value *cores)
{
    cpu_set_t found;
    Text lacking = {0};
    int count = usable_cores(cores, &found, &lacking);
    if (lacking.size)
        fail("runtime", "processors %.200s are not there or may not be used", lacking.data);
    if (count && sched_setaffinity(0, sizeof found, &found) != 0)
        fail("runtime", "it cannot be pinned to the processors: %s", strerror(errno));
}

/* Tell that a job is done, and leave without any clean-up. */
static _Noreturn void finish(void)
{
    Text text = {0};
    add(&text, "D");
    tell(&text);
    _exit(0);
}

/* The fresh process: do the job, or without a kind tell the runtime's version. */
static _Noreturn void work(const Job *job)
{
    pin(job->cores);
    if (!job->runtime)
        fail("runtime", "no runtime %.200s is known here",
             text_of(get(job->table, "runtime"), ""));
    if (!*job->library)
        fail("runtime", "no library of %s was brought", job->runtime->name);
    job->runtime->open(job->library);
    if (!job->kind) {
        Text text = {0};
        addf(&text, "R%s", plain(&version));
        tell(&text);
        finish();
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(job->kind, KINDS[i].name) == 0) {
            KINDS[i].run(job);
            finish();
        }
    fail("runtime", "no jobs of kind %.200s are known here", job->kind);
}

/* ------------------------------------------------------------ one process per job */

typedef struct {
    char cause[16];          /* "": it was done */
    Text error, fields;      /* fields: of the result, as JSON */
    Text noise;              /* the last line of what a runtime printed that tells of an error */
    Text line, printed;      /* what has come so far of the next message, and of the next line */
    int64_t next_sign_ns;    /* when the job's next sign of life is due; 0: none was promised */
    int answers;             /* where its signs are answered */
    bool done;
    void (*heard)(void *context, char *message);
    void *context;
} Outcome;

static void conclude(Outcome *outcome, const char *cause, const char *error)
{
    snprintf(outcome->cause, sizeof outcome->cause, "%s", cause);
    outcome->error.size = 0;
    add(&outcome->error, error);
    outcome->done = true;
}

/* A job's sign of life: pass it on, then let the job go on. */
static void pass_on(Outcome *outcome, const char *message)
{
    char *rest;
    double within_s = strtod(message, &rest);
    here.hushed = strtol(rest, NULL, 10) != 0;
    say_alive(within_s);
    outcome->next_sign_ns = after(within_s);
    while (write(outcome->answers, "\n", 1) < 0 && errno == EINTR)
        continue;
}

static void take_message(Outcome *outcome, char *message)
{
    char *space;
    if (message[0] == 'S') {
        pass_on(outcome, message + 1);
        return;
    }
    here.hushed = false;
    outcome->next_sign_ns = 0;
    switch (message[0]) {
    case 'R':
        outcome->fields.size = 0;
        add(&outcome->fields, message + 1);
        break;
    case 'D':
        outcome->done = true;
        break;
    case 'X':
        space = strchr(message, ' ');
        if (space) {
            *space = 0;
            conclude(outcome, message + 1, space + 1);
        }
        break;
    default:
        if (outcome->heard)
            outcome->heard(outcome->context, message);
    }
}

/* A line that a runtime printed: passed on, if that does not block, and kept if it is an error. */
static void take_noise(Outcome *outcome, char *line)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    size_t size = strnlen(line, 500);
    for (char *at = line; *at; at++)
        if (!isprint((unsigned char)*at))
            *at = '?';
    if (strncmp(line, "ERROR", 5) == 0) {
        outcome->noise.size = 0;
        char *text = strstr(line, "] ") ? strstr(line, "] ") + 2 : line;
        add_bytes(&outcome->noise, text, strnlen(text, 300));
    }
    if (strncmp(line, "INFO", 4) == 0 || strncmp(line, "WARNING", 7) == 0)
        return;
    if (poll(&out, 1, 0) == 1 && out.revents == POLLOUT)
        dprintf(STDERR_FILENO, "%.*s\n", (int)size, line);
}

/* Read what a pipe holds; whole lines are taken. False once it is closed. */
static bool take(int pipe, Text *rest, void (*taken)(Outcome *, char *), Outcome *outcome)
{
    char part[4096];
    ssize_t size = read(pipe, part, sizeof part);
    if (size <= 0)
        return size < 0 && (errno == EAGAIN || errno == EINTR);
    for (ssize_t i = 0; i < size; i++) {
        if (part[i] != '\n') {
            if (rest->size < LARGEST_MESSAGE)
                add_bytes(rest, &part[i], 1);
            continue;
        }
        if (rest->size)
            taken(outcome, rest->data);
        rest->size = 0;
    }
    return true;
}

static bool child_is_stopped(void)
{
    siginfo_t info = {0};
    waitid(P_PID, (id_t)here.child, &info, WSTOPPED | WNOHANG | WNOWAIT);
    return info.si_pid != 0;
}

/* Until the job is done, its process is gone, stopped or without a sign of life, or the time is
   up. */
static void listen_to_job(Outcome *outcome, int messages, int noise, int64_t until)
{
    struct pollfd in[2] = {{.fd = messages, .events = POLLIN}, {.fd = noise, .events = POLLIN}};
    int stopped = 0;
    while (!outcome->done) {
        int64_t sign = outcome->next_sign_ns ? outcome->next_sign_ns : INT64_MAX;
        if (now_ns() >= until) {
            conclude(outcome, "time", "the time limit was reached");
            return;
        }
        if (now_ns() >= sign) {
            conclude(outcome, "time", "it hangs: an inference never came to its end");
            return;
        }
        if (stopped > 2) {
            conclude(outcome, "crash", "its process was stopped (signal 19)");
            kill(here.child, SIGKILL);
            return;
        }
        int64_t look = here.hushed ? INT64_MAX : after(LOOK_S);
        if (!attend(in, 2, earlier(earlier(until, sign), look))) {
            stopped = child_is_stopped() ? stopped + 1 : 0;
            continue;
        }
        if (in[1].revents && !take(noise, &outcome->printed, take_noise, outcome))
            in[1].fd = -1;
        if (in[0].revents && !take(messages, &outcome->line, take_message, outcome))
            break;
    }
    while (in[1].fd >= 0 && poll(&in[1], 1, 0) == 1 &&
           take(noise, &outcome->printed, take_noise, outcome) && now_ns() < until)
        continue;
}

static void name_ending(Outcome *outcome, int status)
{
    char how[64];
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "the runtime crashed (signal %d)", WTERMSIG(status));
    else
        snprintf(how, sizeof how, "the runtime crashed (exit code %d)", WEXITSTATUS(status));
    conclude(outcome, "crash", how);
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static bool make_pipes(int messages[2], int noise[2], int answers[2])
{
    if (pipe2(messages, O_CLOEXEC) != 0)
        return false;
    if (pipe2(noise, O_CLOEXEC) == 0) {
        if (pipe2(answers, O_CLOEXEC) == 0)
            return true;
        close_both(noise);
    }
    close_both(messages);
    return false;
}

static bool start_job(const Job *job, int messages[2], int noise[2], int answers[2])
{
    if (!make_pipes(messages, noise, answers))
        return false;
    here.child = fork();
    if (here.child == 0) {
        become_child();
        results = messages[1];
        breath.answers = answers[0];
        breath.every_ns = (int64_t)(job->alive_s * 1e9);
        close(answers[1]);
        dup2(noise[1], STDOUT_FILENO); /* what a runtime prints must not get between the answers */
        dup2(noise[1], STDERR_FILENO);
        dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
        work(job);
    }
    close(messages[1]);
    close(noise[1]);
    close(answers[0]);
    if (here.child > 0) {
        setpgid(here.child, here.child);
        return true;
    }
    here.child = 0;
    close(messages[0]);
    close(noise[0]);
    close(answers[1]);
    return false;
}

/* Run one job in a process of its own; its result, or why there is none, stands in `outcome`. */
static void run_job(const Job *job, Outcome *outcome)
{
    int messages[2], noise[2], answers[2], status = 0;
    int64_t until = earlier(here.deadline_ns, after(job->limit_s));
    if (now_ns() >= here.deadline_ns) {
        conclude(outcome, "time", "the time limit was reached before its turn");
        return;
    }
    if (!start_job(job, messages, noise, answers)) {
        conclude(outcome, "crash", "no process can be started");
        return;
    }
    outcome->answers = answers[1];
    listen_to_job(outcome, messages[0], noise[0], until);
    here.hushed = false;
    reap(strcmp(outcome->cause, "time") == 0 ? 0 : COMMAND_S, &status);
    if (!outcome->done)
        name_ending(outcome, status);
    if (strcmp(outcome->cause, "archive") == 0)
        conclude(outcome, "model", plain(&outcome->error));
    if (strcmp(outcome->cause, "model") == 0 && outcome->noise.size)
        addf(&outcome->error, ": %s", plain(&outcome->noise));
    close(messages[0]);
    close(noise[0]);
    close(answers[1]);
}

static void drop_outcome(Outcome *outcome)
{
    free(outcome->error.data);
    free(outcome->fields.data);
    free(outcome->noise.data);
    free(outcome->line.data);
    free(outcome->printed.data);
}

static void add_error(Text *text, const char *cause, const char *error)
{
    add(text, "\"error\":");
    add_quoted(text, error, 500);
    addf(text, ",\"cause\":\"%s\"", cause);
}

/* ---- prices: after a crash the rest goes on without the one at fault */

typedef struct {
    int64_t *passes_ns; /* (models, passes); of one pass, instructions where those are counted */
    bool counted;
    size_t *done;       /* passes, of each model */
    char **errors;
    size_t models, passes;
    size_t *todo, todo_count, total;
    long begun; /* the step that runs; -1: none yet */
    int64_t told_ns;
    const char *id;
} PriceList;

static PriceList new_price_list(const Job *job)
{
    const Value *models = get(job->table, "models");
    PriceList list = {.models = models->kind == LIST ? models->count : 0, .id = job->id};
    list.counted = counted(job);
    list.passes = list.counted ? 1 : (size_t)number_of(get(job->table, "passes"), 1, 1e6, 1);
    list.passes_ns = fresh(list.models * list.passes, sizeof *list.passes_ns);
    list.done = fresh(list.models, sizeof *list.done);
    list.errors = fresh(list.models, sizeof *list.errors);
    list.todo = fresh(list.models * list.passes, sizeof *list.todo);
    for (size_t pass = 0; pass < list.passes; pass++)
        for (size_t i = 0; i < list.models; i++)
            list.todo[list.todo_count++] = pass % 2 ? list.models - 1 - i : i;
    list.total = list.todo_count;
    list.told_ns = now_ns();
    return list;
}

static void tell_progress(PriceList *list)
{
    Text line = {0};
    if (seconds_since(list->told_ns) < 0.5)
        return;
    list->told_ns = now_ns();
    add(&line, "{\"event\":\"progress\",\"job\":");
    add_name(&line, list->id);
    addf(&line, ",\"done\":%zu,\"total\":%zu}",
         list->total - list->todo_count + (size_t)list->begun, list->total);
    say(&line);
}

static void blame(PriceList *list, size_t model, const char *error)
{
    if (model < list->models && !list->errors[model])
        list->errors[model] = strndup(error, 500);
}

static void hear_price(void *context, char *message)
{
    PriceList *list = context;
    char *rest;
    size_t number = strtoull(message + 1, &rest, 10);
    if (message[0] == 'B' && number < list->todo_count) {
        list->begun = (long)number;
        tell_progress(list);
    } else if (message[0] == 'E') {
        blame(list, number, *rest ? rest + 1 : "");
    } else if (message[0] == 'P' && number < list->models && list->done[number] < list->passes) {
        list->passes_ns[number * list->passes + list->done[number]++] = strtoll(rest, NULL, 10);
    }
}

/* Go on after the step that ran, without the model at fault. */
static void leave_out(PriceList *list, size_t culprit)
{
    size_t kept = 0;
    for (size_t i = (size_t)list->begun; i < list->todo_count; i++)
        if (list->todo[i] != culprit)
            list->todo[kept++] = list->todo[i];
    list->todo_count = kept;
}

static void add_prices(Text *text, const PriceList *list)
{
    add(text, "\"prices\":[");
    for (size_t i = 0; i < list->models; i++) {
        add(text, i ? ",{" : "{");
        if (list->errors[i]) {
            add(text, "\"error\":");
            add_quoted(text, list->errors[i], 500);
        } else if (list->counted) {
            addf(text, "\"instructions\":%lld", (long long)list->passes_ns[i]);
        } else {
            add(text, "\"passes_ns\":[");
            for (size_t pass = 0; pass < list->done[i]; pass++)
                addf(text, "%s%lld", pass ? "," : "",
                     (long long)list->passes_ns[i * list->passes + pass]);
            add(text, "]");
        }
        add(text, "}");
    }
    add(text, "]");
}

static void answer_prices(const Job *job, Text *text)
{
    PriceList list = new_price_list(job);
    while (list.todo_count) {
        Job rest = *job;
        Outcome outcome = {.heard = hear_price, .context = &list};
        rest.todo = list.todo;
        rest.todo_count = list.todo_count;
        list.begun = -1;
        run_job(&rest, &outcome);
        bool crashed = strcmp(outcome.cause, "crash") == 0 && list.begun >= 0;
        if (crashed) {
            size_t culprit = list.todo[list.begun];
            blame(&list, culprit, plain(&outcome.error));
            leave_out(&list, culprit);
        } else if (*outcome.cause) {
            add_error(text, outcome.cause, plain(&outcome.error));
            drop_outcome(&outcome);
            return;
        }
        drop_outcome(&outcome);
        if (!crashed)
            break;
    }
    add_prices(text, &list);
}

/* ------------------------------------------------------------ the answer */

typedef struct {
    const char *model;
    char cause[16], *error;
} Broken;

static struct {
    Broken *all;
    size_t count;
} broken; /* models that crashed or hung, and how: they are not tried again */

static const Broken *broken_before(const char *model)
{
    for (size_t i = 0; *model && i < broken.count; i++)
        if (strcmp(broken.all[i].model, model) == 0)
            return &broken.all[i];
    return NULL;
}

static void note_broken(const Job *job, const Outcome *outcome)
{
    Broken *more = realloc(broken.all, (broken.count + 1) * sizeof *more);
    if (!more)
        leave(STOPPED, "out of memory");
    broken.all = more;
    Broken *next = &more[broken.count++];
    next->model = job->model;
    memcpy(next->cause, outcome->cause, sizeof next->cause);
    next->error = strdup(plain(&outcome->error));
}

static struct {
    const char **models, **reasons;
    size_t count;
} plain_only; /* models that run with the runtime's plain kernels alone, and what XNNPACK said */

static const char *plain_reason(const char *model)
{
    for (size_t i = 0; *model && i < plain_only.count; i++)
        if (strcmp(plain_only.models[i], model) == 0)
            return plain_only.reasons[i];
    return NULL;
}

static void note_plain(const char *model, const char *reason)
{
    size_t bytes = (plain_only.count + 1) * sizeof *plain_only.models;
    const char **models = realloc(plain_only.models, bytes);
    plain_only.models = models ? models : plain_only.models;
    const char **reasons = realloc(plain_only.reasons, bytes);
    plain_only.reasons = reasons ? reasons : plain_only.reasons;
    if (!models || !reasons)
        leave(STOPPED, "out of memory");
    models[plain_only.count] = model;
    reasons[plain_only.count++] = strdup(reason);
}

static bool is_delegated(const Job *job)
{
    return job->runtime && strcmp(job->runtime->name, "litert") == 0 && !job->plain;
}

/* Run a job; where LiteRT fails with XNNPACK, without it. */
static void run_with_kernels(const Job *job, Outcome *outcome)
{
    Job plainly = *job;
    plainly.plain = true;
    if (is_delegated(job) && plain_reason(job->model)) {
        run_job(&plainly, outcome);
        return;
    }
    run_job(job, outcome);
    if (!is_delegated(job) || strcmp(outcome->cause, "model") != 0 || now_ns() >= here.deadline_ns)
        return;
    Outcome again = {0};
    run_job(&plainly, &again);
    if (*again.cause) {
        drop_outcome(&again);
        return;
    }
    note_plain(job->model, plain(&outcome->error));
    drop_outcome(outcome);
    *outcome = again;
}

static void answer_job(const Job *job, Text *text)
{
    const Broken *known = broken_before(job->model);
    if (known) {
        add_error(text, known->cause, known->error);
        return;
    }
    if (strcmp(job->kind, "prices") == 0) {
        answer_prices(job, text);
        return;
    }
    Outcome outcome = {0};
    run_with_kernels(job, &outcome);
    const char *reason = is_delegated(job) ? plain_reason(job->model) : NULL;
    if (!*outcome.cause) {
        add(text, plain(&outcome.fields));
        if (reason) {
            add(text, outcome.fields.size ? ",\"fallback\":" : "\"fallback\":");
            add_quoted(text, reason, 500);
        }
    } else {
        add_error(text, outcome.cause, plain(&outcome.error));
        bool over = now_ns() >= here.deadline_ns; /* then it is not the model's fault */
        if (strcmp(outcome.cause, "crash") == 0 || (strcmp(outcome.cause, "time") == 0 && !over))
            note_broken(job, &outcome);
    }
    drop_outcome(&outcome);
}

/* A job's own setting, or else the request's. */
static const Value *setting(const Value *request, const Value *job, const char *key)
{
    const Value *own = get(job, key);
    return own->kind == ABSENT ? get(request, key) : own;
}

static Job job_of(const Value *request, const Value *table)
{
    const char *runtime = text_of(get(table, "runtime"), "");
    Job job = {
        .id = text_of(get(table, "id"), ""),
        .kind = text_of(get(table, "kind"), ""),
        .model = text_of(get(table, "model"), ""),
        .library = text_of(get(get(request, "libraries"), runtime), ""),
        .table = table,
        .cores = setting(request, table, "cores"),
        .threads = (int)number_of(setting(request, table, "threads"), 1, 1024, 1),
        .plain = strcmp(text_of(setting(request, table, "delegate"), "xnnpack"), "none") == 0,
        .seed = (uint64_t)number_of(setting(request, table, "seed"), 0, 9e15, 0),
        .warmup_s = number_of(get(table, "warmup_s"), 0, LONGEST_S, 0),
        .minimum_s = number_of(get(table, "minimum_s"), 0, LONGEST_S, 0),
        .minimum_count = (size_t)number_of(get(table, "minimum_count"), 1, 1e9, 1),
        .limit_s = number_of(get(table, "limit_s"), 0, LONGEST_S, LONGEST_S),
        .alive_s = number_of(get(request, "alive_s"), 0, LONGEST_S, 0),
    };
    for (size_t i = 0; i < RUNTIME_COUNT; i++)
        if (strcmp(runtime, RUNTIMES[i].name) == 0)
            job.runtime = &RUNTIMES[i];
    return job;
}

static void say_job(const Value *request, const Value *table)
{
    Job job = job_of(request, table);
    Text line = {0}, before = {0}, result = {0};
    here.job = job.id;
    add_conditions(&before, request);
    answer_job(&job, &result);
    add(&line, "{\"event\":\"job\",\"job\":");
    add_name(&line, job.id);
    add(&line, ",\"kind\":");
    add_name(&line, job.kind);
    add(&line, result.size ? "," : "");
    add(&line, plain(&result));
    add(&line, ",\"conditions\":{\"before\":");
    add(&line, plain(&before));
    add(&line, ",\"after\":");
    add_conditions(&line, request);
    add(&line, "}}");
    say(&line);
    here.job = "";
    free(before.data);
    free(result.data);
}

/* Ask a process of its own which runtime a name stands for, or why none. */
static void add_runtime(const Value *request, const char *name, Text *found, Text *missing)
{
    Value runtime = {.kind = STRING, .text = name, .key = "runtime"};
    Value table = {.kind = TABLE, .count = 1, .first = &runtime};
    Job job = job_of(request, &table);
    Outcome outcome = {0};
    job.kind = NULL;
    job.limit_s = VERSION_S;
    run_job(&job, &outcome);
    Text *text = *outcome.cause ? missing : found;
    add(text, text->size ? "," : "");
    add_name(text, name);
    add(text, ":");
    add_quoted(text, plain(*outcome.cause ? &outcome.error : &outcome.fields), 500);
    drop_outcome(&outcome);
}

/* Which of the runtimes that jobs name (without jobs: all) can be opened here. */
static void add_runtimes(Text *line, const Value *request)
{
    Text found = {0}, missing = {0};
    const Value *jobs = get(request, "jobs");
    for (const Value *job = jobs->first; job; job = job->next) {
        const char *name = text_of(get(job, "runtime"), "");
        const Value *earlier = jobs->first;
        while (earlier != job && strcmp(text_of(get(earlier, "runtime"), ""), name) != 0)
            earlier = earlier->next;
        if (earlier == job)
            add_runtime(request, name, &found, &missing);
    }
    for (size_t i = 0; !jobs->count && i < RUNTIME_COUNT; i++)
        add_runtime(request, RUNTIMES[i].name, &found, &missing);
    add(line, ",\"runtimes\":{");
    add(line, plain(&found));
    add(line, "},\"missing\":{");
    add(line, plain(&missing));
    add(line, "}");
    free(found.data);
    free(missing.data);
}

/* What the processor says it can do: "Features" on Arm, "flags" on x86. */
static void add_features(Text *line)
{
    Text info = {0};
    add(line, ",\"features\":[");
    if (read_file("/proc/cpuinfo", 1 << 22, &info)) {
        add(&info, "\n");
        char *found = strstr(info.data, "\nFeatures"), *end;
        found = found ? found : strstr(info.data, "\nflags");
        found = found ? strchr(found + 1, ':') : NULL;
        if (found && (end = strchr(found, '\n')))
            *end = 0;
        bool any = false;
        char *word = found ? strtok(found + 1, " \t") : NULL;
        for (; word; word = strtok(NULL, " \t")) {
            add(line, any ? "," : "");
            add_name(line, word);
            any = true;
        }
    }
    add(line, "]");
    free(info.data);
}

static void say_start(const Value *request)
{
    struct utsname system;
    Text line = {0};
    uname(&system);
    addf(&line, "{\"event\":\"start\",\"protocol\":%d", PROTOCOL);
    add(&line, ",\"program\":\"native\",\"system\":");
    add_name(&line, system.sysname);
    add(&line, ",\"machine\":");
    add_name(&line, system.machine);
    addf(&line, ",\"cpus\":%ld", sysconf(_SC_NPROCESSORS_ONLN));
    add_runtimes(&line, request);
    add_features(&line);
    addf(&line, ",\"memory_bytes\":%lld",
         (long long)sysconf(_SC_PHYS_PAGES) * (long long)sysconf(_SC_PAGESIZE));
    add(&line, ",\"steadied\":[");
    add(&line, plain(&settings.done));
    add(&line, "],\"unsteadied\":{");
    add(&line, plain(&settings.failed));
    add(&line, "},\"conditions\":");
    add_conditions(&line, request);
    add(&line, "}");
    settings.told = true;
    say(&line);
}

/* When waiting for something ends: after its "wait_s", and not beyond the deadline. */
static int64_t limit_of(const Value *wait)
{
    return earlier(here.deadline_ns, after(number_of(get(wait, "wait_s"), 0, LONGEST_S, 0)));
}

/* ---- the lock: a file that others may share, made so that a sticky folder does not forbid it */

static bool is_current(const char *path)
{
    struct stat held, there;
    return fstat(here.lock, &held) == 0 && stat(path, &there) == 0 &&
           held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

static const char *lock_path;

/* Leave word of who holds it, if the file is our own and has no other name. */
static void note_holder(const char *text)
{
    struct stat facts;
    if (fstat(here.lock, &facts) != 0 || facts.st_uid != geteuid() || facts.st_nlink != 1 ||
        !is_current(lock_path))
        return;
    int file = open(lock_path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return;
    write_all(file, text, strlen(text));
    close(file);
}

static void empty_lock(void)
{
    note_holder("");
}

static int open_lock(const char *path)
{
    const int wary = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    char reason[512];
    struct stat facts;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | wary, 0644);
    if (file >= 0) {
        fchmod(file, 0644); /* whatever the umask: others are to wait for it too */
        close(file);
    }
    file = open(path, O_RDONLY | wary);
    if (file >= 0 && fstat(file, &facts) == 0 && S_ISREG(facts.st_mode))
        return file;
    snprintf(reason, sizeof reason, "the lock %.300s cannot be opened: %s", path,
             file < 0 ? strerror(errno) : "it is no file");
    refuse("locked", reason);
}

/* Who holds the lock, in words. */
static void name_holder(const char *path, char *reason, size_t room)
{
    char holder[200];
    ssize_t size = pread(here.lock, holder, sizeof holder - 1, 0);
    holder[size > 0 ? size : 0] = 0;
    holder[strcspn(holder, "\r\n")] = 0;
    snprintf(reason, room, "%.300s is locked by %s", path, *holder ? holder : "another program");
}

/* Hold the lock from here to the end, or refuse. */
static void take_lock(const Value *lock)
{
    const char *path = text_of(get(lock, "path"), ""), *client = getenv("SSH_CLIENT");
    int64_t began = now_ns(), told = 0;
    int64_t until = limit_of(lock);
    char text[600];
    if (lock->kind != TABLE)
        return;
    lock_path = path;
    for (;;) {
        here.lock = open_lock(path);
        if (flock(here.lock, LOCK_EX | LOCK_NB) == 0 && is_current(path))
            break; /* otherwise somebody took the file away: lock the one that came instead */
        name_holder(path, text, sizeof text);
        if (now_ns() >= until)
            refuse("locked", text);
        if (!told || seconds_since(told) >= TELL_WAITING_S) {
            say_waiting("lock", text, began);
            told = now_ns();
        }
        pause_until(earlier(until, after(0.1)));
        close(here.lock);
    }
    here.lock_held = true;
    size_t size = client ? strcspn(client, " \r\n") : 0;
    const char *by = text_of(get(lock, "by"), "");
    snprintf(text, sizeof text, "process %ld%s%.100s%s%.*s\n", (long)getpid(), *by ? ", for " : "",
             by, size ? ", asked from " : "", (int)(size < 50 ? size : 50), client ? client : "");
    note_holder(text);
}

/* Wait for a cool and idle machine, but not for ever. */
static void wait_for_calm(const Value *calm, const Value *sensors)
{
    int64_t began = now_ns(), told = 0;
    int64_t until = limit_of(calm);
    double hottest = number_of(get(calm, "temperature_c"), -1e9, 1e9, INFINITY);
    double busiest = number_of(get(calm, "load_per_core"), 0, 1e9, INFINITY);
    for (;;) {
        double heat = temperature_c(sensors);
        double load = load1() / (double)sysconf(_SC_NPROCESSORS_ONLN);
        char reason[160];
        if (heat >= hottest) /* what is not told is no reason */
            snprintf(reason, sizeof reason, "the temperature is %.1f \u00b0C (limit %.1f)", heat,
                     hottest);
        else if (load >= busiest)
            snprintf(reason, sizeof reason, "the load per core is %.2f (limit %.2f)", load,
                     busiest);
        else
            return;
        if (now_ns() >= until)
            return;
        if (!told || seconds_since(told) >= TELL_WAITING_S) {
            say_waiting("calm", reason, began);
            told = now_ns();
        }
        pause_until(earlier(until, after(0.25)));
    }
}

static void set_up_signals(void)
{
    struct sigaction end = {.sa_handler = catch_signal};
    struct sigaction hang = {.sa_handler = give_up, .sa_flags = SA_NODEFER};
    sigset_t ending;
    sigemptyset(&ending);
    for (int i = 0; i < ENDING_COUNT; i++) {
        sigaddset(&ending, ENDING[i].number);
        sigaction(ENDING[i].number, &end, NULL);
    }
    sigprocmask(SIG_BLOCK, &ending, &here.ordinary);
    for (int i = 0; i < ENDING_COUNT; i++)
        sigdelset(&here.ordinary, ENDING[i].number);
    sigaction(SIGALRM, &hang, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static const Value *read_request(const char *path)
{
    Text text = {0};
    const char *fault = NULL;
    char reason[256];
    if (!read_file(path, LARGEST_REQUEST, &text))
        refuse("protocol", "the request cannot be read");
    const Value *request = parsed(&text, &fault), *protocol = get(request ? request : &absent,
                                                                  "protocol");
    if (!request || request->kind != TABLE) {
        snprintf(reason, sizeof reason, "the request is no JSON table: %s",
                 fault ? fault : "it is something else");
        refuse("protocol", reason);
    }
    if (protocol->kind != NUMBER || protocol->number != PROTOCOL) {
        snprintf(reason, sizeof reason, "the request has protocol %.10g, this program %d",
                 number_of(protocol, -1e9, 1e9, 0), PROTOCOL);
        refuse("protocol", reason);
    }
    const Value *jobs = get(request, "jobs");
    if (jobs->kind != ABSENT && jobs->kind != LIST)
        refuse("protocol", "the request's jobs are no list");
    for (const Value *job = jobs->first; job; job = job->next)
        if (get(job, "id")->kind != STRING || get(job, "kind")->kind != STRING ||
            get(job, "runtime")->kind != STRING)
            refuse("protocol", "a job has no id, kind or runtime");
    return request;
}

int main(int count, char **words)
{
    int64_t began = now_ns();
    here.deadline_ns = after(60);
    here.self = getpid();
    if (count != 2) {
        dprintf(STDERR_FILENO, "usage: runner request.json\n");
        return 2;
    }
    set_up_signals();
    const Value *request = read_request(words[1]), *jobs = get(request, "jobs");
    double deadline_s = number_of(get(request, "deadline_s"), 0, LONGEST_S, 600);
    here.deadline_ns = began + (int64_t)(deadline_s * 1e9);
    here.watch_stdin = get(request, "watch_stdin")->kind == TRUE;
    here.alive_ns = (int64_t)(number_of(get(request, "alive_s"), 0, LONGEST_S, 0) * 1e9);
    alarm((unsigned)ceil(deadline_s + HANG_S));
    if (here.alive_ns)
        say_alive(0);
    take_lock(get(request, "lock"));
    put_back_recorded();
    set_steady(get(request, "steady"));
    say_start(request);
    if (jobs->count)
        wait_for_calm(get(request, "calm"), get(request, "sensors"));
    for (const Value *job = jobs->first; job; job = job->next)
        say_job(request, job);
    if (here.set)
        put_back_recorded();
    Text line = {0};
    addf(&line, "{\"event\":\"end\",\"jobs\":%zu}", jobs->count);
    say(&line);
    leave(0, NULL);
}
