/* The lock: a file that several users may share, even in a sticky folder. */

static bool is_current(const char *path)
{
    struct stat held, there;
    return fstat(program.lock, &held) == 0 && stat(path, &there) == 0 &&
           held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

static const char *lock_path;

/* Write into it who holds it, if the file is our own and has no other name. */
static void note_holder(const char *text)
{
    struct stat facts;
    if (fstat(program.lock, &facts) != 0 || facts.st_uid != geteuid() || facts.st_nlink != 1 ||
        !is_current(lock_path))
        return;
    int file = open(lock_path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return;
    write_all(file, text, strlen(text));
    close(file);
}

static void empty_lock(void)
{
    note_holder("");
}

static int open_lock(const char *path)
{
    const int wary = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    char reason[512];
    struct stat facts;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | wary, 0644);
    if (file >= 0) {
        fchmod(file, 0644); /* whatever the umask: others are to wait for it too */
        close(file);
    }
    file = open(path, O_RDONLY | wary);
    if (file >= 0 && fstat(file, &facts) == 0 && S_ISREG(facts.st_mode))
        return file;
    snprintf(reason, sizeof reason, "the lock %.300s cannot be opened: %s", path,
             file < 0 ? strerror(errno) : "it is no file");
    refuse("locked", reason);
}

/* Who holds the lock, in words. */
static void name_holder(const char *path, char *reason, size_t room)
{
    char holder[200];
    ssize_t size = pread(program.lock, holder, sizeof holder - 1, 0);
    holder[size > 0 ? size : 0] = 0;
    holder[strcspn(holder, "\r\n")] = 0;
    snprintf(reason, room, "%.300s is locked by %s", path, *holder ? holder : "another program");
}

/* Hold the lock from here to the end, or refuse. */
static void take_lock(const Value *lock)
{
    const char *path = text_of(get(lock, "path"), ""), *client = getenv("SSH_CLIENT");
    int64_t began = now_ns(), reported = 0;
    int64_t until = wait_end_ns(lock);
    char text[600];
    if (lock->kind != TABLE)
        return;
    lock_path = path;
    for (;;) {
        program.lock = open_lock(path);
        if (flock(program.lock, LOCK_EX | LOCK_NB) == 0 && is_current(path))
            break; /* otherwise somebody took the file away: lock the one that came instead */
        name_holder(path, text, sizeof text);
        if (now_ns() >= until)
            refuse("locked", text);
        if (!reported || seconds_since(reported) >= REPORT_WAITING_S) {
            report_waiting("lock", text, began);
            reported = now_ns();
        }
        pause_until(earlier(until, after(0.1)));
        close(program.lock);
    }
    program.lock_held = true;
    size_t size = client ? strcspn(client, " \r\n") : 0;
    const char *by = text_of(get(lock, "by"), "");
    snprintf(text, sizeof text, "process %ld%s%.100s%s%.*s\n", (long)getpid(), *by ? ", for " : "",
             by, size ? ", asked from " : "", (int)(size < 50 ? size : 50), client ? client : "");
    note_holder(text);
}
