/* The conversation with the host: lines of the answer, heartbeats, the clock, and the waiting in
   which a signal, a closed input or an answer that nobody reads ends the program. */

static const double HANG_S = 15.0; /* beyond the deadline, before the program gives itself up */
static const double REPORT_WAITING_S = 3.0; /* how often a wait is reported */

static const double LONGEST_S = 1e8; /* three years: the upper bound of any time limit */

static struct {
    int64_t deadline_ns;
    bool watch_stdin, leaving;
    pid_t self;
    pid_t child; /* the job or command that runs now; it leads a process group of its own */
    int64_t alive_ns, written_ns; /* how often heartbeats are requested (0: never); the last line */
    bool writing, quiet; /* quiet: inferences are timed, and the job itself gives heartbeats */
    const char *job; /* the current one, or "" */
    int lock; /* a file descriptor; -1: none */
    bool lock_held;
    bool set; /* whether STEADY_FILE has something to restore */
    sigset_t ordinary; /* signals blocked while it waits: not those that end it */
} program = {.lock = -1, .job = ""};

static const struct {
    int number;
    const char *name;
} ENDING[] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}, {SIGHUP, "SIGHUP"}};
enum { ENDING_COUNT = sizeof ENDING / sizeof *ENDING };
static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    caught = number;
}

static const char *name_of_caught(void)
{
    int i = 0;
    while (i < ENDING_COUNT - 1 && ENDING[i].number != caught)
        i++;
    return ENDING[i].name;
}

/* The last resort, where something other than a job hangs: settings are restored all the same. */
static void give_up(int number)
{
    (void)number;
    leave(STOPPED, "it hung beyond the deadline");
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t after(double seconds)
{
    return now_ns() + (int64_t)(seconds * 1e9);
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static double seconds_since(int64_t began_ns)
{
    return (double)(now_ns() - began_ns) / 1e9;
}

static bool gives_heartbeats(void)
{
    return program.alive_ns && !program.quiet && !program.writing && !program.leaving;
}

static void report_alive(double within_s);

static bool gone(const struct pollfd *stream)
{
    char unread[256];
    if (stream->fd == STDOUT_FILENO)
        return stream->revents & (POLLERR | POLLHUP | POLLNVAL);
    if (!stream->revents)
        return false;
    ssize_t size = read(STDIN_FILENO, unread, sizeof unread);
    return size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN);
}

/* Wait until one of `own` is ready (how many are) or until the clock says `until_ns` (then 0).
   The program ends here on a signal, a closed input or an unread output; and heartbeats are given
   from here. */
static int attend(struct pollfd *own, int count, int64_t until_ns)
{
    struct pollfd all[6] = {{.fd = STDOUT_FILENO}, {.fd = STDIN_FILENO, .events = POLLIN}};
    int others = program.leaving ? 0 : program.watch_stdin ? 2 : 1;
    for (int i = 0; i < count; i++)
        all[others + i] = own[i];
    for (;;) {
        bool beats = gives_heartbeats();
        int64_t due_ns = program.written_ns + program.alive_ns;
        int64_t left = (beats ? earlier(until_ns, due_ns) : until_ns) - now_ns();
        struct timespec limit = {0, 0};
        if (left > 0)
            limit = (struct timespec){(time_t)(left / 1000000000), (long)(left % 1000000000)};
        int ready = ppoll(all, (nfds_t)(others + count), &limit, &program.ordinary);
        if (caught && !program.leaving)
            leave(STOPPED, name_of_caught());
        if (ready < 0 && errno != EINTR)
            leave(STOPPED, "waiting is not possible");
        int found = 0;
        for (int i = 0; ready > 0 && i < others; i++)
            if (gone(&all[i]))
                leave(STOPPED, i ? "standard input closed" : "nobody reads the answer");
        for (int i = 0; ready > 0 && i < count; i++)
            found += (own[i].revents = all[others + i].revents) != 0;
        if (beats && now_ns() >= due_ns)
            report_alive(0);
        if (found || now_ns() >= until_ns)
            return found;
    }
}

static void pause_until(int64_t until_ns)
{
    attend(NULL, 0, until_ns);
}

/* One line of the answer. A stalled reader is waited for, but not beyond the deadline. */
static void write_line(Text *line)
{
    add(line, "\n");
    size_t done = 0;
    program.writing = true;
    while (done < line->size) {
        struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (!attend(&out, 1, program.deadline_ns + (int64_t)(HANG_S * 1e9)))
            leave(STOPPED, "the answer is not read");
        size_t part = line->size - done < 4096 ? line->size - done : 4096; /* never blocks */
        ssize_t wrote = write(STDOUT_FILENO, line->data + done, part);
        if (wrote < 0 && errno != EINTR && errno != EAGAIN)
            leave(STOPPED, "the answer cannot be written");
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    free(line->data);
    *line = (Text){0};
    program.writing = false;
    program.written_ns = now_ns();
}

/* A heartbeat; within_s: when the next one comes at the latest, where that may be long. */
static void report_alive(double within_s)
{
    Text line = {0};
    add(&line, "{\"event\":\"alive\",\"job\":");
    add_string(&line, program.job);
    addf(&line, ",\"within_s\":%.1f,\"process\":%ld}", within_s, (long)program.self);
    write_line(&line);
}

static void report_waiting(const char *why, const char *reason, int64_t began_ns)
{
    Text line = {0};
    addf(&line, "{\"event\":\"waiting\",\"for\":\"%s\",\"reason\":", why);
    add_string(&line, reason);
    addf(&line, ",\"waited_s\":%.1f}", seconds_since(began_ns));
    write_line(&line);
}

static _Noreturn void refuse(const char *cause, const char *reason)
{
    Text line = {0};
    addf(&line, "{\"event\":\"refused\",\"cause\":\"%s\",\"reason\":", cause);
    add_string(&line, reason);
    add(&line, "}");
    write_line(&line);
    leave(2, NULL);
}

/* When waiting for something ends: after its "wait_s", and not beyond the deadline. */
static int64_t wait_end_ns(const Value *wait)
{
    return earlier(program.deadline_ns, after(number_of(get(wait, "wait_s"), 0, LONGEST_S, 0)));
}
