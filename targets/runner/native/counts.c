/* Instructions of an inference, as an emulator counts them.

   Around every inference the process calls getpriority(0x7EDC, k), which means nothing to the
   kernel: k is 2i before the i-th inference and 2i + 1 after it, i from 0. An emulator that sees
   the call appends the line "PID K COUNT" to the file named by EDGEHONE_COUNTS, COUNT being the
   instructions of that process so far, and has it written before the call returns. */

enum {
    UNCOUNTED = 4, /* inferences before instructions are counted */
    MARK = 0x7EDC,
};

/* Whether costs are instructions instead of times. */
static bool counts_instructions(const Job *job)
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
static void infer_counted(Model *model, size_t i)
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
    long long *counts = allocate(2 * runs, sizeof *counts);
    size_t found = 0;
    if (!read_file(path, 1 << 28, &content))
        fail("runtime", "the counts in %.200s cannot be read", path);
    char *line = content.data ? strtok(content.data, "\n") : NULL;
    for (; line; line = strtok(NULL, "\n")) {
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

/* Let a runtime do what it does only once: some of it in the second inference, or the third. */
static void settle(Model *model)
{
    for (int i = 0; i < UNCOUNTED; i++)
        infer(model);
}

static void instructions_job(const Job *job)
{
    const char *path = counts_file();
    size_t runs = (size_t)number_of(get(job->table, "runs"), 1, 1e6, 1);
    Model model;
    Text text = {0};
    load_file(&model, job);
    fill_inputs(&model, job);
    settle(&model);
    for (size_t i = 0; i < runs; i++)
        infer_counted(&model, i);
    long long *counts = read_counts(path, 0, runs);
    add(&text, "R\"instructions\":[");
    for (size_t i = 0; i < runs; i++)
        addf(&text, "%s%lld", i ? "," : "", counts[i]);
    add(&text, "]");
    send_message(&text);
}
