/* One process per job: started, followed through its messages and output, and its end explained. */

enum { LARGEST_MESSAGE = 1 << 24 }; /* from a job's process: more than any honest one */
static const double LOOK_S = 1.0; /* how often it is checked whether the process was stopped */

typedef struct {
    char cause[16];          /* "": it was done */
    Text error, fields;      /* fields: of the result, as JSON */
    Text runtime_error;      /* the last error that the runtime printed */
    Text partial_message, partial_line; /* of the next message, and of the next printed line */
    int64_t next_heartbeat_ns; /* when it is due; 0: none was promised */
    int answers;             /* where heartbeats are answered */
    bool done;
    void (*receive)(void *context, char *message);
    void *context;
} Outcome;

static void conclude(Outcome *outcome, const char *cause, const char *error)
{
    snprintf(outcome->cause, sizeof outcome->cause, "%s", cause);
    outcome->error.size = 0;
    add(&outcome->error, error);
    outcome->done = true;
}

/* A job's heartbeat: pass it on, then let the job continue. */
static void pass_heartbeat_on(Outcome *outcome, const char *message)
{
    char *rest;
    double within_s = strtod(message, &rest);
    program.quiet = strtol(rest, NULL, 10) != 0;
    report_alive(within_s);
    outcome->next_heartbeat_ns = after(within_s);
    while (write(outcome->answers, "\n", 1) < 0 && errno == EINTR)
        continue;
}

static void handle_message(Outcome *outcome, char *message)
{
    char *space;
    if (message[0] == 'S') {
        pass_heartbeat_on(outcome, message + 1);
        return;
    }
    program.quiet = false;
    outcome->next_heartbeat_ns = 0;
    switch (message[0]) {
    case 'R':
        outcome->fields.size = 0;
        add(&outcome->fields, message + 1);
        break;
    case 'D':
        outcome->done = true;
        break;
    case 'X':
        space = strchr(message, ' ');
        if (space) {
            *space = 0;
            conclude(outcome, message + 1, space + 1);
        }
        break;
    default:
        if (outcome->receive)
            outcome->receive(outcome->context, message);
    }
}

/* A line that a runtime printed: passed on, if that does not block, and kept if it is an error. */
static void handle_printed(Outcome *outcome, char *line)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    size_t size = strnlen(line, 500);
    for (char *at = line; *at; at++)
        if (!isprint((unsigned char)*at))
            *at = '?';
    if (strncmp(line, "ERROR", 5) == 0) {
        outcome->runtime_error.size = 0;
        char *text = strstr(line, "] ") ? strstr(line, "] ") + 2 : line;
        add_bytes(&outcome->runtime_error, text, strnlen(text, 300));
    }
    if (strncmp(line, "INFO", 4) == 0 || strncmp(line, "WARNING", 7) == 0)
        return;
    if (poll(&out, 1, 0) == 1 && out.revents == POLLOUT)
        dprintf(STDERR_FILENO, "%.*s\n", (int)size, line);
}

/* Read what a pipe holds and handle its whole lines. False once it is closed. */
static bool read_lines(int pipe, Text *rest, void (*handle)(Outcome *, char *), Outcome *outcome)
{
    char part[4096];
    ssize_t size = read(pipe, part, sizeof part);
    if (size <= 0)
        return size < 0 && (errno == EAGAIN || errno == EINTR);
    for (ssize_t i = 0; i < size; i++) {
        if (part[i] != '\n') {
            if (rest->size < LARGEST_MESSAGE)
                add_bytes(rest, &part[i], 1);
            continue;
        }
        if (rest->size)
            handle(outcome, rest->data);
        rest->size = 0;
    }
    return true;
}

static bool child_is_stopped(void)
{
    siginfo_t info = {0};
    waitid(P_PID, (id_t)program.child, &info, WSTOPPED | WNOHANG | WNOWAIT);
    return info.si_pid != 0;
}

/* Until the job is done, its process is gone, stopped or without a heartbeat, or the time is up. */
static void follow_job(Outcome *outcome, int messages, int output, int64_t until)
{
    struct pollfd in[2] = {{.fd = messages, .events = POLLIN}, {.fd = output, .events = POLLIN}};
    int stopped = 0;
    while (!outcome->done) {
        int64_t beat = outcome->next_heartbeat_ns ? outcome->next_heartbeat_ns : INT64_MAX;
        if (now_ns() >= until) {
            conclude(outcome, "time", "the time limit was reached");
            return;
        }
        if (now_ns() >= beat) {
            conclude(outcome, "time", "it hangs: an inference never came to its end");
            return;
        }
        if (stopped > 2) {
            conclude(outcome, "crash", "its process was stopped (signal 19)");
            kill(program.child, SIGKILL);
            return;
        }
        int64_t look = program.quiet ? INT64_MAX : after(LOOK_S);
        if (!attend(in, 2, earlier(earlier(until, beat), look))) {
            stopped = child_is_stopped() ? stopped + 1 : 0;
            continue;
        }
        if (in[1].revents && !read_lines(output, &outcome->partial_line, handle_printed, outcome))
            in[1].fd = -1;
        if (in[0].revents &&
            !read_lines(messages, &outcome->partial_message, handle_message, outcome))
            break;
    }
    while (in[1].fd >= 0 && poll(&in[1], 1, 0) == 1 &&
           read_lines(output, &outcome->partial_line, handle_printed, outcome) && now_ns() < until)
        continue;
}

static void name_ending(Outcome *outcome, int status)
{
    char how[64];
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "the runtime crashed (signal %d)", WTERMSIG(status));
    else
        snprintf(how, sizeof how, "the runtime crashed (exit code %d)", WEXITSTATUS(status));
    conclude(outcome, "crash", how);
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static bool make_pipes(int messages[2], int output[2], int answers[2])
{
    if (pipe2(messages, O_CLOEXEC) != 0)
        return false;
    if (pipe2(output, O_CLOEXEC) == 0) {
        if (pipe2(answers, O_CLOEXEC) == 0)
            return true;
        close_both(output);
    }
    close_both(messages);
    return false;
}

static bool start_job(const Job *job, int messages[2], int output[2], int answers[2])
{
    if (!make_pipes(messages, output, answers))
        return false;
    program.child = fork();
    if (program.child == 0) {
        become_child();
        to_parent = messages[1];
        heartbeat.answers = answers[0];
        heartbeat.every_ns = (int64_t)(job->alive_s * 1e9);
        close(answers[1]);
        dup2(output[1], STDOUT_FILENO); /* what a runtime prints must not get between the answers */
        dup2(output[1], STDERR_FILENO);
        dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
        do_job(job);
    }
    close(messages[1]);
    close(output[1]);
    close(answers[0]);
    if (program.child > 0) {
        setpgid(program.child, program.child);
        return true;
    }
    program.child = 0;
    close(messages[0]);
    close(output[0]);
    close(answers[1]);
    return false;
}

/* Run one job in a process of its own; its result, or why there is none, stands in `outcome`. */
static void run_job(const Job *job, Outcome *outcome)
{
    int messages[2], output[2], answers[2], status = 0;
    int64_t until = earlier(program.deadline_ns, after(job->limit_s));
    if (now_ns() >= program.deadline_ns) {
        conclude(outcome, "time", "the time limit was reached before its turn");
        return;
    }
    if (!start_job(job, messages, output, answers)) {
        conclude(outcome, "crash", "no process can be started");
        return;
    }
    outcome->answers = answers[1];
    follow_job(outcome, messages[0], output[0], until);
    program.quiet = false;
    reap(strcmp(outcome->cause, "time") == 0 ? 0 : COMMAND_S, &status);
    if (!outcome->done)
        name_ending(outcome, status);
    if (strcmp(outcome->cause, "archive") == 0)
        conclude(outcome, "model", c_string(&outcome->error));
    if (strcmp(outcome->cause, "model") == 0 && outcome->runtime_error.size)
        addf(&outcome->error, ": %s", c_string(&outcome->runtime_error));
    close(messages[0]);
    close(output[0]);
    close(answers[1]);
}

static void drop_outcome(Outcome *outcome)
{
    free(outcome->error.data);
    free(outcome->fields.data);
    free(outcome->runtime_error.data);
    free(outcome->partial_message.data);
    free(outcome->partial_line.data);
}

static void add_error(Text *text, const char *cause, const char *error)
{
    add(text, "\"error\":");
    add_quoted(text, error, 500);
    addf(text, ",\"cause\":\"%s\"", cause);
}
