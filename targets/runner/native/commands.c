/* Commands that sensors and settings name: run without a shell, with a time limit. */

enum { KEPT_OUTPUT = 4096 }; /* bytes kept of what a command prints */
static const double COMMAND_S = 5.0;

static void reap(double patience_s, int *status)
{
    int64_t until = after(patience_s);
    pid_t found = 0;
    while (program.child && (found = waitpid(program.child, status, WNOHANG)) == 0 &&
           now_ns() < until)
        pause_until(earlier(until, after(0.005)));
    if (found == 0 && program.child) {
        kill(-program.child, SIGKILL);
        kill(program.child, SIGKILL);
        for (until = after(COMMAND_S); waitpid(program.child, status, WNOHANG) == 0;) {
            if (now_ns() > until)
                break; /* it hangs in the kernel: nothing can be done about it */
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
    }
    program.child = 0;
}

/* In a new child: undo what is the parent's alone. */
static void become_child(void)
{
    program.leaving = true;
    program.set = false;
    program.lock_held = false;
    program.child = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != program.self)
        _exit(STOPPED); /* it was gone before that */
    setpgid(0, 0);
    signal(SIGALRM, SIG_DFL);
    for (int i = 0; i < ENDING_COUNT; i++)
        signal(ENDING[i].number, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &program.ordinary, NULL);
    if (program.lock >= 0)
        close(program.lock);
}

static _Noreturn void execute(const Value *words, int printed, bool with_errors)
{
    char **argv = allocate(words->count + 1, sizeof *argv);
    size_t size = 0;
    for (const Value *word = words->first; word; word = word->next)
        argv[size++] = (char *)(uintptr_t)text_of(word, "");
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(printed, STDOUT_FILENO);
    dup2(with_errors ? printed : nothing, STDERR_FILENO);
    if (size && argv[0][0])
        execvp(argv[0], argv);
    _exit(127);
}

/* Read what the child prints until it has ended and its pipe is empty, or the time is up. */
static bool read_output(int printed, Text *output)
{
    int64_t until = after(COMMAND_S);
    bool ended = false;
    for (;;) {
        char part[1024];
        struct pollfd in = {.fd = printed, .events = POLLIN};
        if (!attend(&in, 1, earlier(until, after(ended ? 0 : 0.02)))) {
            siginfo_t info = {0};
            if (ended || now_ns() >= until)
                return ended;
            waitid(P_PID, (id_t)program.child, &info, WEXITED | WNOHANG | WNOWAIT);
            ended = info.si_pid != 0;
            continue;
        }
        ssize_t size = read(printed, part, sizeof part);
        if (size == 0)
            return true;
        if (size > 0 && output->size < KEPT_OUTPUT)
            add_bytes(output, part, (size_t)size);
    }
}

/* Run a program without a shell: its exit code, or -1 and why it gave none. */
static int run_command(const Value *words, Text *output, bool with_errors, const char **why)
{
    int ends[2], status = 0;
    *why = "it is no list of words";
    if (words->kind != LIST || !words->count)
        return -1;
    *why = "no process can be started";
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    program.child = fork();
    if (program.child == 0) {
        become_child();
        execute(words, ends[1], with_errors);
    }
    close(ends[1]);
    if (program.child < 0) {
        program.child = 0;
        close(ends[0]);
        return -1;
    }
    setpgid(program.child, program.child);
    bool ended = read_output(ends[0], output);
    close(ends[0]);
    reap(ended ? 1.0 : 0.0, &status);
    *why = !ended ? "it did not end in time" : "it was killed";
    if (!ended || !WIFEXITED(status))
        return -1;
    *why = "it cannot be started";
    return WEXITSTATUS(status) == 127 && !output->size ? -1 : WEXITSTATUS(status);
}
