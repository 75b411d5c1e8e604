/* A model's outputs for the samples of a file, written to another. */

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

/* One sample in, one answer out, as real numbers. */
static void answer_sample(Model *model, const float *sample, FILE *file, size_t samples, bool first)
{
    Tensor *out = &model->out[0];
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
    float *sample = allocate(data.count, sizeof *sample);
    for (size_t i = 0; i < data.samples; i++) {
        int64_t began = now_ns();
        read_sample(&data, sample);
        answer_sample(&model, sample, file, data.samples, i == 0);
        heartbeat_between(began);
    }
    bool wrote = !ferror(file);
    if (fclose(file) != 0 || !wrote || rename(partial.data, outputs) != 0) {
        int reason = errno;
        unlink(partial.data);
        fail("runtime", "%.200s cannot be written: %s", outputs, strerror(reason));
    }
    addf(&text, "R\"n\":%zu", data.samples);
    send_message(&text);
}
