/* The program: signals, the request, the order in which things are done, and the one way out. */

/* The one way out: nothing is left running, every setting is restored. */
static _Noreturn void leave(int code, const char *why)
{
    int status;
    if (!program.leaving) {
        program.leaving = true;
        settings.reported = true;
        signal(SIGALRM, SIG_DFL);
        alarm(30); /* the last resort, should restoring hang */
        if (program.child)
            reap(0, &status);
        if (program.set)
            restore_recorded();
        if (program.lock_held)
            empty_lock();
    }
    if (why)
        dprintf(STDERR_FILENO, "stopped: %s\n", why);
    _exit(code);
}

static void set_up_signals(void)
{
    struct sigaction end = {.sa_handler = catch_signal};
    struct sigaction hang = {.sa_handler = give_up, .sa_flags = SA_NODEFER};
    sigset_t ending;
    sigemptyset(&ending);
    for (int i = 0; i < ENDING_COUNT; i++) {
        sigaddset(&ending, ENDING[i].number);
        sigaction(ENDING[i].number, &end, NULL);
    }
    sigprocmask(SIG_BLOCK, &ending, &program.ordinary);
    for (int i = 0; i < ENDING_COUNT; i++)
        sigdelset(&program.ordinary, ENDING[i].number);
    sigaction(SIGALRM, &hang, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static const Value *read_request(const char *path)
{
    Text text = {0};
    const char *fault = NULL;
    char reason[256];
    if (!read_file(path, LARGEST_REQUEST, &text))
        refuse("protocol", "the request cannot be read");
    const Value *request = parse(&text, &fault), *protocol = get(request ? request : &absent,
                                                                  "protocol");
    if (!request || request->kind != TABLE) {
        snprintf(reason, sizeof reason, "the request is no JSON table: %s",
                 fault ? fault : "it is something else");
        refuse("protocol", reason);
    }
    if (protocol->kind != NUMBER || protocol->number != PROTOCOL) {
        snprintf(reason, sizeof reason, "the request has protocol %.10g, this program %d",
                 number_of(protocol, -1e9, 1e9, 0), PROTOCOL);
        refuse("protocol", reason);
    }
    const Value *jobs = get(request, "jobs");
    if (jobs->kind != ABSENT && jobs->kind != LIST)
        refuse("protocol", "the request's jobs are no list");
    for (const Value *job = jobs->first; job; job = job->next)
        if (get(job, "id")->kind != STRING || get(job, "kind")->kind != STRING ||
            get(job, "runtime")->kind != STRING)
            refuse("protocol", "a job has no id, kind or runtime");
    return request;
}

int main(int count, char **words)
{
    int64_t began = now_ns();
    program.deadline_ns = after(60);
    program.self = getpid();
    if (count != 2) {
        dprintf(STDERR_FILENO, "usage: runner request.json\n");
        return 2;
    }
    set_up_signals();
    const Value *request = read_request(words[1]), *jobs = get(request, "jobs");
    double deadline_s = number_of(get(request, "deadline_s"), 0, LONGEST_S, 600);
    program.deadline_ns = began + (int64_t)(deadline_s * 1e9);
    program.watch_stdin = get(request, "watch_stdin")->kind == TRUE;
    program.alive_ns = (int64_t)(number_of(get(request, "alive_s"), 0, LONGEST_S, 0) * 1e9);
    alarm((unsigned)ceil(deadline_s + HANG_S));
    if (program.alive_ns)
        report_alive(0);
    take_lock(get(request, "lock"));
    restore_recorded();
    set_steady(get(request, "steady"));
    report_start(request);
    if (jobs->count)
        wait_for_calm(get(request, "calm"), get(request, "sensors"));
    for (const Value *job = jobs->first; job; job = job->next)
        report_job(request, job);
    if (program.set)
        restore_recorded();
    Text line = {0};
    addf(&line, "{\"event\":\"end\",\"jobs\":%zu}", jobs->count);
    write_line(&line);
    leave(0, NULL);
}
