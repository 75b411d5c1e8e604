/* What a job's process sends to its parent: results, its failure, heartbeats. */

static const double HEARTBEAT_S = 5.0; /* what a job may take between two heartbeats, ... */
static const double SLOWER = 10.0; /* ... besides so many times its slowest inference so far */

static int to_parent = -1;         /* the pipe to the parent */
static jmp_buf *on_failure = NULL; /* where a failure goes on, when it does not end the job */
static char failure[512];

static void send_message(Text *message)
{
    add(message, "\n");
    if (!write_all(to_parent, message->data, message->size))
        _exit(1);
    free(message->data);
    *message = (Text){0};
}

/* The job, or the one model among many, cannot be done: why, on one line. */
__attribute__((format(printf, 2, 3))) static _Noreturn void fail(const char *cause,
                                                                  const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(failure, sizeof failure, format, values);
    va_end(values);
    for (char *at = failure; *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = ' ';
    if (on_failure && strcmp(cause, "model") == 0)
        longjmp(*on_failure, 1);
    Text message = {0};
    addf(&message, "X%s %s", cause, failure);
    send_message(&message);
    _exit(0);
}

/* Heartbeats are sent between inferences, never during one that is timed. The parent answers each
   once it has passed it on, so that both are at rest before the next inference. */
static struct {
    int64_t every_ns, due_ns, slowest_ns; /* every_ns: 0 where none are requested */
    int answers;                         /* where the parent answers */
} heartbeat = {.due_ns = INT64_MAX};

/* Report that a step took so long, and when the next heartbeat comes at the latest. quiet: from
   here on inferences are timed, and no other process is to do anything. */
static void send_heartbeat(int64_t took_ns, bool quiet)
{
    Text text = {0};
    char answer;
    if (took_ns > heartbeat.slowest_ns)
        heartbeat.slowest_ns = took_ns;
    if (!heartbeat.every_ns)
        return;
    addf(&text, "S%.3f %d", HEARTBEAT_S + SLOWER * (double)heartbeat.slowest_ns / 1e9, quiet);
    send_message(&text);
    while (read(heartbeat.answers, &answer, 1) < 0)
        if (errno != EINTR)
            _exit(1);
    heartbeat.due_ns = now_ns() + heartbeat.every_ns;
}

/* One of many steps that are not timed is done. */
static void heartbeat_between(int64_t began_ns)
{
    int64_t now = now_ns();
    if (now >= heartbeat.due_ns || heartbeat.due_ns == INT64_MAX)
        send_heartbeat(now - began_ns, false);
    else if (now - began_ns > heartbeat.slowest_ns)
        heartbeat.slowest_ns = now - began_ns;
}
