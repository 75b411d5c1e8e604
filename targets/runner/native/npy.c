/* .npy files of float32 in C order (NumPy's NEP 1): read sample by sample, and begun. */

enum { LARGEST_HEADER = 1 << 20 };

typedef struct {
    FILE *file;
    size_t rank, samples, count; /* count: elements of one sample */
    int64_t shape[MOST_DIMENSIONS + 1];
} Data;

/* Pass blanks, and a mark that follows them; false where another follows. */
static bool passed(const char **at, const char *mark)
{
    size_t size = strlen(mark);
    *at += strspn(*at, " \t\r\n");
    if (strncmp(*at, mark, size) != 0)
        return false;
    *at += size;
    return true;
}

/* A tuple of sides, as Python writes it: "(3,)" has one, "(3)" is none. */
static bool read_shape(const char **at, Data *data)
{
    bool comma = true;
    if (!passed(at, "("))
        return false;
    while (!passed(at, ")")) {
        char *end;
        bool zeros = (*at)[0] == '0' && isdigit((unsigned char)(*at)[1]);
        if (!comma || !isdigit((unsigned char)**at) || zeros || data->rank > MOST_DIMENSIONS)
            return false;
        errno = 0;
        data->shape[data->rank++] = strtoll(*at, &end, 10);
        if (errno)
            return false;
        *at = end;
        comma = passed(at, ",");
    }
    return data->rank > 1 || (data->rank == 1 && comma);
}

/* The header, a Python dictionary of three entries; NULL, or what is wrong with it. */
static const char *read_header(const char *at, const char *end, Data *data)
{
    static const char malformed[] = "is no .npy file";
    static const char other[] = "must hold float32 numbers in C order";
    bool type = false, order = false, shape = false, comma = true;
    if (!passed(&at, "{"))
        return malformed;
    while (!passed(&at, "}")) {
        if (!comma)
            return malformed;
        if (!type && passed(&at, "'descr'") && passed(&at, ":")) {
            if (!(type = passed(&at, "'<f4'")))
                return other;
        } else if (!order && passed(&at, "'fortran_order'") && passed(&at, ":")) {
            if (!(order = passed(&at, "False")))
                return other;
        } else if (!shape && passed(&at, "'shape'") && passed(&at, ":")) {
            if (!(shape = read_shape(&at, data)))
                return "has no shape of samples";
        } else {
            return malformed;
        }
        comma = passed(&at, ",");
    }
    passed(&at, "");
    return type && order && shape && at == end ? NULL : malformed;
}

static Data open_data(const char *path)
{
    Data data = {.file = fopen(path, "rbe"), .count = 1};
    unsigned char start[12] = {0};
    struct stat info;
    if (!data.file || fstat(fileno(data.file), &info) != 0)
        fail("model", "%.200s cannot be read: %s", path, strerror(errno));
    size_t got = fread(start, 1, 10, data.file), size = start[8] | (size_t)start[9] << 8;
    if (got != 10 || memcmp(start, "\x93NUMPY", 6) != 0 || start[6] < 1 || start[6] > 3 || start[7])
        fail("model", "%.200s is no .npy file", path);
    if (start[6] > 1 && fread(start + 10, 1, 2, data.file) == 2)
        size |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    char *header = size <= LARGEST_HEADER ? allocate(size + 1, 1) : NULL;
    if (!header || fread(header, 1, size, data.file) != size)
        fail("model", "%.200s is no .npy file", path);
    const char *fault = read_header(header, header + size, &data);
    if (fault)
        fail("model", "%.200s %s", path, fault);
    free(header);
    data.samples = (size_t)data.shape[0];
    for (size_t i = 0; i < data.rank; i++) {
        uint64_t side = (uint64_t)data.shape[i]; /* which a 32-bit size_t may not hold */
        if (side > MOST_ELEMENTS || (i && side && data.count > MOST_ELEMENTS / side))
            fail("model", "%.200s is larger than any memory", path);
        data.count *= i ? (size_t)side : 1;
    }
    off_t room = info.st_size - ftello(data.file);
    if (room < 0 || (data.count && data.samples > (uint64_t)room / sizeof(float) / data.count))
        fail("model", "%.200s is cut short", path);
    return data;
}

static void name_shape(Text *text, const int64_t *shape, size_t rank)
{
    add(text, "[");
    for (size_t i = 0; i < rank; i++)
        addf(text, "%s%lld", i ? ", " : "", (long long)shape[i]);
    add(text, "]");
}

/* Sides of 1 apart, samples must have the shape of the model's input. */
static void check_shape(const Tensor *tensor, const Data *data)
{
    size_t i = 0, k = 1;
    for (;;) {
        while (i < tensor->rank && tensor->shape[i] == 1)
            i++;
        while (k < data->rank && data->shape[k] == 1)
            k++;
        if (i == tensor->rank || k == data->rank)
            break;
        if (tensor->shape[i] != data->shape[k])
            break;
        i++, k++;
    }
    if (i == tensor->rank && k == data->rank)
        return;
    Text takes = {0}, is = {0};
    name_shape(&takes, tensor->shape, tensor->rank);
    name_shape(&is, data->shape + 1, data->rank - 1);
    fail("model", "the model takes %s, the data is %s", c_string(&takes), c_string(&is));
}

/* The header of version 1.0: its length is a multiple of 64. A leading side of 1 is left out. */
static void write_npy_header(FILE *file, size_t samples, const Tensor *tensor)
{
    Text text = {0};
    size_t skipped = tensor->rank && tensor->shape[0] == 1;
    addf(&text, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu,", samples);
    for (size_t i = skipped; i < tensor->rank; i++)
        addf(&text, " %lld,", (long long)tensor->shape[i]);
    add(&text, "), }");
    while ((10 + text.size + 1) % 64)
        add(&text, " ");
    add(&text, "\n");
    unsigned char start[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)text.size,
                             (unsigned char)(text.size >> 8)};
    fwrite(start, 1, sizeof start, file);
    fwrite(text.data, 1, text.size, file);
    free(text.data);
}

static void read_sample(Data *data, float *sample)
{
    if (fread(sample, sizeof *sample, data->count, data->file) != data->count)
        fail("model", "the data is cut short");
}
