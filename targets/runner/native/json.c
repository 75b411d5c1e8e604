/* JSON as requests are written in: read whole, refused with what is wrong with it (RFC 8259). */

enum { DEEPEST = 64 }; /* lists and tables inside each other */

typedef enum { ABSENT, NONE, FALSE, TRUE, NUMBER, STRING, LIST, TABLE } Kind;

typedef struct Value {
    Kind kind;
    double number;
    const char *text, *key; /* key: where it is a table's entry */
    size_t count;
    struct Value *first, *next;
} Value;

typedef struct {
    const char *at, *end;
    int depth;
    const char *fault; /* of the first thing that is wrong */
} Reader;

static const Value absent = {.kind = ABSENT};

static Value *reject(Reader *reader, const char *fault)
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

static bool accept(Reader *reader, const char *word)
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
    if (code >= 0xD800 && code < 0xDC00 && accept(reader, "\\u")) {
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

/* The string after an opening quote; NULL where it is malformed. */
static const char *read_string(Reader *reader)
{
    static const char short_names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    Text text = {0};
    add(&text, "");
    while (reader->at < reader->end && *reader->at != '"') {
        char c = *reader->at++;
        if ((unsigned char)c < 0x20)
            return reject(reader, "a control character in a string"), NULL;
        if (c != '\\') {
            add_bytes(&text, &c, 1);
            continue;
        }
        char escaped = reader->at < reader->end ? *reader->at++ : 0;
        const char *known = escaped ? strchr(short_names, escaped) : NULL;
        if (known)
            add_bytes(&text, meant + (known - short_names), 1);
        else if (escaped != 'u' || !add_escaped_code(reader, &text))
            return reject(reader, "an unknown escape"), NULL;
    }
    if (!accept(reader, "\""))
        return reject(reader, "a string without an end"), NULL;
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
    accept(reader, "-");
    bool fine = accept(reader, "0") || digits(reader);
    if (fine && accept(reader, "."))
        fine = digits(reader);
    if (fine && (accept(reader, "e") || accept(reader, "E"))) {
        if (!accept(reader, "-"))
            accept(reader, "+");
        fine = digits(reader);
    }
    size_t size = (size_t)(reader->at - began);
    if (!fine || size >= sizeof copy)
        return reject(reader, "a malformed number, or one of too many digits");
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
        return reject(reader, "nested too deeply");
    skip_blanks(reader);
    while (!accept(reader, closing)) {
        const char *key = NULL;
        if (value->count && !accept(reader, ","))
            return reject(reader, "a comma is missing");
        skip_blanks(reader);
        if (table) {
            if (!accept(reader, "\"") || !(key = read_string(reader)))
                return reject(reader, "a table's entry has no name");
            skip_blanks(reader);
            if (!accept(reader, ":"))
                return reject(reader, "a colon is missing");
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
    Value *value = allocate(1, sizeof *value);
    skip_blanks(reader);
    if (reader->at >= reader->end)
        return reject(reader, "it ends too early");
    if (accept(reader, "{"))
        return read_entries(reader, value, true);
    if (accept(reader, "["))
        return read_entries(reader, value, false);
    if (accept(reader, "\"")) {
        value->kind = STRING;
        return (value->text = read_string(reader)) ? value : NULL;
    }
    if (*reader->at == '-' || isdigit((unsigned char)*reader->at))
        return read_number(reader, value);
    value->kind = accept(reader, "null") ? NONE : accept(reader, "true") ? TRUE : FALSE;
    if (value->kind == FALSE && !accept(reader, "false"))
        return reject(reader, "an unknown word");
    return value;
}

/* The value that a text holds; NULL and the reason where it is not JSON. Kept until the program
   ends. */
static const Value *parse(const Text *text, const char **fault)
{
    Reader reader = {.at = c_string(text), .end = c_string(text) + text->size};
    const Value *value = read_value(&reader);
    skip_blanks(&reader);
    if (value && reader.at != reader.end)
        value = reject(&reader, "something follows its end");
    *fault = reader.fault;
    return value;
}

/* A table's entry; `absent` where there is none, or no table. */
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
