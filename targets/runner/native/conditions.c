/* The machine's condition: load, clock, temperature and a reference time; and waiting for calm. */

static double load1(void)
{
    char line[128], *end;
    if (!small_text("/proc/loadavg", line, sizeof line))
        return NAN;
    double load = strtod(line, &end);
    return end == line ? NAN : load;
}

static double temperature_c(const Value *sensors)
{
    return largest(get(sensors, "temperature_mc")) / 1000;
}

static int compare_ns(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static int64_t median_ns(int64_t *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, compare_ns);
    return samples[count / 2];
}

/* The processors among `cores` that this process may use, into `found`; how many there are. The
   others are named in `lacking`. */
static int usable_cores(const Value *cores, cpu_set_t *found, Text *lacking)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    CPU_ZERO(found);
    sched_getaffinity(0, sizeof allowed, &allowed);
    for (const Value *core = cores->first; core; core = core->next) {
        double number = number_of(core, -1, 1e9, -1);
        if (number >= 0 && number < CPU_SETSIZE && CPU_ISSET((size_t)number, &allowed))
            CPU_SET((size_t)number, found);
        else
            addf(lacking, "%s%.0f", lacking->size ? ", " : "", number);
    }
    return CPU_COUNT(found);
}

/* Median time of a fixed matrix product: the same machine at the same speed, the same time. */
static double reference_ms(const Value *cores)
{
    enum { SIDE = 96, TIMES = 15, FIRST = 2 };
    static float a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
    int64_t samples[TIMES];
    volatile float used = 0;
    Text lacking = {0};
    cpu_set_t before, cores_there;
    bool moved = usable_cores(cores, &cores_there, &lacking) > 0 &&
                 sched_getaffinity(0, sizeof before, &before) == 0 &&
                 sched_setaffinity(0, sizeof cores_there, &cores_there) == 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        a[i / SIDE][i % SIDE] = (float)(i % 7) * 0.25f;
        b[i / SIDE][i % SIDE] = (float)(i % 5) * 0.5f;
    }
    for (int turn = -FIRST; turn < TIMES; turn++) {
        int64_t began = now_ns();
        memset(c, 0, sizeof c);
        for (int i = 0; i < SIDE; i++)
            for (int k = 0; k < SIDE; k++)
                for (int j = 0; j < SIDE; j++)
                    c[i][j] += a[i][k] * b[k][j];
        used = c[SIDE - 1][SIDE - 1];
        if (turn >= 0)
            samples[turn] = now_ns() - began;
    }
    (void)used;
    if (moved)
        sched_setaffinity(0, sizeof before, &before);
    free(lacking.data);
    return (double)median_ns(samples, TIMES) / 1e6;
}

static void add_readings(Text *text, const Value *commands)
{
    bool any = false;
    add(text, "{");
    for (const Value *words = commands->first; words; words = words->next) {
        Text output = {0};
        const char *fault;
        if (words->key && run_command(words, &output, false, &fault) == 0) {
            const char *printed = c_string(&output) + strspn(c_string(&output), BLANKS);
            size_t size = strnlen(printed, KEPT_OUTPUT);
            while (size && strchr(BLANKS, printed[size - 1]))
                size--;
            add(text, any ? "," : "");
            add_string(text, words->key);
            add(text, ":");
            add_quoted(text, printed, size);
            any = true;
        }
        free(output.data);
    }
    add(text, "}");
}

/* The machine's state; nothing once the time is over. */
static void add_conditions(Text *text, const Value *request)
{
    char governor[64] = "";
    const Value *sensors = get(request, "sensors");
    if (now_ns() >= program.deadline_ns) {
        add(text, "{}");
        return;
    }
    glob_t files = matches(get(sensors, "governor"));
    for (size_t i = 0; i < files.gl_pathc && !*governor; i++)
        small_text(files.gl_pathv[i], governor, sizeof governor);
    globfree(&files);
    add(text, "{\"load1\":");
    add_number(text, "%.2f", load1());
    add(text, ",\"clock_mhz\":");
    add_number(text, "%.0f", floor(largest(get(sensors, "clock_khz")) / 1000));
    add(text, ",\"governor\":");
    if (*governor)
        add_string(text, governor);
    else
        add(text, "null");
    add(text, ",\"temperature_c\":");
    add_number(text, "%.3f", temperature_c(sensors));
    add(text, ",\"reference_ms\":");
    add_number(text, "%.6f", reference_ms(get(request, "cores")));
    add(text, ",\"busiest\":");
    add_busiest(text);
    add(text, ",\"told\":");
    add_readings(text, get(sensors, "commands"));
    add(text, "}");
}

/* Wait for a cool and idle machine, but not for ever. */
static void wait_for_calm(const Value *calm, const Value *sensors)
{
    int64_t began = now_ns(), printed = 0;
    int64_t until = wait_end_ns(calm);
    double hottest = number_of(get(calm, "temperature_c"), -1e9, 1e9, INFINITY);
    double busiest = number_of(get(calm, "load_per_core"), 0, 1e9, INFINITY);
    for (;;) {
        double heat = temperature_c(sensors);
        double load = load1() / (double)sysconf(_SC_NPROCESSORS_ONLN);
        char reason[160];
        if (heat >= hottest) /* an unknown value is no reason to wait */
            snprintf(reason, sizeof reason, "the temperature is %.1f \u00b0C (limit %.1f)", heat,
                     hottest);
        else if (load >= busiest)
            snprintf(reason, sizeof reason, "the load per core is %.2f (limit %.2f)", load,
                     busiest);
        else
            return;
        if (now_ns() >= until)
            return;
        if (!printed || seconds_since(printed) >= REPORT_WAITING_S) {
            report_waiting("calm", reason, began);
            printed = now_ns();
        }
        pause_until(earlier(until, after(0.25)));
    }
}
