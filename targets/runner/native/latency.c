/* How long inferences take: repeated until both minima are reached, in bounded memory. */

enum {
    KEPT_SAMPLES = 2000,    /* of those reported: more are thinned evenly */
    MOST_SAMPLES = 1 << 20, /* while measuring: beyond it every second one goes, and of those that
                               follow */
};

typedef struct {
    int64_t *ns;
    size_t count, room, runs; /* runs: with those that were not kept */
    unsigned halvings;
} Samples;

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

/* Run until both minima are reached; nanoseconds of every inference. After a heartbeat, one is
   not kept: it finds a processor that has rested. */
static void infer_for(Model *model, double minimum_s, size_t minimum_count, Samples *samples)
{
    int64_t stop = after(minimum_s), end = 0;
    while (end < stop || samples->runs < minimum_count) {
        int64_t began = now_ns();
        bool fine = model->runtime->run(model);
        end = now_ns();
        model->runtime->ran(model, fine);
        keep_sample(samples, end - began);
        if (end >= heartbeat.due_ns) {
            send_heartbeat(end - began, true);
            infer(model);
        }
    }
}

/* How long this process was ready to run and did not, since it began; -1 if unknown. */
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
    fill_inputs(&model, job);
    infer_for(&model, 0, 1, &warm);
    int64_t cold = warm.ns[0];
    send_heartbeat(cold, true);
    infer_for(&model, job->warmup_s, 0, &warm);
    int64_t waited = run_queue_ns();
    began = now_ns();
    infer_for(&model, job->minimum_s, job->minimum_count, &samples);
    int64_t took = now_ns() - began;
    addf(&text, "R\"init_ns\":%lld,\"cold_ns\":%lld,\"samples_ns\":[", (long long)init,
         (long long)cold);
    size_t stride = (samples.count + KEPT_SAMPLES - 1) / KEPT_SAMPLES;
    for (size_t i = 0; i < samples.count; i += stride)
        addf(&text, "%s%lld", i ? "," : "", (long long)samples.ns[i]);
    addf(&text, "],\"runs\":%zu,\"waited\":", samples.runs);
    double share = waited < 0 ? NAN : (double)(run_queue_ns() - waited) / (double)took;
    add_number(&text, "%.6f", share < 0 ? 0 : share);
    send_message(&text);
}
