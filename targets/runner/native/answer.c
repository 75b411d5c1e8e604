/* The answer to each job: plain kernels where XNNPACK fails, and no second try of what crashed. */

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
    next->error = strdup(c_string(&outcome->error));
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
    return job->runtime && strcmp(job->runtime->name, "litert") == 0 && !job->plain_kernels;
}

/* Run a job; where LiteRT fails with XNNPACK, without it. */
static void run_with_kernels(const Job *job, Outcome *outcome)
{
    Job plainly = *job;
    plainly.plain_kernels = true;
    if (is_delegated(job) && plain_reason(job->model)) {
        run_job(&plainly, outcome);
        return;
    }
    run_job(job, outcome);
    if (!is_delegated(job) || strcmp(outcome->cause, "model") != 0 ||
        now_ns() >= program.deadline_ns)
        return;
    Outcome again = {0};
    run_job(&plainly, &again);
    if (*again.cause) {
        drop_outcome(&again);
        return;
    }
    note_plain(job->model, c_string(&outcome->error));
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
        answer_costs(job, text);
        return;
    }
    Outcome outcome = {0};
    run_with_kernels(job, &outcome);
    const char *reason = is_delegated(job) ? plain_reason(job->model) : NULL;
    if (!*outcome.cause) {
        add(text, c_string(&outcome.fields));
        if (reason) {
            add(text, outcome.fields.size ? ",\"fallback\":" : "\"fallback\":");
            add_quoted(text, reason, 500);
        }
    } else {
        add_error(text, outcome.cause, c_string(&outcome.error));
        bool over = now_ns() >= program.deadline_ns; /* then it is not the model's fault */
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
    const char *delegate = text_of(setting(request, table, "delegate"), "xnnpack");
    Job job = {
        .id = text_of(get(table, "id"), ""),
        .kind = text_of(get(table, "kind"), ""),
        .model = text_of(get(table, "model"), ""),
        .library = text_of(get(get(request, "libraries"), runtime), ""),
        .table = table,
        .cores = setting(request, table, "cores"),
        .threads = (int)number_of(setting(request, table, "threads"), 1, 1024, 1),
        .plain_kernels = strcmp(delegate, "none") == 0,
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

static void report_job(const Value *request, const Value *table)
{
    Job job = job_of(request, table);
    Text line = {0}, before = {0}, result = {0};
    program.job = job.id;
    add_conditions(&before, request);
    answer_job(&job, &result);
    add(&line, "{\"event\":\"job\",\"job\":");
    add_string(&line, job.id);
    add(&line, ",\"kind\":");
    add_string(&line, job.kind);
    add(&line, result.size ? "," : "");
    add(&line, c_string(&result));
    add(&line, ",\"conditions\":{\"before\":");
    add(&line, c_string(&before));
    add(&line, ",\"after\":");
    add_conditions(&line, request);
    add(&line, "}}");
    write_line(&line);
    program.job = "";
    free(before.data);
    free(result.data);
}
