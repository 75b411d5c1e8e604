/* One job as a request describes it: its runtime and model loaded, its inputs filled. */

static const Runtime RUNTIMES[] = {
    {"litert", litert_open, litert_load, litert_fed, litert_run, litert_ran, litert_fetch,
     litert_drop},
    {"onnxruntime", ort_open, ort_load, ort_fed, ort_run, ort_ran, ort_fetch, ort_drop},
};
enum { RUNTIME_COUNT = sizeof RUNTIMES / sizeof *RUNTIMES };

typedef struct {
    const char *id, *kind, *model, *library; /* kind: NULL to ask for the version */
    const Value *table; /* what the request says of it */
    const Value *cores;
    const Runtime *runtime; /* NULL: unknown */
    int threads;
    bool plain_kernels;
    uint64_t seed;
    double warmup_s, minimum_s, limit_s, alive_s;
    size_t minimum_count;
    const size_t *todo; /* costs: indices of models, in the order of measuring */
    size_t todo_count;
} Job;

static void prepare(Model *model, const Job *job)
{
    *model = (Model){.runtime = job->runtime, .threads = job->threads,
                     .plain_kernels = job->plain_kernels};
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

static void fill_within(Tensor *tensor, const Value *known, uint64_t *seed)
{
    const Value *lows = get(known, "low"), *highs = get(known, "high"), *low = NULL, *high = NULL;
    for (size_t k = 0; k < tensor->count; k++) {
        double least = next_of(lows, &low), most = next_of(highs, &high), part = fraction(seed);
        bool whole = is_integer(tensor->type);
        double value = least + part * (most - least + (whole ? 1 : 0));
        put_element(tensor->type, tensor->data, k, whole ? fmin(floor(value), most) : value);
    }
}

/* Over the range of the type, or from 0 to 1 where it is not quantized. */
static void fill_over_type(Tensor *tensor, uint64_t *seed)
{
    bool ranged = is_integer(tensor->type) && tensor->scale != 0;
    double low = ranged ? TYPES[tensor->type].low : 0;
    double high = ranged ? TYPES[tensor->type].high : 1;
    for (size_t k = 0; k < tensor->count; k++) {
        double value = low + fraction(seed) * (high - low);
        put_element(tensor->type, tensor->data, k, is_integer(tensor->type) ? rint(value) : value);
    }
}

static void put_sample(Model *model, const float *sample)
{
    Tensor *in = &model->in[0];
    for (size_t i = 0; i < in->count; i++)
        put_element(in->type, in->data, i, quantized(in, sample[i]));
    model->runtime->fed(model, 0);
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

static void fill_from_file(Model *model, const char *path)
{
    Data data = samples_for(model, path);
    float *sample = allocate(data.count, sizeof *sample);
    read_sample(&data, sample);
    put_sample(model, sample);
    free(sample);
    fclose(data.file);
}

/* Fill every input: with the job's sample, or with fixed random numbers that it can take. */
static void fill_inputs(Model *model, const Job *job)
{
    const char *sample = text_of(get(job->table, "sample"), "");
    uint64_t seed = job->seed;
    if (*sample) {
        fill_from_file(model, sample);
        return;
    }
    for (size_t i = 0; i < model->ins; i++) {
        const Value *known = known_range(model, get(job->table, "ranges"), i);
        if (known->kind == TABLE)
            fill_within(&model->in[i], known, &seed);
        else
            fill_over_type(&model->in[i], &seed);
        model->runtime->fed(model, i);
    }
}
