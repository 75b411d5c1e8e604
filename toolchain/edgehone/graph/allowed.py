"""What a model file may name without consent: Keras's own classes, and TFMOT's, by name and module.

Whatever is not listed is refused, also what a later Keras adds, until somebody has read it: a name
belongs here if making the object can neither run code nor read a file that the model file names.
"""

import re
from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LAYERS = _words(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D
    AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D BatchNormalization Bidirectional
    CategoryEncoding CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D
    Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D
    Convolution1D Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D
    Convolution3DTranspose Cropping1D Cropping2D Cropping3D CutMix Dense DepthwiseConv1D
    DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten GRU
    GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D
    GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity InputLayer IntegerLookup
    LSTM LSTMCell Layer LayerNormalization LeakyReLU Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D
    MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp
    MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN
    RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
    RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue
    RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
    RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape
    Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D
    SeparableConvolution1D SeparableConvolution2D SimpleRNN SimpleRNNCell Softmax Solarization
    SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells
    StringLookup Subtract SyncBatchNormalization TextVectorization TimeDistributed
    UnitNormalization UpSampling1D UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D
    ZeroPadding3D
    Functional Model Sequential
    """
)
FUNCTION_LAYERS = ("TFOpLambda", "SlicingOpLambda")
"""Layers of Keras 2 that stand for one function of TensorFlow; which one is checked apart."""
CODE = _words(
    """
    Lambda __lambda__ TFSMLayer TorchModuleWrapper JaxLayer FlaxLayer TensorFlowOpLayer
    """
)
"""Classes whose settings are code: bytecode, pickles, and graphs of TensorFlow."""
INITIALIZERS = _words(
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer Initializer
    LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT
    STFTInitializer TruncatedNormal VarianceScaling Zeros constant glorot_normal glorot_uniform
    he_normal he_uniform identity initializer lecun_normal lecun_uniform normal one ones orthogonal
    random_normal random_uniform stft truncated_normal uniform variance_scaling zero zeros
    """
)
REGULARIZERS = _words(
    """
    L1 L1L2 L2 OrthogonalRegularizer Regularizer l1 l1_l2 l1l2 l2 orthogonal_regularizer
    """
)
CONSTRAINTS = _words(
    """
    Constraint MaxNorm MinMaxNorm NonNeg UnitNorm RadialConstraint max_norm maxnorm min_max_norm
    non_neg nonneg unit_norm unitnorm radial_constraint
    """
)
ACTIVATIONS = _words(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu
    linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus
    softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
    """
)
POLICIES = _words(
    """
    AWQDTypePolicy DTypePolicy DTypePolicyMap FloatDTypePolicy GPTQDTypePolicy Int4DTypePolicy
    Policy PolicyV1 QuantizedDTypePolicy QuantizedFloat8DTypePolicy
    """
)
OTHERS = _words(
    """
    AbsMaxQuantizer Float8QuantizationConfig Int4QuantizationConfig Int8QuantizationConfig
    SeedGenerator
    BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy
    CategoricalFocalCrossentropy CategoricalHinge CosineSimilarity Dice Hinge Huber KLDivergence
    LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
    MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky
    """
)
"""What layers hold beside all that: losses, quantizers, seeds."""

NAMES: Mapping[str, frozenset[str]] = {
    "layer": LAYERS | {*FUNCTION_LAYERS},
    "initializer": INITIALIZERS,
    "regularizer": REGULARIZERS,
    "constraint": CONSTRAINTS,
    "activation": ACTIVATIONS | LAYERS,
    "dtype policy": POLICIES,
    "object": frozenset(
        {*LAYERS, *INITIALIZERS, *REGULARIZERS, *CONSTRAINTS, *ACTIVATIONS, *POLICIES, *OTHERS}
    ),
}
"""Kind of object, as `parts.kind_at` tells it -> the names that stand for one of Keras's own."""

MARKS = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__")
SIZES = ("__tuple__", "TensorShape")
"""Values, not objects: arrays and the like have a "config", shapes have "items"."""

WRAPPERS = _words(
    """
    PruneLowMagnitude ConstantSparsity PolynomialDecay ClusterWeights ClusterWeightsMHA
    QuantizeAnnotate QuantizeAwareActivation QuantizeLayer QuantizeWrapper QuantizeWrapperV2
    NoOpActivation FixedQuantizeConfig OutputOnlyConfig NoOpQuantizeConfig
    AllValuesQuantizer FixedQuantizer LastValueQuantizer MovingAverageQuantizer NoQuantizer
    Default8BitActivationQuantizeConfig Default8BitConvQuantizeConfig
    Default8BitConvTransposeQuantizeConfig Default8BitConvTransposeWeightsQuantizer
    Default8BitConvWeightsQuantizer Default8BitOutputQuantizeConfig Default8BitQuantizeConfig
    Default8BitQuantizeConfigRNN DefaultNBitActivationQuantizeConfig DefaultNBitConvQuantizeConfig
    DefaultNBitConvTransposeQuantizeConfig DefaultNBitConvTransposeWeightsQuantizer
    DefaultNBitConvWeightsQuantizer DefaultNBitOutputQuantizeConfig DefaultNBitQuantizeConfig
    DefaultNBitQuantizeConfigRNN ClusterPreserveDefault8BitConvWeightsQuantizer
    ClusterPreserveDefault8BitWeightsQuantizer ClusterPreserveDefaultWeightsQuantizer
    PrunePreserveDefault8BitConvWeightsQuantizer PrunePreserveDefault8BitWeightsQuantizer
    PrunePreserveDefaultWeightsQuantizer
    """
)
"""TFMOT's wrappers, and what they are made with."""

_PLACES = (
    "layers|models|engine|initializers|regularizers|constraints|activations|dtype_policies|"
    "mixed_precision|quantizers|losses|random"
)
_KERAS = re.compile(rf"(tf_)?keras(\.src)?(\.({_PLACES})(\.[a-z0-9_]+)*)?")
_TFMOT = re.compile(
    r"tensorflow_model_optimization\.python\.core\.(sparsity|clustering|quantization)\.keras"
    r"(\.[a-z0-9_]+)*"
)
_FUNCTIONS = re.compile(r"builtins|(tf_)?keras(\.src)?\.activations(\.activations)?")
OPERATIONS = re.compile(r"keras\.src\.(ops\.[a-z]+|activations\.activations)")
"""Modules of Keras 3 that hold one class for each operation, such as the sum of two tensors."""


def is_listed(name: str, kind: str, module: object) -> bool:
    """Whether a class may be made without consent: by its name, what its place is for, and the
    module that the file gives for it, if any.
    """
    if name in WRAPPERS:
        return _is_in(_TFMOT, module)
    return name in NAMES[kind] and _is_in(_KERAS, module)


def is_activation(name: str, module: object) -> bool:
    """Whether a function is one of Keras's activations."""
    return name in ACTIVATIONS and _is_in(_FUNCTIONS, module)


def _is_in(places: re.Pattern[str], module: object) -> bool:
    return module is None or (isinstance(module, str) and bool(places.fullmatch(module)))
