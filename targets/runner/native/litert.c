/* LiteRT through its C interface, 2.1 and newer. */

typedef struct {
    int32_t type;
    uint32_t rank_and_strides; /* 7 bits of rank, one that says whether strides are given */
    int32_t shape[8];
    uint32_t strides[8];
} LiteRtTensorType;

typedef struct {
    float scale;
    int64_t zero;
} LiteRtScale;

static int (*litert_input_name)(void *, size_t, const char **); /* NULL: too old to say */

static struct {
    int (*CreateEnvironment)(int, const void *, void **);
    int (*CreateModelFromFile)(void *, const char *, void **);
    int (*CreateModelFromBuffer)(void *, const void *, size_t, void **);
    int (*CreateOptions)(void **);
    int (*SetOptionsHardwareAccelerators)(void *, int);
    int (*CreateOpaqueOptions)(const char *, void *, void (*)(void *), void **);
    int (*AddOpaqueOptions)(void *, void *);
    int (*CreateCompiledModel)(void *, void *, void *, void **);
    int (*GetModelSignature)(void *, size_t, void **);
    int (*GetNumSignatureInputs)(void *, size_t *);
    int (*GetNumSignatureOutputs)(void *, size_t *);
    int (*GetSignatureInputTensorByIndex)(void *, size_t, void **);
    int (*GetSignatureOutputTensorByIndex)(void *, size_t, void **);
    int (*GetCompiledModelInputBufferRequirements)(void *, size_t, size_t, void **);
    int (*GetCompiledModelOutputBufferRequirements)(void *, size_t, size_t, void **);
    int (*GetRankedTensorType)(void *, LiteRtTensorType *);
    int (*GetQuantizationTypeId)(void *, int *);
    int (*GetPerTensorQuantization)(void *, LiteRtScale *);
    int (*GetTensorBufferRequirementsBufferSize)(void *, size_t *);
    int (*CreateManagedTensorBuffer)(void *, int, const LiteRtTensorType *, size_t, void **);
    int (*LockTensorBuffer)(void *, void **, int);
    int (*UnlockTensorBuffer)(void *);
    int (*RunCompiledModel)(void *, size_t, size_t, void **, size_t, void **);
    void (*DestroyTensorBuffer)(void *);
    void (*DestroyCompiledModel)(void *);
    void (*DestroyOptions)(void *);
    void (*DestroyModel)(void *);
} litert;

/* Up to 2.1.5: models without an environment, and options that were not yet texts. */
static struct {
    bool used;
    int (*CreateModelFromFile)(const char *, void **);
    int (*CreateModelFromBuffer)(const void *, size_t, void **);
    int (*CreateCpuOptions)(void **);
    int (*FindCpuOptions)(void *, void **);
    int (*SetCpuOptionsNumThread)(void *, int);
} litert_before;

typedef struct {
    const char *name;
    void *place;
} Symbol;

#define LITERT(name) {"LiteRt" #name, &litert.name}
static const Symbol LITERT_SYMBOLS[] = {
    LITERT(CreateEnvironment), LITERT(CreateModelFromFile), LITERT(CreateModelFromBuffer),
    LITERT(CreateOptions), LITERT(SetOptionsHardwareAccelerators), LITERT(CreateOpaqueOptions),
    LITERT(AddOpaqueOptions), LITERT(CreateCompiledModel), LITERT(GetModelSignature),
    LITERT(GetNumSignatureInputs), LITERT(GetNumSignatureOutputs),
    LITERT(GetSignatureInputTensorByIndex), LITERT(GetSignatureOutputTensorByIndex),
    LITERT(GetCompiledModelInputBufferRequirements),
    LITERT(GetCompiledModelOutputBufferRequirements), LITERT(GetRankedTensorType),
    LITERT(GetQuantizationTypeId), LITERT(GetPerTensorQuantization),
    LITERT(GetTensorBufferRequirementsBufferSize), LITERT(CreateManagedTensorBuffer),
    LITERT(LockTensorBuffer), LITERT(UnlockTensorBuffer), LITERT(RunCompiledModel),
    LITERT(DestroyTensorBuffer), LITERT(DestroyCompiledModel), LITERT(DestroyOptions),
    LITERT(DestroyModel),
};
#define LITERT_BEFORE(name) {"LiteRt" #name, &litert_before.name}
static const Symbol LITERT_BEFORE_SYMBOLS[] = {
    LITERT_BEFORE(CreateModelFromFile), LITERT_BEFORE(CreateModelFromBuffer),
    LITERT_BEFORE(CreateCpuOptions), LITERT_BEFORE(FindCpuOptions),
    LITERT_BEFORE(SetCpuOptionsNumThread),
};

enum { LITERT_CPU = 1, LITERT_HOST_MEMORY = 1, LITERT_READ = 0, LITERT_WRITE = 1 };
enum { MODEL, OPTIONS, COMPILED };

static void litert_check(int status, const char *what)
{
    if (status)
        fail("model", "LiteRT: %s failed (status %d)", what, status);
}

static Type litert_type(int32_t type)
{
    static const Type known[] = {OTHER, F32, I32, U8,  I64,   OTHER, BOOL, I16, OTHER, I8,
                                 F16,   F64, OTHER, U64, OTHER, OTHER, U32,  U16};
    return type >= 0 && (size_t)type < sizeof known / sizeof *known ? known[type] : OTHER;
}

static void find_symbols(void *library, const Symbol *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *found = dlsym(library, symbols[i].name);
        if (!found)
            fail("runtime", "%s is missing in the library, which must be LiteRT 2.1 or newer",
                 symbols[i].name);
        memcpy(symbols[i].place, &found, sizeof found);
    }
}

/* The version at the end of a library's name: ".so.2.3.0" gives "2.3.0". */
static const char *version_in(const char *path)
{
    const char *found = strstr(path, ".so."), *last = NULL;
    for (; found; found = strstr(found + 1, ".so."))
        last = found + 4;
    return last && !strchr(last, '/') ? last : "";
}

static void litert_open(const char *path)
{
    void *library = open_library(path);
    find_symbols(library, LITERT_SYMBOLS, sizeof LITERT_SYMBOLS / sizeof *LITERT_SYMBOLS);
    /* A function that was added together with the changes since. */
    litert_before.used = !dlsym(library, "LiteRtCreateModelFromAllocation");
    void *name = dlsym(library, "LiteRtGetSignatureInputName");
    memcpy(&litert_input_name, &name, sizeof name);
    if (litert_before.used)
        find_symbols(library, LITERT_BEFORE_SYMBOLS,
                     sizeof LITERT_BEFORE_SYMBOLS / sizeof *LITERT_BEFORE_SYMBOLS);
    if (litert.CreateEnvironment(0, NULL, &environment) != 0)
        fail("runtime", "LiteRT does not start");
    addf(&version, "libLiteRt%s%.100s", *version_in(path) ? " " : "", version_in(path));
}

static void keep(void *payload)
{
    (void)payload;
}

/* How the CPU is used; kernel mode 2: LiteRT's own kernels, without XNNPACK. */
static void *litert_cpu_options(const Model *model)
{
    static char text[64];
    void *opaque = NULL, *options = NULL;
    snprintf(text, sizeof text, "num_threads = %d\nkernel_mode = %d\n", model->threads,
             model->plain_kernels ? 2 : 0);
    if (!litert_before.used) {
        litert_check(litert.CreateOpaqueOptions("xnnpack", text, keep, &opaque), "CPU options");
        return opaque;
    }
    if (model->plain_kernels)
        fail("runtime", "this LiteRT cannot run without XNNPACK; that takes 2.1.6 or newer");
    litert_check(litert_before.CreateCpuOptions(&opaque), "CPU options");
    litert_check(litert_before.FindCpuOptions(opaque, &options), "CPU options");
    litert_check(litert_before.SetCpuOptionsNumThread(options, model->threads), "CPU options");
    return opaque;
}

static void litert_options(Model *model)
{
    void *options = NULL;
    litert_check(litert.CreateOptions(&options), "making options");
    model->handles[OPTIONS] = options;
    litert_check(litert.SetOptionsHardwareAccelerators(options, LITERT_CPU), "choosing the CPU");
    litert_check(litert.AddOpaqueOptions(options, litert_cpu_options(model)), "CPU options");
}

static void litert_tensor(Model *model, void *signature, size_t index, bool input)
{
    Tensor *tensor = input ? &model->in[index] : &model->out[index];
    void *handle = NULL, *needs = NULL, *compiled = model->handles[COMPILED];
    LiteRtTensorType type = {0};
    int quantization = 0;
    size_t bytes = 0;
    litert_check((input ? litert.GetSignatureInputTensorByIndex
                        : litert.GetSignatureOutputTensorByIndex)(signature, index, &handle),
                 "finding a tensor");
    litert_check((input ? litert.GetCompiledModelInputBufferRequirements
                        : litert.GetCompiledModelOutputBufferRequirements)(compiled, 0, index,
                                                                           &needs),
                 "asking for a buffer's size");
    litert_check(litert.GetRankedTensorType(handle, &type), "reading a tensor's type");
    tensor->type = litert_type(type.type);
    tensor->rank = type.rank_and_strides & 127;
    if (tensor->rank > MOST_DIMENSIONS)
        fail("model", "a tensor has %zu dimensions", tensor->rank);
    for (size_t i = 0; i < tensor->rank; i++) {
        type.shape[i] = type.shape[i] < 0 ? 1 : type.shape[i];
        tensor->shape[i] = type.shape[i];
    }
    allocate_tensor(tensor, input ? "input" : "output");
    LiteRtScale found = {0};
    if (litert.GetQuantizationTypeId(handle, &quantization) == 0 && quantization == 1 &&
        litert.GetPerTensorQuantization(handle, &found) == 0) {
        tensor->scale = (double)found.scale;
        tensor->zero = found.zero;
    }
    litert_check(litert.GetTensorBufferRequirementsBufferSize(needs, &bytes), "a buffer's size");
    if (bytes < tensor->count * TYPES[tensor->type].size)
        fail("model", "a tensor of %zu bytes has a buffer of %zu",
             tensor->count * TYPES[tensor->type].size, bytes);
    litert_check(litert.CreateManagedTensorBuffer(environment, LITERT_HOST_MEMORY,
                                                  &type, bytes, &tensor->handle),
                 "making a buffer");
    model->arguments[input ? index : model->ins + index] = tensor->handle;
    if (input && litert_input_name)
        litert_check(litert_input_name(signature, index, &model->names[index]), "an input's name");
}

static int litert_read(const char *path, const void *content, size_t size, void **model)
{
    if (litert_before.used)
        return path ? litert_before.CreateModelFromFile(path, model)
                    : litert_before.CreateModelFromBuffer(content, size, model);
    return path ? litert.CreateModelFromFile(environment, path, model)
                : litert.CreateModelFromBuffer(environment, content, size, model);
}

static void litert_load(Model *model, const char *path, const void *content, size_t size)
{
    void **handles = model->handles, *signature = NULL;
    litert_check(litert_read(path, content, size, &handles[MODEL]), "reading the model");
    litert_options(model);
    litert_check(litert.CreateCompiledModel(environment, handles[MODEL], handles[OPTIONS],
                                            &handles[COMPILED]),
                 "preparing the model");
    litert_check(litert.GetModelSignature(handles[MODEL], 0, &signature), "finding a signature");
    litert_check(litert.GetNumSignatureInputs(signature, &model->ins), "counting inputs");
    litert_check(litert.GetNumSignatureOutputs(signature, &model->outs), "counting outputs");
    allocate_tensors(model);
    for (size_t i = 0; i < model->ins; i++)
        litert_tensor(model, signature, i, true);
    for (size_t i = 0; i < model->outs; i++)
        litert_tensor(model, signature, i, false);
}

static void litert_fed(Model *model, size_t index)
{
    Tensor *tensor = &model->in[index];
    void *memory = NULL;
    litert_check(litert.LockTensorBuffer(tensor->handle, &memory, LITERT_WRITE),
                 "setting an input");
    memcpy(memory, tensor->data, tensor->count * TYPES[tensor->type].size);
    litert_check(litert.UnlockTensorBuffer(tensor->handle), "setting an input");
}

static bool litert_run(Model *model)
{
    return litert.RunCompiledModel(model->handles[COMPILED], 0, model->ins, model->arguments,
                                   model->outs, model->arguments + model->ins) == 0;
}

static void litert_ran(Model *model, bool fine)
{
    (void)model;
    litert_check(!fine, "running the model");
}

static void litert_fetch(Model *model, size_t index)
{
    Tensor *tensor = &model->out[index];
    void *memory = NULL;
    litert_check(litert.LockTensorBuffer(tensor->handle, &memory, LITERT_READ),
                 "reading an output");
    memcpy(tensor->data, memory, tensor->count * TYPES[tensor->type].size);
    litert_check(litert.UnlockTensorBuffer(tensor->handle), "reading an output");
}

static void litert_drop(Model *model)
{
    for (size_t i = 0; i < model->ins + model->outs; i++)
        litert.DestroyTensorBuffer(model->arguments[i]);
    litert.DestroyCompiledModel(model->handles[COMPILED]);
    litert.DestroyOptions(model->handles[OPTIONS]);
    litert.DestroyModel(model->handles[MODEL]);
    free_tensors(model);
}
