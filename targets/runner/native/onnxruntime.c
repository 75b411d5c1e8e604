/* ONNX Runtime through its C interface, any version. */

/* OrtApi is a table of functions to which newer versions only append, so that places are stable;
   gaps are functions that are not used here. Those that can fail return a status or NULL. */
typedef void (*OrtGap)(void);
typedef void OrtStatus;

typedef struct {
    OrtGap gap0[2];
    const char *(*GetErrorMessage)(const OrtStatus *);                           /* 2 */
    OrtStatus *(*CreateEnv)(int, const char *, void **);                         /* 3 */
    OrtGap gap4[3];
    OrtStatus *(*CreateSession)(void *, const char *, void *, void **);          /* 7 */
    OrtStatus *(*CreateSessionFromArray)(void *, const void *, size_t, void *, void **);
    OrtStatus *(*Run)(void *, void *, const char *const *, void *const *, size_t,
                      const char *const *, size_t, void **);                     /* 9 */
    OrtStatus *(*CreateSessionOptions)(void **);                                 /* 10 */
    OrtGap gap11[13];
    OrtStatus *(*SetIntraOpNumThreads)(void *, int);                             /* 24 */
    OrtStatus *(*SetInterOpNumThreads)(void *, int);                             /* 25 */
    OrtGap gap26[4];
    OrtStatus *(*SessionGetInputCount)(const void *, size_t *);                  /* 30 */
    OrtStatus *(*SessionGetOutputCount)(const void *, size_t *);                 /* 31 */
    OrtGap gap32;
    OrtStatus *(*SessionGetInputTypeInfo)(const void *, size_t, void **);        /* 33 */
    OrtStatus *(*SessionGetOutputTypeInfo)(const void *, size_t, void **);       /* 34 */
    OrtGap gap35;
    OrtStatus *(*SessionGetInputName)(const void *, size_t, void *, char **);    /* 36 */
    OrtStatus *(*SessionGetOutputName)(const void *, size_t, void *, char **);   /* 37 */
    OrtGap gap38[11];
    OrtStatus *(*CreateTensorWithDataAsOrtValue)(const void *, void *, size_t, const int64_t *,
                                                 size_t, int, void **);          /* 49 */
    OrtStatus *(*IsTensor)(const void *, int *);                                 /* 50 */
    OrtStatus *(*GetTensorMutableData)(void *, void **);                         /* 51 */
    OrtGap gap52[3];
    OrtStatus *(*CastTypeInfoToTensorInfo)(const void *, const void **);         /* 55 */
    OrtGap gap56[4];
    OrtStatus *(*GetTensorElementType)(const void *, int *);                     /* 60 */
    OrtStatus *(*GetDimensionsCount)(const void *, size_t *);                    /* 61 */
    OrtStatus *(*GetDimensions)(const void *, int64_t *, size_t);                /* 62 */
    OrtGap gap63[2];
    OrtStatus *(*GetTensorTypeAndShape)(const void *, void **);                  /* 65 */
    OrtGap gap66[3];
    OrtStatus *(*CreateCpuMemoryInfo)(int, int, void **);                        /* 69 */
    OrtGap gap70[8];
    OrtStatus *(*GetAllocatorWithDefaultOptions)(void **);                       /* 78 */
    OrtGap gap79[15];
    void (*ReleaseMemoryInfo)(void *);                                           /* 94 */
    void (*ReleaseSession)(void *);                                              /* 95 */
    void (*ReleaseValue)(void *);                                                /* 96 */
    OrtGap gap97;
    void (*ReleaseTypeInfo)(void *);                                             /* 98 */
    void (*ReleaseTensorTypeAndShapeInfo)(void *);                               /* 99 */
    void (*ReleaseSessionOptions)(void *);                                       /* 100 */
} OrtApi;

_Static_assert(offsetof(OrtApi, GetTensorTypeAndShape) == 65 * sizeof(OrtGap), "OrtApi place 65");
_Static_assert(offsetof(OrtApi, ReleaseSessionOptions) == 100 * sizeof(OrtGap), "OrtApi place 100");

typedef struct {
    const OrtApi *(*GetApi)(uint32_t);
    const char *(*GetVersionString)(void);
} OrtApiBase;

enum { ORT_FATAL = 4, ORT_ARENA = 1, ORT_DEFAULT_MEMORY = 0 };
enum { SESSION, SETTINGS, MEMORY };

static const OrtApi *ort;
static OrtStatus *ort_ran_into;

static void ort_check(OrtStatus *status)
{
    if (status)
        fail("model", "ONNX Runtime: %.400s", ort->GetErrorMessage(status));
}

static const Type ORT_TYPES[] = {OTHER, F32,   U8,   I8,  U16, I16, I32,
                                 I64,   OTHER, BOOL, F16, F64, U32, U64};
enum { ORT_TYPE_COUNT = sizeof ORT_TYPES / sizeof *ORT_TYPES };

static Type ort_type(int code)
{
    return code >= 0 && code < ORT_TYPE_COUNT ? ORT_TYPES[code] : OTHER;
}

static int ort_code(Type type)
{
    int code = 0;
    while (code < ORT_TYPE_COUNT - 1 && ORT_TYPES[code] != type)
        code++;
    return code;
}

static void ort_open(const char *path)
{
    void *library = open_library(path);
    void *found = dlsym(library, "OrtGetApiBase");
    const OrtApiBase *(*base)(void);
    if (!found)
        fail("runtime", "OrtGetApiBase is missing in the library, which must be ONNX Runtime");
    memcpy(&base, &found, sizeof found);
    ort = base()->GetApi(1);
    if (!ort)
        fail("runtime", "ONNX Runtime %s has no C interface", base()->GetVersionString());
    if (ort->CreateEnv(ORT_FATAL, "edgehone", &environment))
        fail("runtime", "ONNX Runtime does not start");
    addf(&version, "onnxruntime %.100s", base()->GetVersionString());
}

/* Type and shape as a tensor's information says. */
static void ort_shape(Tensor *tensor, const void *facts)
{
    int type = 0;
    ort_check(ort->GetTensorElementType(facts, &type));
    tensor->type = ort_type(type);
    ort_check(ort->GetDimensionsCount(facts, &tensor->rank));
    if (tensor->rank > MOST_DIMENSIONS)
        fail("model", "a tensor has %zu dimensions", tensor->rank);
    ort_check(ort->GetDimensions(facts, tensor->shape, tensor->rank));
}

static void ort_tensor(Model *model, void *allocator, size_t index, bool input)
{
    void *session = model->handles[SESSION], *info = NULL;
    Tensor *tensor = input ? &model->in[index] : &model->out[index];
    size_t place = input ? index : model->ins + index;
    const void *facts = NULL;
    char *name = NULL;
    ort_check((input ? ort->SessionGetInputName : ort->SessionGetOutputName)(session, index,
                                                                             allocator, &name));
    model->names[place] = name;
    ort_check((input ? ort->SessionGetInputTypeInfo
                     : ort->SessionGetOutputTypeInfo)(session, index, &info));
    ort_check(ort->CastTypeInfoToTensorInfo(info, &facts));
    tensor->type = OTHER;
    if (facts)
        ort_shape(tensor, facts);
    ort->ReleaseTypeInfo(info);
    if (!input)
        return; /* outputs are what a run gives */
    for (size_t i = 0; i < tensor->rank; i++)
        tensor->shape[i] = tensor->shape[i] < 1 ? 1 : tensor->shape[i];
    allocate_tensor(tensor, "input");
    ort_check(ort->CreateTensorWithDataAsOrtValue(
        model->handles[MEMORY], tensor->data, tensor->count * TYPES[tensor->type].size,
        tensor->shape, tensor->rank, ort_code(tensor->type), &model->arguments[place]));
}

static void ort_load(Model *model, const char *path, const void *content, size_t size)
{
    void **handles = model->handles, *allocator = NULL;
    ort_check(ort->CreateSessionOptions(&handles[SETTINGS]));
    ort_check(ort->SetIntraOpNumThreads(handles[SETTINGS], model->threads));
    ort_check(ort->SetInterOpNumThreads(handles[SETTINGS], 1));
    ort_check(path ? ort->CreateSession(environment, path, handles[SETTINGS], &handles[SESSION])
                   : ort->CreateSessionFromArray(environment, content, size, handles[SETTINGS],
                                                 &handles[SESSION]));
    ort_check(ort->SessionGetInputCount(handles[SESSION], &model->ins));
    ort_check(ort->SessionGetOutputCount(handles[SESSION], &model->outs));
    ort_check(ort->GetAllocatorWithDefaultOptions(&allocator));
    ort_check(ort->CreateCpuMemoryInfo(ORT_ARENA, ORT_DEFAULT_MEMORY, &handles[MEMORY]));
    allocate_tensors(model);
    for (size_t i = 0; i < model->ins; i++)
        ort_tensor(model, allocator, i, true);
    for (size_t i = 0; i < model->outs; i++)
        ort_tensor(model, allocator, i, false);
}

static void ort_fed(Model *model, size_t index)
{
    (void)model, (void)index; /* the runtime reads the tensor's own memory */
}

static bool ort_run(Model *model)
{
    ort_ran_into = ort->Run(model->handles[SESSION], NULL, model->names, model->arguments,
                            model->ins, model->names + model->ins, model->outs,
                            model->arguments + model->ins);
    return !ort_ran_into;
}

/* The last run's outputs go, so that the next one has room for its own. */
static void ort_ran(Model *model, bool fine)
{
    if (!fine)
        ort_check(ort_ran_into);
    for (size_t i = model->ins; i < model->ins + model->outs; i++) {
        ort->ReleaseValue(model->arguments[i]);
        model->arguments[i] = NULL;
    }
}

static void ort_fetch(Model *model, size_t index)
{
    void *value = model->arguments[model->ins + index], *info = NULL, *memory = NULL;
    Tensor *tensor = &model->out[index];
    int is_tensor = 0;
    ort_check(ort->IsTensor(value, &is_tensor));
    if (!is_tensor)
        fail("model", "an output is no tensor");
    ort_check(ort->GetTensorTypeAndShape(value, &info));
    ort_shape(tensor, info);
    ort->ReleaseTensorTypeAndShapeInfo(info);
    free(tensor->data);
    tensor->data = NULL;
    allocate_tensor(tensor, "output");
    ort_check(ort->GetTensorMutableData(value, &memory));
    memcpy(tensor->data, memory, tensor->count * TYPES[tensor->type].size);
}

static void ort_drop(Model *model)
{
    for (size_t i = 0; i < model->ins + model->outs; i++)
        ort->ReleaseValue(model->arguments[i]);
    ort->ReleaseMemoryInfo(model->handles[MEMORY]);
    ort->ReleaseSession(model->handles[SESSION]);
    ort->ReleaseSessionOptions(model->handles[SETTINGS]);
    free_tensors(model);
}
