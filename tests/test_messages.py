"""The golden list of messages: what fastnn answers to each mistake of tests/support/mistakes.py.

A message says what was received and where, what is expected, and what to do. Whoever changes one
changes it here too, and reads it as a user would.
"""

from __future__ import annotations

import re

import pytest

from fastnn.errors import FastnnError
from tests.support.mistakes import MISTAKES

# A mistake, and below it what fastnn answers, wrapped
GOLDEN = """
unknown activation
    ArgumentError: unknown activation 'sigmod'. Did you mean 'sigmoid'? Known:
    'binary_step', 'celu', 'elu', 'exponential', 'gelu', 'glu', 'hard_shrink', 'hard_sigmoid',
    'hard_silu', 'hard_swish', 'hard_tanh', 'leaky_relu', 'linear', 'log_sigmoid',
    'log_softmax', 'mish', 'relu', 'relu6', 'selu', 'sigmoid', 'silu', 'soft_shrink',
    'softmax', 'softplus', 'softsign', 'sparse_plus', 'sparse_sigmoid', 'sparsemax',
    'squareplus', 'swish', 'tanh', 'tanh_shrink', 'threshold'.
unknown initializer
    ArgumentError: unknown initializer 'glorot_unifrm'. Did you mean 'glorot_uniform'? Known:
    'IdentityInitializer', 'OrthogonalInitializer', 'constant', 'glorot_normal',
    'glorot_uniform', 'he_normal', 'he_uniform', 'identity', 'lecun_normal', 'lecun_uniform',
    'normal', 'one', 'ones', 'orthogonal', 'random_normal', 'random_uniform',
    'truncated_normal', 'uniform', 'variance_scaling', 'zero', 'zeros'.
unknown optimizer
    ArgumentError: unknown optimizer 'adamm'. Did you mean 'adam'? Known: 'adadelta',
    'adafactor', 'adagrad', 'adam', 'adamax', 'adamw', 'ftrl', 'lamb', 'lbfgs', 'lion', 'muon',
    'nadam', 'rmsprop', 'sgd'.
unknown loss
    ArgumentError: unknown loss 'binary_crosentropy'. Did you mean 'binary_crossentropy'?
    Known: 'bce', 'binary_crossentropy', 'binary_focal_crossentropy',
    'categorical_crossentropy', 'categorical_focal_crossentropy',
    'categorical_generalized_cross_entropy', 'categorical_hinge', 'circle',
    'cosine_similarity', 'dice',
    'hinge', 'huber', 'kl_divergence', 'kld', 'log_cosh', 'mae', 'mape', 'mean_absolute_error',
    'mean_absolute_percentage_error', 'mean_squared_error', 'mean_squared_logarithmic_error',
    'mse', 'msle', 'poisson', 'sparse_categorical_crossentropy', 'squared_hinge', 'tversky'.
unknown metric
    ArgumentError: unknown metric 'acuracy'. Did you mean 'accuracy'? Known: 'acc', 'accuracy',
    'auc', 'bce', 'binary_accuracy', 'binary_crossentropy', 'binary_io_u',
    'categorical_accuracy', 'categorical_crossentropy', 'categorical_hinge', 'ce',
    'concordance_correlation', 'cosine_similarity', 'crossentropy', 'f1_score', 'f_beta_score',
    'false_negatives', 'false_positives', 'hinge', 'io_u', 'kl_divergence', 'log_cosh_error',
    'mae', 'mape', 'mean', 'mean_absolute_error', 'mean_absolute_percentage_error',
    'mean_io_u', 'mean_squared_error', 'mean_squared_logarithmic_error', 'mse', 'msle',
    'one_hot_io_u', 'one_hot_mean_io_u', 'pearson_correlation', 'poisson', 'precision',
    'precision_at_recall', 'r2_score', 'recall', 'recall_at_precision',
    'root_mean_squared_error', 'sensitivity_at_specificity', 'sparse_categorical_accuracy',
    'sparse_categorical_crossentropy', 'sparse_top_k_categorical_accuracy',
    'specificity_at_sensitivity', 'squared_hinge', 'sum', 'top_k_categorical_accuracy',
    'true_negatives', 'true_positives'.
unknown backend
    ArgumentError: unknown backend 'cc'. Did you mean 'c'? Known: 'auto', 'c', 'numba', 'numpy'.
unknown attribute of fastnn
    AttributeError: fastnn.Sequental does not exist. Did you mean Sequential?
unknown argument of compile
    ArgumentError: compile: unknown argument 'los'. Did you mean 'loss'? Its arguments are:
    optimizer, loss, loss_weights, metrics, weighted_metrics, run_eagerly, steps_per_execution,
    jit_compile, auto_scale_loss.
images without Flatten
    ShapeError: sparse_categorical_crossentropy: received targets of shape (batch,) for
    predictions of shape (batch, 4, 3), expected targets of shape (batch, 4) or (batch, 4, 1).
    Give one prediction per sample, for example by Flatten() before the first Dense.
unknown argument of a layer
    ArgumentError: Dense: unknown argument 'activaton'. Did you mean 'activation'? Its arguments
    are: units, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
    bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, lora_rank,
    lora_alpha, quantization_config, name, dtype, trainable, input_shape, input_dim,
    batch_input_shape, autocast.
unknown argument of an optimizer
    ArgumentError: Adam: unknown argument 'learnig_rate'. Did you mean 'learning_rate'? Its
    arguments are: learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm,
    clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
    loss_scale_factor, gradient_accumulation_steps, name.
unknown argument of a loss
    ArgumentError: MeanSquaredError: unknown argument 'from_logits'. Its arguments are:
    reduction, name, dtype.
unknown argument of a metric
    ArgumentError: MeanIoU: unknown argument 'num_clases'. Did you mean 'num_classes'? Its
    arguments are: num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis.
unknown argument of a regularizer
    ArgumentError: L2: unknown argument 'l1'. Its arguments are: l2.
unknown argument of a constraint
    ArgumentError: NonNeg: unknown argument 'axis'. It has no arguments.
unknown argument of a schedule
    ArgumentError: ExponentialDecay: unknown argument 'stair_case'. Did you mean 'staircase'?
    Its arguments are: initial_learning_rate, decay_steps, decay_rate, staircase, name.
argument that L-BFGS has not
    ArgumentError: LBFGS: unknown argument 'clipnorm'. Its arguments are: learning_rate,
    max_iterations, history_size, tolerance_grad, tolerance_change, line_search,
    max_evaluations, name.
axis of a constraint
    ArgumentError: a constraint received axis=2 for a weight of shape (2, 2), expected axes from
    -2 to 1. Pass axis=0 for the weights of a Dense layer.
bounds of a constraint
    ArgumentError: MinMaxNorm: received min_value=2.0 and max_value=1.0, expected min_value to
    be the smaller one. Exchange them.
unknown argument of Sequential
    ArgumentError: Sequential: unknown argument 'nme'. Did you mean 'name'? Its arguments are:
    layers, name, trainable, backend, seed, dtype.
unsupported argument of a layer
    UnsupportedError: Dense: received lora_rank=2, but fastnn does not support the argument
    'lora_rank'. Leave it out, or pass None.
unknown regularizer
    ArgumentError: unknown regularizer 'l3'. Known: 'l1', 'l1_l2', 'l2',
    'orthogonal_regularizer'.
unknown constraint
    ArgumentError: unknown constraint 'max_nrom'. Did you mean 'max_norm'? Known: 'constraint',
    'max_norm', 'min_max_norm', 'non_neg', 'unit_norm'.
two kinds of clipping
    ArgumentError: SGD: received clipnorm and clipvalue, of which only one can be used. Leave the
    others out.
accumulation
    ArgumentError: SGD: received gradient_accumulation_steps=1, expected an integer of at least 2.
    Pass gradient_accumulation_steps as such an integer.
a schedule's class
    ArgumentError: SGD: received the class learning_rate=CosineDecay, expected a number or a
    schedule. Write CosineDecay(...).
a function for a learning rate
    ArgumentError: learning rate '<lambda>' returned 'fast', expected a number in [0, inf). Return
    one number.
learning rate of a schedule
    StateError: SGD: learning_rate=0.2 was set, but the optimizer was made with a schedule, which
    gives its learning rates. Compile the model with an optimizer that has a number.
boundaries
    ArgumentError: PiecewiseConstantDecay: received 2 boundaries and 2 values, expected at least
    one boundary and one value more than boundaries. Pass a value for each interval.
units
    ArgumentError: Dense: received units=0, expected a positive integer. Pass units as such an
    integer.
rate of dropout
    ArgumentError: Dropout: received rate=1.5, expected a number in [0, 1]. Pass rate in that
    range.
learning rate
    ArgumentError: SGD: received learning_rate=-0.1, expected a number in [0, inf). Pass
    learning_rate in that range.
momentum
    ArgumentError: SGD: received momentum=2.0, expected a number in [0, 1). Pass momentum in
    that range.
beta
    ArgumentError: Adam: received beta_1=1.0, expected a number in [0, 1). Pass beta_1 in that
    range.
two learning rates
    ArgumentError: SGD: received learning_rate=0.1 and lr=0.2, which are two names for one
    argument. Pass learning_rate only.
dtype
    ArgumentError: dtype must be 'float32' or 'float64', received 'float16'. Layers compute in
    these two types only.
seed
    ArgumentError: Sequential: received seed=-1, expected an integer from 0 to 2**64 - 1. Pass
    such an integer.
label smoothing
    ArgumentError: CategoricalCrossentropy: received label_smoothing=2.0, expected a number in
    [0, 1]. Pass label_smoothing in that range.
reduction
    ArgumentError: MeanSquaredError: received reduction='meen', expected one of
    'sum_over_batch_size', 'mean', 'sum', 'mean_with_sample_weight', 'none', None. Leave it out
    for the mean over the batch.
threads
    ArgumentError: the number of threads must be a whole number from 1 to 256, received 0.
stddev
    ArgumentError: initializer RandomNormal: received stddev='a', expected a finite number of at
    least 0. Pass such a number.
name of a layer
    ArgumentError: Dense: name must be a non-empty string without '/', received 'a/b'.
a class for a layer
    ArgumentError: Sequential.add: expected a layer, received <class
    'fastnn.layers.dense.Dense'>. Write a pair of parentheses behind the class. Layers stand in
    fastnn.layers.
no layer
    ArgumentError: Sequential.add: expected a layer, received 'dense'. Layers stand in
    fastnn.layers.
no list of layers
    ArgumentError: Sequential: layers must be a list of layers, received Dense. Write
    Sequential([...]).
two layers of one name
    ArgumentError: two layers of model 'net' are called 'd'. Give one of them another name=.
an input in the middle
    ArgumentError: Input 'i' must be the first layer, but model 'net' already has 2 layer(s).
    Create the model with it in front.
an input without a shape
    ArgumentError: InputLayer: received 0 of shape, batch_shape and input_shape, expected
    exactly one. Pass the shape of one sample: shape=(784,).
an input of unknown size
    ShapeError: InputLayer 'i': shape (None,) has an unknown size (None). Only the batch size
    may be unknown, and it is not part of the shape of one sample: give every size.
an input of size 0
    ShapeError: InputLayer 'i': shape must hold positive integers, received (0,).
pop of nothing
    StateError: model 'net' has no layer to pop.
no input shape
    StateError: model 'net' does not know its input shape. Call build((None, ...)) with it, or
    put fastnn.Input(shape=...) first.
branches of two sizes
    ShapeError: Add 'sum': received inputs of shapes (batch, 2) and (batch, 3), expected sizes
    that are equal or 1. Give the branches one output size, for example with
    shortcut=Dense(units) in a Residual, or join them with Concatenate().
branches that cannot be joined
    ShapeError: Concatenate 'c': received inputs of shapes (batch, 3) and (batch, 1, 3),
    expected equally many axes and equal sizes but for axis -1. Reshape one of them, or join
    them along another axis.
one tensor for a merging layer
    ArgumentError: Add 's': received one tensor, expected a list of at least two. Pass them as
    layer([a, b]), or put it into Parallel([...]) as merge=.
a shape that does not fit
    ShapeError: Reshape 'r': received samples of shape (3,), which have 3 elements, expected a
    multiple of 2 for target_shape=(2, -1). Change one of the two.
inputs of too many axes
    ShapeError: RepeatVector 'r': expected inputs of 2 axes (batch first), received shape
    (batch, 1, 3). Put a Reshape or Flatten before it, or change the shape of x.
weights before building
    StateError: get_weights: model 'net' has no weights yet, because it does not know its input
    shape. Put fastnn.Input(shape=...) first, or call model.build((None, ...)).
kernel before building
    AttributeError: layer 'd' has no kernel yet, because it does not know its input shape. Build
    the model (give it an Input, or call it on data) first.
no layers
    StateError: model 'net' has no layers. Add some with model.add(...).
get_layer
    ArgumentError: get_layer: no layer is called 'aa'. Did you mean 'a'? The layers are: 'a',
    'b'.
index of a layer
    ArgumentError: get_layer: index 2 is out of range; the model has 2 layers.
number of weights
    ShapeError: model 'net' has 4 weights, received 1 arrays. Pass arrays as get_weights()
    returns them.
shape of weights
    ShapeError: model 'net': weight 'a/kernel' has shape (3, 4), received an array of shape (5,
    3). Pass arrays as get_weights() returns them.
two dtypes
    ArgumentError: the layers of model 'net' have different dtypes: float32, float64. Give all
    the same one, for example with Sequential(..., dtype='float64').
fit before compile
    StateError: compile() must be called first; for example model.compile(optimizer='adam',
    loss='mse').
no loss
    StateError: the model was compiled without a loss, and no layer adds one, so it cannot be
    trained. Pass one, for example model.compile(optimizer='adam', loss='mse').
loss weights
    ArgumentError: compile: loss_weights weighs the losses of several outputs; a Sequential
    model has one. Leave it out.
metrics that are no list
    ArgumentError: metrics must be a list, for example ['accuracy']; received 3.
two losses
    UnsupportedError: loss is a list of 2 items, but a Sequential model has one output. Pass one
    loss.
from_logits with softmax
    ArgumentError: sparse_categorical_crossentropy: received from_logits=True, but the last
    layer's activation 'softmax' makes probabilities, not logits. Leave out from_logits=True of
    the loss, or activation='softmax' of the layer.
from_logits with sigmoid
    ArgumentError: binary_crossentropy: received from_logits=True, but the last layer's
    activation 'sigmoid' makes probabilities, not logits. Leave out from_logits=True of the
    loss, or activation='sigmoid' of the layer.
epochs
    ArgumentError: fit: received epochs=2.5, expected a positive integer. Pass epochs as such an
    integer.
batch size
    ArgumentError: fit: received batch_size=0, expected a positive integer. Pass batch_size as
    such an integer.
validation split
    ArgumentError: fit: received validation_split=1.0, expected a number in [0, 1). Pass
    validation_split in that range.
a split that leaves nothing
    ArgumentError: fit: validation_split=0.5 of 1 samples leaves no samples for training. Pass
    more data or another share.
validation data
    ArgumentError: fit: validation_data must be a tuple (x_val, y_val) or (x_val, y_val,
    sample_weight), received ndarray.
validation_freq
    ArgumentError: fit: received validation_freq=0, expected a positive integer. Pass
    validation_freq as such an integer.
shuffle
    ArgumentError: fit: received shuffle='yes', expected True or False. Pass one of the two.
verbose
    ArgumentError: received verbose=3; expected 0 (silent), 1 (progress bar), 2 (one line per
    epoch) or 'auto' (the same as 1).
no x
    ArgumentError: fit: x is missing. Pass the samples, first axis.
no y
    ArgumentError: fit: y is missing. Pass one target per sample of x.
two kinds of weights
    ArgumentError: fit: pass either sample_weight or class_weight, not both. Multiply the class
    weights into sample_weight if both are meant.
number of weights of samples
    ShapeError: fit: sample_weight has shape (4,), expected (5,). Pass one weight per sample.
a function for a callback
    ArgumentError: callbacks[0] is the function print; expected an object of a subclass of
    fastnn.callbacks.Callback. Wrap the function: LambdaCallback(on_epoch_end=function).
a class for a callback
    ArgumentError: callbacks[0] is the class History; expected an object of a subclass of
    fastnn.callbacks.Callback. Make an object of it: History(...).
mode of EarlyStopping
    ArgumentError: EarlyStopping received mode='maximum'; expected 'auto', 'min' or 'max'.
patience
    ArgumentError: EarlyStopping received patience=-1; expected a number of epochs, 0 or more.
    Use 0 to stop at the first epoch without improvement.
direction not known
    ArgumentError: EarlyStopping received monitor='speed' with mode='auto', but it is not known
    whether larger or smaller values of that quantity are better. Pass mode='max' if larger is
    better, or mode='min' if smaller is better. Available: 'loss'.
name of a checkpoint
    ArgumentError: ModelCheckpoint received filepath='best.weights.h5'; with
    save_weights_only=False expected a name that ends in '.fastnn', or in '.keras' for a file of
    Keras. Use for example 'best.keras'.
field of a checkpoint
    ArgumentError: unknown field in ModelCheckpoint's filepath '{acc}.fastnn': 'acc'. Known:
    'epoch', 'loss'.
shape of x
    ShapeError: x: Dense 'a' expects inputs of shape (batch, 3), received (5, 4). Pass an array
    of shape (n, 3).
flat x
    ShapeError: x: Dense 'a' expects inputs of shape (batch, 3), received (5, 3, 1). Reshape it:
    x.reshape(-1, 3).
one sample
    ShapeError: x: Dense 'a' expects inputs of shape (batch, 3), received (3,). For a single
    sample, add the batch axis: x[None].
one axis for an unbuilt model
    ShapeError: x has shape (3,): one axis, so it is not clear whether it holds samples or
    features. Pass (3, 1) for samples of one feature, or (1, 3) for one sample.
no rows
    ShapeError: fit: x has no rows. Pass at least one sample.
rows of y
    ShapeError: the arrays do not have the same number of rows: x has 5, y has 4. Each row of x
    needs its own row of y (and its own weight).
columns of y
    ShapeError: mean_squared_error: received targets of shape (batch, 2) for predictions of
    shape (batch, 1), expected targets of shape (batch,) or (batch, 1). Give the last layer 2
    units, or pass y with 1 column.
too few columns of y
    ShapeError: mean_squared_error: received targets of shape (batch, 1) for predictions of
    shape (batch, 3), expected targets of shape (batch, 3). Give the last layer 1 unit, or pass
    one target for each of its 3 outputs; labels of classes go with
    sparse_categorical_crossentropy.
one-hot rows for labels
    ShapeError: sparse_categorical_crossentropy: received targets of shape (batch, 3) for
    predictions of shape (batch, 3), expected targets of shape (batch,) or (batch, 1). For
    one-hot targets use categorical_crossentropy (or categorical accuracy), or pass labels:
    y.argmax(axis=-1).
labels for one-hot rows
    ShapeError: categorical_crossentropy: received targets of shape (batch,) for predictions of
    shape (batch, 3), expected targets of shape (batch, 3). For integer labels use
    sparse_categorical_crossentropy, or make one-hot rows with fastnn.utils.to_categorical(y,
    3).
negative label
    DataError: y, row 2: label -1 is out of range. There are 3 classes, the outputs of the last
    layer, so labels must be whole numbers from 0 to 2. Renumber the labels, or give the last
    layer more units.
label too large
    DataError: y, row 3: label 3 is out of range. There are 3 classes, the outputs of the last
    layer, so labels must be whole numbers from 0 to 2. Renumber the labels, or give the last
    layer more units.
fractional label
    DataError: y, row 3: label 0.7 is not a whole number. Sparse labels are class numbers 0, 1,
    2, …; for targets that are numbers use a regression loss such as 'mse', for one-hot rows
    'categorical_crossentropy'.
label of validation
    DataError: validation_data: y, row 3: label 8 is out of range. There are 3 classes, the
    outputs of the last layer, so labels must be whole numbers from 0 to 2. Renumber the labels,
    or give the last layer more units.
an id that is none
    DataError: x, row 0: 4 is not an id of the first layer, which takes whole numbers from 0
    to 3. Renumber the ids, or make the layer for more of them.
NaN in x
    DataError: x, row 3 contains NaN (column 1). Training on it would spoil every weight. Remove
    or fill such rows (for example numpy.nan_to_num). Or pass check_finite=False to go on
    regardless.
infinity in y
    DataError: y, row 2 contains infinity, or a number too large for float32. Training on it
    would spoil every weight. Remove or fill such rows (for example numpy.nan_to_num). Or pass
    check_finite=False to go on regardless.
infinity in weights
    DataError: sample_weight, row 4 contains -infinity, or a number too large for float32.
    Training on it would spoil every weight. Remove or fill such rows (for example
    numpy.nan_to_num). Or pass check_finite=False to go on regardless.
too large for float32
    DataError: x, row 1 contains -infinity, or a number too large for float32 (column 2). Training
    on it would spoil every weight. Remove or fill such rows (for example numpy.nan_to_num). Or pass
    check_finite=False to go on regardless.
NaN in validation data
    DataError: validation_data: x, row 3 contains NaN (column 1). Training on it would spoil every
    weight. Remove or fill such rows (for example numpy.nan_to_num). Or pass check_finite=False to
    go on regardless.
a generator
    ArgumentError: fit: received y beside a list_iterator, which gives batches (x, y) or (x, y,
    sample_weight) itself. Leave y out.
a number
    ShapeError: x is a single number. Expected an array whose first axis is the samples.
masked values
    DataError: x is a masked array (1 of 15 values are masked), but training does not know
    missing values. Fill them, for example with x.filled(0), or drop those rows.
shapes of arrays in a loss
    ShapeError: mean_squared_error: received targets of shape (3,) for predictions of shape (3,
    3), expected targets of shape (3, 3). Give the last layer 1 unit, or pass one target for
    each of its 3 outputs; labels of classes go with sparse_categorical_crossentropy.
labels in a loss
    DataError: y_true, row 1: label 3 is out of range. There are 3 classes, the outputs of the
    last layer, so labels must be whole numbers from 0 to 2. Renumber the labels, or give the
    last layer more units.
labels in to_categorical
    DataError: to_categorical: received the label 3 at position (1,), expected labels from 0 to
    2. Correct the labels or raise num_classes.
shapes in a metric
    ShapeError: mean_squared_error: received targets of shape (1,) for predictions of shape (1,
    2), expected targets of shape (1, 2). Give the last layer 1 unit, or pass one target for
    each of its 2 outputs; labels of classes go with sparse_categorical_crossentropy.
input of a layer
    ShapeError: Dense 'd': expected inputs of shape (batch, n), received (batch,). Reshape x of
    shape (n,) to (n, 1) for samples of one number, or to (1, n) for one sample.
a loss that overflows
    NonFiniteLossError: the loss became infinite in epoch 1, batch 3. The weights are those
    before that batch and finite. Try a smaller learning rate (it is 0.25), or scale the inputs
    to about 0 … 1. Or pass terminate_on_nan=False to go on regardless.
optimizer after training
    ArgumentError: SGD: received learning_rate='fast', expected a number in [0, inf). Pass
    learning_rate in that range.
a lambda in a file
    ArgumentError: Lambda 'l': a lambda has no name that a file could hold, and files never
    hold code. Define the function with def, and pass it to load_model as
    custom_objects={'my_function': my_function}; or write a Layer subclass.
name of a file
    ArgumentError: save_model: received 'm.npz'; expected a name that ends in '.fastnn', or in
    '.keras' for a file of Keras. Use 'm.fastnn'.
a file that is none of ours
    FileFormatError: model bytes: its header claims 8029109312199880558 bytes, and the file has
    18; it is truncated or not a model file. Expected a file that fastnn has written.
no such file
    FileNotFoundError: [Errno 2] load_model: there is no such file: 'missing.fastnn'
"""


def messages(text: str) -> dict[str, str]:
    """The messages by mistake."""
    found: dict[str, list[str]] = {}
    for line in text.strip().splitlines():
        if line.startswith("    "):
            found[list(found)[-1]].append(line.strip())
        else:
            found[line] = []
    return {mistake: " ".join(lines) for mistake, lines in found.items()}


MESSAGES = messages(GOLDEN)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_message(mistake: str) -> None:
    with pytest.raises((FastnnError, AttributeError, FileNotFoundError)) as raised:
        MISTAKES[mistake]()
    assert f"{type(raised.value).__name__}: {raised.value}" == MESSAGES[mistake]


def test_every_message_belongs_to_a_mistake() -> None:
    assert list(MESSAGES) == list(MISTAKES)


@pytest.mark.parametrize("mistake", MESSAGES)
def test_form(mistake: str) -> None:
    """Whole sentences, without the insides of arrays or of fastnn."""
    message = MESSAGES[mistake]
    assert message[-1] in ".'?"
    assert not re.search(r"array\(|dtype\(|object at 0x|  |\n", message)
    assert len(message.split(" Known: ")[0]) < 700  # the names may be many
