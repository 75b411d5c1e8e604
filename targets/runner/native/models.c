/* A loaded model and what a runtime is: the functions that each one provides. */

enum { MOST_TENSORS = 1024 };

static Text version;      /* of the runtime, with its name */
static void *environment; /* the runtime's own state, made before anything is measured */

typedef struct Model Model;

typedef struct {
    const char *name;
    void (*open)(const char *library); /* and fill `version` */
    /* Load a model from a file, or from `size` bytes at `content` that stay until `drop`. */
    void (*load)(Model *model, const char *path, const void *content, size_t size);
    void (*fed)(Model *model, size_t index); /* in[index].data has changed */
    bool (*run)(Model *model);               /* the only thing that is timed */
    void (*ran)(Model *model, bool fine);    /* tidies up after it, or fails */
    void (*fetch)(Model *model, size_t index); /* fills out[index].data, .shape and .count */
    void (*drop)(Model *model);
} Runtime;

struct Model {
    const Runtime *runtime;
    int threads;
    bool plain_kernels; /* the runtime's plain kernels are asked for */
    Tensor *in, *out;
    size_t ins, outs;
    void *handles[3]; /* the runtime's */
    void **arguments; /* its inputs, then its outputs, as it takes them */
    const char **names;
};

/* A tensor's count and memory from its type and shape; free dimensions are 1. */
static void allocate_tensor(Tensor *tensor, const char *which)
{
    tensor->count = 1;
    if (tensor->type == OTHER)
        fail("model", "an %s has a type that is not supported", which);
    for (size_t i = 0; i < tensor->rank; i++) {
        tensor->shape[i] = tensor->shape[i] < 0 ? 1 : tensor->shape[i];
        uint64_t side = (uint64_t)tensor->shape[i]; /* which a 32-bit size_t may not hold */
        if (side > MOST_ELEMENTS || (side && tensor->count > MOST_ELEMENTS / side))
            fail("model", "an %s is larger than any memory", which);
        tensor->count *= (size_t)side;
    }
    size_t bytes = tensor->count * TYPES[tensor->type].size;
    if (posix_memalign(&tensor->data, 64, bytes + 64) != 0)
        fail("model", "out of memory");
    memset(tensor->data, 0, bytes + 64);
}

static void check_tensors(const Model *model)
{
    if (!model->ins || !model->outs || model->ins > MOST_TENSORS || model->outs > MOST_TENSORS)
        fail("model", "%zu inputs and %zu outputs cannot be measured", model->ins, model->outs);
}

static void allocate_tensors(Model *model)
{
    check_tensors(model);
    model->in = allocate(model->ins, sizeof *model->in);
    model->out = allocate(model->outs, sizeof *model->out);
    model->arguments = allocate(model->ins + model->outs, sizeof *model->arguments);
    model->names = allocate(model->ins + model->outs, sizeof *model->names);
}

static void free_tensors(Model *model)
{
    for (size_t i = 0; i < model->ins; i++)
        free(model->in[i].data);
    for (size_t i = 0; i < model->outs; i++)
        free(model->out[i].data);
    free(model->in);
    free(model->out);
    free(model->arguments);
    free(model->names);
}

static void *open_library(const char *path)
{
    char place[4096];
    snprintf(place, sizeof place, "%s%s", strchr(path, '/') ? "" : "./", path);
    void *library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail("runtime", "it cannot be opened: %.400s", dlerror());
    return library;
}
