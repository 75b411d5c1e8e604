/* The first line of the answer: the machine, its processor, and the runtimes that open here. */

static const double VERSION_S = 60.0; /* for opening a runtime's library from a slow card */

/* Ask a process of its own for the version of the runtime of a name, or why it does not open. */
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
    add_string(text, name);
    add(text, ":");
    add_quoted(text, c_string(*outcome.cause ? &outcome.error : &outcome.fields), 500);
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
    add(line, c_string(&found));
    add(line, "},\"missing\":{");
    add(line, c_string(&missing));
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
            add_string(line, word);
            any = true;
        }
    }
    add(line, "]");
    free(info.data);
}

static void report_start(const Value *request)
{
    struct utsname system;
    Text line = {0};
    uname(&system);
    addf(&line, "{\"event\":\"start\",\"protocol\":%d", PROTOCOL);
    add(&line, ",\"program\":\"native\",\"system\":");
    add_string(&line, system.sysname);
    add(&line, ",\"machine\":");
    add_string(&line, system.machine);
    addf(&line, ",\"cpus\":%ld", sysconf(_SC_NPROCESSORS_ONLN));
    add_runtimes(&line, request);
    add_features(&line);
    addf(&line, ",\"memory_bytes\":%lld",
         (long long)sysconf(_SC_PHYS_PAGES) * (long long)sysconf(_SC_PAGESIZE));
    add(&line, ",\"steadied\":[");
    add(&line, c_string(&settings.done));
    add(&line, "],\"unsteadied\":{");
    add(&line, c_string(&settings.failed));
    add(&line, "},\"conditions\":");
    add_conditions(&line, request);
    add(&line, "}");
    settings.reported = true;
    write_line(&line);
}
