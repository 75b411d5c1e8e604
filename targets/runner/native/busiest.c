/* Which other processes keep the machine busy, from /proc. */

typedef struct {
    int id, parent;
    unsigned long long began, ticks; /* when it started, and the CPU it had; in clock ticks */
    bool ours;
    double share;
    char name[64];
} Process;

typedef struct {
    Process *all;
    size_t count;
    int64_t at_ns;
} Census;

/* One process from /proc/ID/stat; false where it is gone. */
static bool read_process(const char *id, Process *process)
{
    char path[64], line[1024];
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%.20s/stat", id);
    if (!small_text(path, line, sizeof line))
        return false;
    char *name = strchr(line, '('), *end = strrchr(line, ')');
    if (!name || !end || end < name)
        return false;
    *end = 0;
    snprintf(process->name, sizeof process->name, "%s", name + 1);
    process->id = atoi(id);
    int found = sscanf(end + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d"
                       " %*d %*d %*d %*d %llu", &process->parent, &user, &system, &process->began);
    process->ticks = user + system;
    return found == 4;
}

/* This program's own, and all that it has started. */
static void mark_ours(Census *census)
{
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < census->count; i++) {
            Process *each = &census->all[i];
            bool ours = each->id == (int)getpid();
            for (size_t k = 0; !ours && k < census->count; k++)
                ours = census->all[k].ours && census->all[k].id == each->parent;
            more = more || (ours && !each->ours);
            each->ours = ours;
        }
    }
}

static Census take_census(void)
{
    Census census = {.at_ns = now_ns()};
    size_t room = 0;
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        if (census.count == room) {
            Process *more = realloc(census.all, (room = 2 * room + 256) * sizeof *more);
            if (!more)
                leave(STOPPED, "out of memory");
            census.all = more;
        }
        Process *next = &census.all[census.count];
        *next = (Process){0};
        census.count += read_process(entry->d_name, next);
    }
    if (folder)
        closedir(folder);
    mark_ours(&census);
    return census;
}

static int compare_ids(const void *one, const void *other)
{
    return ((const Process *)one)->id - ((const Process *)other)->id;
}

static int compare_shares(const void *one, const void *other)
{
    double a = ((const Process *)one)->share, b = ((const Process *)other)->share;
    return (a < b) - (a > b);
}

/* The three busiest other processes since the last reading, with the share of a CPU each had. */
static void add_busiest(Text *text)
{
    static Census last;
    Census now = take_census();
    double ticks = (double)sysconf(_SC_CLK_TCK) * (double)(now.at_ns - last.at_ns) / 1e9;
    if (now.count)
        qsort(now.all, now.count, sizeof *now.all, compare_ids);
    Process *ranked = allocate(now.count, sizeof *ranked);
    for (size_t i = 0; last.at_ns && i < now.count; i++) {
        Process *found = last.count ? bsearch(&now.all[i], last.all, last.count, sizeof *last.all,
                                              compare_ids) : NULL;
        bool same = found && found->began == now.all[i].began;
        ranked[i] = now.all[i];
        if (!ranked[i].ours && ticks > 0)
            ranked[i].share = (double)(ranked[i].ticks - (same ? found->ticks : 0)) / ticks;
    }
    qsort(ranked, now.count, sizeof *ranked, compare_shares);
    add(text, "[");
    for (size_t i = 0; i < 3 && i < now.count && ranked[i].share >= 0.01; i++) {
        add(text, i ? ",[" : "[");
        add_string(text, ranked[i].name);
        addf(text, ",%.2f]", ranked[i].share);
    }
    add(text, "]");
    free(ranked);
    free(last.all);
    last = now;
}
