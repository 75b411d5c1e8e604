/* A job's process from beginning to end: pinned, its runtime opened, the job done. */

static const struct {
    const char *name;
    void (*run)(const Job *);
} KINDS[] = {
    {"latency", latency_job},           {"memory", memory_job},   {"outputs", outputs_job},
    {"prices", costs_job},             {"instructions", instructions_job},
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

/* Report that a job is done, and end without any clean-up. */
static _Noreturn void finish(void)
{
    Text text = {0};
    add(&text, "D");
    send_message(&text);
    _exit(0);
}

/* The fresh process: do the job, or without a kind report the runtime's version. */
static _Noreturn void do_job(const Job *job)
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
        addf(&text, "R%s", c_string(&version));
        send_message(&text);
        finish();
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(job->kind, KINDS[i].name) == 0) {
            KINDS[i].run(job);
            finish();
        }
    fail("runtime", "no jobs of kind %.200s are known here", job->kind);
}
