/* Settings that hold the machine steady while it measures, and how they are restored. */

static const char STEADY_FILE[] = "steady.json";

/* The record in STEADY_FILE: {"files": {path: value it had}, "commands": [[word, …], …]}.
   Each entry is written before the setting is made. */
static struct {
    Text files, commands;    /* the record's insides */
    Text done, failed;       /* for the answer's "steadied" and "unsteadied" */
    bool reported;           /* whether the answer has them: later failures go to standard error */
} settings;

static void note_done(const char *what)
{
    add(&settings.done, settings.done.size ? "," : "");
    add_string(&settings.done, what);
}

/* What could not be set or restored: for the answer, or standard error once that has begun. */
static void note_failed(const char *what, const char *prefix, const char *why)
{
    Text reason = {0};
    add(&reason, prefix);
    add(&reason, *why ? why : "no reason given");
    if (settings.reported)
        dprintf(STDERR_FILENO, "%s: %s\n", what, c_string(&reason));
    add(&settings.failed, settings.failed.size ? "," : "");
    add_string(&settings.failed, what);
    add(&settings.failed, ":");
    add_quoted(&settings.failed, c_string(&reason), 300);
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
static bool run_switch(const Value *words, const char *prefix)
{
    Text name = {0}, output = {0};
    const char *fault;
    join_words(words, &name);
    int code = run_command(words, &output, true, &fault);
    if (code > 0) {
        Text why = {0};
        addf(&why, "exit code %d: %.200s", code, c_string(&output));
        note_failed(c_string(&name), prefix, c_string(&why));
        free(why.data);
    } else if (code < 0) {
        note_failed(c_string(&name), prefix, fault);
    }
    free(name.data);
    free(output.data);
    return code == 0;
}

/* Restore what a record says, last set first. */
static void restore(const Value *record)
{
    const char *prefix = "not put back: ", *why;
    const Value *kinds[] = {get(record, "commands"), get(record, "files")};
    for (int kind = 0; kind < 2; kind++) {
        size_t count = 0;
        const Value **all = allocate(kinds[kind]->count, sizeof *all);
        for (const Value *each = kinds[kind]->first; each; each = each->next)
            all[count++] = each;
        while (count--)
            if (all[count]->kind == LIST)
                run_switch(all[count], prefix);
            else if (all[count]->key && (why = set_file(all[count]->key, text_of(all[count], ""))))
                note_failed(all[count]->key, prefix, why);
        free(all);
    }
}

/* Restore what STEADY_FILE says, by this program or one that was killed; then remove it. */
static void restore_recorded(void)
{
    Text text = {0};
    const char *fault;
    if (read_file(STEADY_FILE, LARGEST_REQUEST, &text)) {
        const Value *record = parse(&text, &fault);
        restore(record ? record : &absent);
    }
    unlink(STEADY_FILE);
    free(text.data);
    program.set = false;
}

/* Write the record down, whole or not at all. */
static bool write_record(void)
{
    Text record = {0};
    add(&record, "{\"files\":{");
    add(&record, c_string(&settings.files));
    add(&record, "},\"commands\":[");
    add(&record, c_string(&settings.commands));
    add(&record, "]}");
    int file = open("steady.part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool fine = file >= 0 && write_all(file, record.data, record.size) && fsync(file) == 0 &&
                rename("steady.part", STEADY_FILE) == 0;
    if (file >= 0)
        close(file);
    if (!fine)
        unlink("steady.part");
    free(record.data);
    program.set = program.set || fine;
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
        add_string(&settings.files, path);
        add(&settings.files, ":");
        add_string(&settings.files, found);
        why = write_record() ? set_file(path, value) : "steady.json cannot be written";
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
        add_string(&settings.commands, text_of(word, ""));
        add(&settings.commands, word->next ? "," : "");
    }
    add(&settings.commands, "]");
    if (!write_record())
        note_failed(c_string(&name), "", "steady.json cannot be written");
    else if (run_switch(get(change, "on"), ""))
        note_done(c_string(&name));
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
