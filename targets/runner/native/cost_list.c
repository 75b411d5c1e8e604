/* Costs of many models, collected from as many processes as it takes: after a crash the rest is
   measured without the model at fault. */

typedef struct {
    int64_t *passes_ns; /* (models, passes); of one pass, instructions where those are counted */
    bool counts_instructions;
    size_t *done;       /* passes, of each model */
    char **errors;
    size_t models, passes;
    size_t *todo, todo_count, total;
    long begun; /* the step that runs; -1: none yet */
    int64_t reported_ns;
    const char *id;
} CostList;

static CostList new_cost_list(const Job *job)
{
    const Value *models = get(job->table, "models");
    CostList list = {.models = models->kind == LIST ? models->count : 0, .id = job->id};
    list.counts_instructions = counts_instructions(job);
    list.passes = (size_t)number_of(get(job->table, "passes"), 1, 1e6, 1);
    if (list.counts_instructions)
        list.passes = 1;
    if (list.models > MOST_ELEMENTS / list.passes)
        leave(STOPPED, "out of memory");
    list.passes_ns = allocate(list.models * list.passes, sizeof *list.passes_ns);
    list.done = allocate(list.models, sizeof *list.done);
    list.errors = allocate(list.models, sizeof *list.errors);
    list.todo = allocate(list.models * list.passes, sizeof *list.todo);
    for (size_t pass = 0; pass < list.passes; pass++)
        for (size_t i = 0; i < list.models; i++)
            list.todo[list.todo_count++] = pass % 2 ? list.models - 1 - i : i;
    list.total = list.todo_count;
    list.reported_ns = now_ns();
    return list;
}

static void report_progress(CostList *list)
{
    Text line = {0};
    if (seconds_since(list->reported_ns) < 0.5)
        return;
    list->reported_ns = now_ns();
    add(&line, "{\"event\":\"progress\",\"job\":");
    add_string(&line, list->id);
    addf(&line, ",\"done\":%zu,\"total\":%zu}",
         list->total - list->todo_count + (size_t)list->begun, list->total);
    write_line(&line);
}

static void blame(CostList *list, size_t model, const char *error)
{
    if (model < list->models && !list->errors[model])
        list->errors[model] = strndup(error, 500);
}

static void receive_cost(void *context, char *message)
{
    CostList *list = context;
    char *rest;
    size_t number = strtoull(message + 1, &rest, 10);
    if (message[0] == 'B' && number < list->todo_count) {
        list->begun = (long)number;
        report_progress(list);
    } else if (message[0] == 'E') {
        blame(list, number, *rest ? rest + 1 : "");
    } else if (message[0] == 'P' && number < list->models && list->done[number] < list->passes) {
        list->passes_ns[number * list->passes + list->done[number]++] = strtoll(rest, NULL, 10);
    }
}

/* Continue after the step that ran, without the model at fault. */
static void leave_out(CostList *list, size_t culprit)
{
    size_t kept = 0;
    for (size_t i = (size_t)list->begun; i < list->todo_count; i++)
        if (list->todo[i] != culprit)
            list->todo[kept++] = list->todo[i];
    list->todo_count = kept;
}

static void add_costs(Text *text, const CostList *list)
{
    add(text, "\"prices\":[");
    for (size_t i = 0; i < list->models; i++) {
        add(text, i ? ",{" : "{");
        if (list->errors[i]) {
            add(text, "\"error\":");
            add_quoted(text, list->errors[i], 500);
        } else if (list->counts_instructions) {
            addf(text, "\"instructions\":%lld", (long long)list->passes_ns[i]);
        } else {
            add(text, "\"passes_ns\":[");
            for (size_t pass = 0; pass < list->done[i]; pass++)
                addf(text, "%s%lld", pass ? "," : "",
                     (long long)list->passes_ns[i * list->passes + pass]);
            add(text, "]");
        }
        add(text, "}");
    }
    add(text, "]");
}

static void answer_costs(const Job *job, Text *text)
{
    CostList list = new_cost_list(job);
    while (list.todo_count) {
        Job rest = *job;
        Outcome outcome = {.receive = receive_cost, .context = &list};
        rest.todo = list.todo;
        rest.todo_count = list.todo_count;
        list.begun = -1;
        run_job(&rest, &outcome);
        bool crashed = strcmp(outcome.cause, "crash") == 0 && list.begun >= 0;
        if (crashed) {
            size_t culprit = list.todo[list.begun];
            blame(&list, culprit, c_string(&outcome.error));
            leave_out(&list, culprit);
        } else if (*outcome.cause) {
            add_error(text, outcome.cause, c_string(&outcome.error));
            drop_outcome(&outcome);
            return;
        }
        drop_outcome(&outcome);
        if (!crashed)
            break;
    }
    add_costs(text, &list);
}
