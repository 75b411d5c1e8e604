/* What each of an archive's small models costs (jobs of kind "prices"), in the job's process. */

static const char *text_at(const Value *list, size_t index)
{
    const Value *entry = list->first;
    while (entry && index--)
        entry = entry->next;
    return entry ? text_of(entry, "") : "";
}

/* The first inference, after which others are timed. */
static void infer_first(Model *model)
{
    int64_t began = now_ns();
    infer(model);
    heartbeat.slowest_ns = 0;
    send_heartbeat(now_ns() - began, true);
}

/* Time one model of an archive in nanoseconds, or count its instructions; false and `failure` when
   it cannot be. step: which in this process. */
static bool measure_cost(const Job *job, const Archive *archive, size_t step, int64_t *found)
{
    jmp_buf failed;
    Model model;
    Samples warm = {0}, samples = {0};
    size_t size = 0;
    on_failure = &failed;
    if (setjmp(failed)) {
        on_failure = NULL;
        return false; /* what was half loaded is left as it is: the process does not live long */
    }
    const char *name = text_at(get(job->table, "models"), job->todo[step]);
    void *content = read_member(archive, name, &size);
    prepare(&model, job);
    job->runtime->load(&model, NULL, content, size);
    fill_inputs(&model, job);
    if (counts_instructions(job)) {
        settle(&model);
        infer_counted(&model, step);
        long long *counts = read_counts(counts_file(), step, 1);
        *found = counts[0];
        free(counts);
    } else {
        infer_first(&model);
        infer_for(&model, job->warmup_s, 0, &warm);
        infer_for(&model, job->minimum_s, job->minimum_count, &samples);
        *found = median_ns(samples.ns, samples.count);
    }
    job->runtime->drop(&model);
    free(content);
    free(warm.ns);
    free(samples.ns);
    on_failure = NULL;
    return true;
}

/* Messages: "B step" as a step is begun, then "P index cost" or "E index error". */
static void costs_job(const Job *job)
{
    Archive archive = open_archive(text_of(get(job->table, "archive"), ""));
    if (counts_instructions(job))
        counts_file();
    for (size_t step = 0; step < job->todo_count; step++) {
        Text text = {0};
        int64_t found = 0;
        addf(&text, "B%zu", step);
        send_message(&text);
        if (measure_cost(job, &archive, step, &found))
            addf(&text, "P%zu %lld", job->todo[step], (long long)found);
        else
            addf(&text, "E%zu %s", job->todo[step], failure);
        send_message(&text);
    }
}
