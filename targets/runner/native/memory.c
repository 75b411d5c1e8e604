/* How much memory a model takes: resident sizes before, loaded, running, and at the peak. */

/* A size from this process's status, in bytes; -1 where the system has none. */
static long long status_bytes(const char *key)
{
    Text status = {0};
    long long kib = -1;
    if (read_file("/proc/self/status", 1 << 16, &status)) {
        const char *found = strstr(c_string(&status), key);
        if (found)
            sscanf(found + strlen(key), ": %lld", &kib);
    }
    free(status.data);
    return kib < 0 ? -1 : kib * 1024;
}

static long long peak_by_usage(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (long long)usage.ru_maxrss * 1024;
}

/* Reset the kernel's record of the highest resident size; false where that cannot be done. */
static bool clear_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    bool fine = file >= 0 && write(file, "5", 1) == 1;
    if (file >= 0)
        close(file);
    return fine && status_bytes("VmHWM") >= 0;
}

/* Bring the libraries' pages into memory first, or they would count as the model's. */
static void touch_libraries(void)
{
    Text maps = {0};
    long page = sysconf(_SC_PAGESIZE);
    unsigned char sum = 0;
    if (!read_file("/proc/self/maps", 1 << 24, &maps))
        return;
    for (char *line = strtok(maps.data, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long long low, high;
        char mode[8];
        if (sscanf(line, "%llx-%llx %7s", &low, &high, mode) != 3 || mode[0] != 'r' ||
            !strstr(line, ".so"))
            continue;
        for (; low < high; low += (unsigned long long)page)
            sum ^= *(const volatile unsigned char *)(uintptr_t)low;
    }
    (void)sum;
    free(maps.data);
}

/* The resident size now. */
static long long resident_bytes(void)
{
    long long found = status_bytes("VmRSS");
    return found < 0 ? peak_by_usage() : found;
}

static long long larger(long long one, long long other)
{
    return one > other ? one : other;
}

static void memory_job(const Job *job)
{
    Model model;
    Text text = {0};
    touch_libraries();
    bool cleared = clear_peak();
    long long before = resident_bytes();
    load_file(&model, job);
    long long loaded = larger(resident_bytes() - before, 0);
    fill_inputs(&model, job);
    for (int i = 0; i < 5; i++)
        infer(&model);
    long long steady = larger(resident_bytes() - before, 0);
    long long process = cleared ? status_bytes("VmHWM") : peak_by_usage();
    long long peak = larger(process - before, larger(loaded, steady));
    addf(&text, "R\"peak\":%lld,\"model\":%lld,\"steady\":%lld,\"process\":%lld,\"how\":\"%s\"",
         peak, loaded, steady, process, cleared ? "VmHWM" : "getrusage");
    send_message(&text);
}
