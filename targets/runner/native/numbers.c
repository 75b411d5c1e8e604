/* Numbers in and out of a model: element types, rounding, quantization (q = x / scale + zero). */

typedef enum { F32, F64, F16, I8, U8, I16, U16, I32, U32, I64, U64, BOOL, OTHER } Type;

static const struct {
    size_t size;
    double low, high; /* of integers */
} TYPES[] = {
    [F32] = {4, 0, 0},
    [F64] = {8, 0, 0},
    [F16] = {2, 0, 0},
    [I8] = {1, INT8_MIN, INT8_MAX},
    [U8] = {1, 0, UINT8_MAX},
    [I16] = {2, INT16_MIN, INT16_MAX},
    [U16] = {2, 0, UINT16_MAX},
    [I32] = {4, INT32_MIN, INT32_MAX},
    [U32] = {4, 0, UINT32_MAX},
    [I64] = {8, -9223372036854775808.0, 9223372036854774784.0}, /* the largest doubles inside */
    [U64] = {8, 0, 18446744073709549568.0},
    [BOOL] = {1, 0, 1},
};

typedef struct {
    Type type;
    size_t rank, count; /* count: of elements */
    int64_t shape[MOST_DIMENSIONS];
    double scale; /* 0: not quantized */
    int64_t zero;
    void *handle; /* the runtime's */
    void *data;
} Tensor;

static bool is_integer(Type type)
{
    return type >= I8 && type <= BOOL;
}

static uint16_t half_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000)
        return (uint16_t)(sign | 0x7E00);
    if (magnitude >= 0x477FF000) /* rounds beyond the largest half */
        return (uint16_t)(sign | 0x7C00);
    if (magnitude < 0x38800000) /* below the smallest normal half: steps of 2^-24 */
        return (uint16_t)(sign | (uint32_t)lrintf(ldexpf(fabsf(value), 24)));
    uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
}

static float float_of(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    float size = exponent == 31 ? (fraction ? NAN : INFINITY)
                 : exponent     ? ldexpf((float)(fraction | 1024), exponent - 25)
                                : ldexpf((float)fraction, -24);
    return half & 0x8000 ? -size : size;
}

#define PUT(type, value) \
    do { \
        type put_ = (type)(value); \
        memcpy((char *)data + index * sizeof put_, &put_, sizeof put_); \
    } while (0)
#define GET(type, name) \
    type name; \
    memcpy(&name, (const char *)data + index * sizeof name, sizeof name)

/* Store a number as a type takes it; integers are cut off, and brought into their range. */
static void put_element(Type type, void *data, size_t index, double value)
{
    if (is_integer(type)) {
        value = isnan(value) ? 0 : value;
        value = fmin(fmax(value, TYPES[type].low), TYPES[type].high);
    }
    switch (type) {
    case F32: PUT(float, value); break;
    case F64: PUT(double, value); break;
    case F16: PUT(uint16_t, half_of((float)value)); break;
    case I8: PUT(int8_t, value); break;
    case U8: PUT(uint8_t, value); break;
    case I16: PUT(int16_t, value); break;
    case U16: PUT(uint16_t, value); break;
    case I32: PUT(int32_t, value); break;
    case U32: PUT(uint32_t, value); break;
    case I64: PUT(int64_t, value); break;
    case U64: PUT(uint64_t, value); break;
    case BOOL: PUT(uint8_t, value != 0); break;
    case OTHER: break;
    }
}

static double element(Type type, const void *data, size_t index)
{
    switch (type) {
    case F32: { GET(float, value); return (double)value; }
    case F64: { GET(double, value); return value; }
    case F16: { GET(uint16_t, value); return (double)float_of(value); }
    case I8: { GET(int8_t, value); return value; }
    case U8: case BOOL: { GET(uint8_t, value); return value; }
    case I16: { GET(int16_t, value); return value; }
    case U16: { GET(uint16_t, value); return value; }
    case I32: { GET(int32_t, value); return value; }
    case U32: { GET(uint32_t, value); return value; }
    case I64: { GET(int64_t, value); return (double)value; }
    case U64: { GET(uint64_t, value); return (double)value; }
    case OTHER: break;
    }
    return 0;
}

/* A real number as a tensor takes it: q = round(x / scale) + zero. */
static double quantized(const Tensor *tensor, float value)
{
    if (tensor->scale == 0 || !is_integer(tensor->type))
        return (double)value;
    return (double)(rintf(value / (float)tensor->scale) + (float)tensor->zero);
}

/* What a tensor's number means: x = (q - zero) * scale. */
static float real(const Tensor *tensor, double value)
{
    if (tensor->scale == 0 || !is_integer(tensor->type))
        return (float)value;
    return (float)((value - (double)tensor->zero) * tensor->scale);
}
