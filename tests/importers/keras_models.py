"""Makes Keras models with Keras itself, run by the tests in a process of its own: Keras is slow to load, and warns.

``python keras_models.py FOLDER`` writes for every model its file (``.keras``) and, as ``.npz``, inputs and outputs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np

SINGLE: dict[str, tuple[tuple[int | None, ...], str]] = {
    # name: shape of the input, and the layers as an expression (L is keras.layers, A keras.activations)
    "dense": ((6,), "[L.Dense(4, activation='relu'), L.Dense(3, use_bias=False, activation='softmax')]"),
    "dense_rank3": ((5, 6), "[L.Dense(4, activation='leaky_relu'), L.Dense(3)]"),
    "dense_on_image": ((5, 6, 3), "[L.Conv2D(4, 1), L.Dense(7, activation='softmax')]"),
    "activations": (
        (6,),
        "[L.Dense(6, activation=a) for a in ('elu','selu','gelu','silu','mish','softplus','softsign','tanh','sigmoid',"
        "'hard_sigmoid','hard_silu','relu6','exponential','log_softmax')]",
    ),
    "activation_layers": (
        (6,),
        "[L.Activation(a) for a in ('linear','celu','hard_tanh','tanh_shrink','log_sigmoid','squareplus',"
        "'sparse_sigmoid','soft_shrink','swish')]",
    ),
    "relu_forms": (
        (6,),
        "[L.ReLU(), L.Dense(6), L.ReLU(6.0), L.Dense(6), L.ReLU(0.5), L.Dense(6), L.ReLU(0.4, 0.2, 0.1), L.Dense(6),"
        "L.ReLU(None, 0.2), L.Dense(6), L.ReLU(None, 0.0, 0.3)]",
    ),
    "other_activations": (
        (4, 6),
        "[L.LeakyReLU(0.3), L.Dense(6, activation=L.LeakyReLU(0.1)), L.ELU(0.5), L.Activation(L.ReLU(0.7)),"
        "L.Softmax(axis=1), L.PReLU(), L.PReLU(shared_axes=[1, 2]), L.PReLU(shared_axes=[1])]",
    ),
    "prelu_image": ((5, 6, 3), "[L.Conv2D(4, 3), L.PReLU(shared_axes=[1, 2]), L.PReLU(), L.Softmax(axis=1)]"),
    "conv1d": (
        (12, 3),
        "[L.Conv1D(4, 3, padding='causal', dilation_rate=2, activation='relu'), L.Conv1D(5, 4, padding='same'),"
        "L.Conv1D(6, 3, strides=2, padding='same'), L.Conv1D(4, 2, groups=2)]",
    ),
    "conv2d": (
        (11, 14, 3),
        "[L.Conv2D(4, 3, strides=2, padding='same'), L.Conv2D(5, (2, 3), padding='same', activation='relu'),"
        "L.Conv2D(6, 3, padding='same', dilation_rate=2, use_bias=False), L.Conv2D(4, 2, strides=3, padding='same'),"
        "L.Conv2D(2, 1, activation='softmax')]",
    ),
    "conv3d": ((5, 6, 7, 2), "[L.Conv3D(3, 3, strides=2, padding='same'), L.Conv3D(2, 2, padding='valid')]"),
    "channels_first": (
        (3, 8, 9),
        "[L.ZeroPadding2D(1, data_format='channels_first'), L.MaxPooling2D(2, data_format='channels_first'),"
        "L.BatchNormalization(axis=1), L.Flatten(), L.Dense(3)]",
    ),
    "depthwise": (
        (9, 8, 3),
        "[L.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding='same', activation='relu'),"
        "L.SeparableConv2D(5, 3, padding='same', depth_multiplier=2, activation='relu')]",
    ),
    "depthwise1d": ((9, 3), "[L.DepthwiseConv1D(3, depth_multiplier=2), L.SeparableConv1D(5, 3, strides=2)]"),
    "transposed": (
        (5, 6, 3),
        "[L.Conv2DTranspose(4, 3, strides=2, padding='same', activation='relu'), L.Conv2DTranspose(3, 2, strides=2),"
        "L.Conv2DTranspose(2, 4, strides=2, padding='same'), L.Conv2DTranspose(5, 5, padding='same'),"
        "L.Conv2DTranspose(2, 2, strides=3, padding='valid')]",
    ),
    "transposed1d": (
        (5, 3),
        "[L.Conv1DTranspose(4, 3, strides=2, padding='same', activation='softmax'), "
        "L.Conv1DTranspose(4, 3, strides=2)]",
    ),
    "transposed3d": ((3, 4, 5, 2), "[L.Conv3DTranspose(3, 3, strides=2, padding='same')]"),
    "pools": (
        (13, 10, 3),
        "[L.MaxPooling2D(3, strides=2, padding='same'), L.AveragePooling2D(2, padding='same'),"
        "L.AveragePooling2D(3, strides=1, padding='same'), L.MaxPooling2D(2, strides=1, padding='same'),"
        "L.AveragePooling2D(2, strides=1, padding='same')]",
    ),
    "pools1d": (
        (13, 3),
        "[L.MaxPooling1D(4, strides=2, padding='same'), L.AveragePooling1D(3, strides=2, padding='same'),"
        "L.MaxPooling1D(2)]",
    ),
    "pools3d": ((5, 6, 7, 2), "[L.MaxPooling3D(2, padding='same'), L.AveragePooling3D((1, 2, 3))]"),
    "global_average": ((6, 5, 3), "[L.Conv2D(4, 3), L.GlobalAveragePooling2D(), L.Dense(2)]"),
    "global_max": ((6, 5, 3), "[L.GlobalMaxPooling2D(keepdims=True), L.Conv2D(4, 1)]"),
    "global_1d": ((6, 5), "[L.Conv1D(4, 3), L.GlobalMaxPooling1D()]"),
    "global_sequence": ((6, 5), "[L.GlobalAveragePooling1D()]"),
    "global_3d": ((4, 5, 6, 2), "[L.GlobalAveragePooling3D()]"),
    "batch_norm": ((6,), "[L.BatchNormalization(), L.Dense(4), L.BatchNormalization(center=False, momentum=0.9)]"),
    "batch_norm_image": (
        (6, 5, 3),
        "[L.BatchNormalization(scale=False), L.Conv2D(4, 3), L.BatchNormalization(center=False, scale=False),"
        "L.BatchNormalization(axis=1)]",
    ),
    "batch_norm_sequence": ((6, 5), "[L.BatchNormalization(), L.LSTM(4), L.BatchNormalization(epsilon=1e-2)]"),
    "norms": (
        (6, 8),
        "[L.LayerNormalization(), L.LayerNormalization(axis=[1, 2]), L.GroupNormalization(4), L.UnitNormalization(),"
        "L.RMSNormalization(), L.LayerNormalization(center=False), L.LayerNormalization(scale=False)]",
    ),
    "norms_image": (
        (6, 5, 3),
        "[L.Conv2D(8, 3), L.GroupNormalization(2), L.LayerNormalization(), L.UnitNormalization(axis=-1),"
        "L.GroupNormalization(-1, scale=False)]",
    ),
    "preprocessing": (
        (6, 5, 3),
        "[L.Rescaling(1 / 127.5, offset=-1), L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0]),"
        "L.Rescaling([1.0, 2.0, -3.0], offset=0.5), L.Normalization(axis=None, mean=-0.5, variance=2.0),"
        "L.Conv2D(2, 1)]",
    ),
    "normalization_inverse": ((3,), "[L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0], invert=True)]"),
    "drops": (
        (6, 8, 3),
        "[L.Dropout(0.3), L.SpatialDropout2D(0.2), L.AlphaDropout(0.1), L.GaussianNoise(0.1), L.GaussianDropout(0.1),"
        "L.ActivityRegularization(0.1), L.Identity()]",
    ),
    "flatten_dense": (
        (6, 5, 3),
        "[L.Conv2D(4, 3), L.Flatten(), L.Dropout(0.5), L.BatchNormalization(), L.ReLU(), L.Dense(7), L.Dense(2)]",
    ),
    "blocks": (
        (6,),
        "[each for n in range(3) for each in (L.Dense(6, activation='tanh', name=f'block{n}_up'),"
        "L.BatchNormalization(name=f'block{n}_bn'))]",
    ),
    "flatten_other": ((6, 5, 3), "[L.Conv2D(4, 3), L.Flatten(), L.Reshape((8, 6)), L.Dense(2)]"),
    "flatten_only": ((6, 5, 3), "[L.MaxPooling2D(2), L.Flatten()]"),
    "flatten_sequence": ((6, 5), "[L.Conv1D(4, 3), L.Flatten(), L.Dense(3)]"),
    "generator": (
        (10,),
        "[L.Dense(48), L.Reshape((4, 3, 4)), L.Conv2DTranspose(3, 3, strides=2, padding='same', activation='tanh')]",
    ),
    "rearranged": ((6, 5), "[L.Permute((2, 1)), L.Reshape((3, -1)), L.Flatten(), L.RepeatVector(4)]"),
    "permuted_image": ((6, 5, 3), "[L.Conv2D(4, 3), L.Permute((3, 1, 2)), L.Permute((2, 3, 1)), L.Permute((2, 1, 3))]"),
    "padding": (
        (6, 5, 3),
        "[L.ZeroPadding2D(((1, 2), (0, 3))), L.Cropping2D(((0, 1), (2, 1))), L.UpSampling2D((2, 3)),"
        "L.UpSampling2D(2, interpolation='bilinear'), L.Resizing(7, 9), L.Resizing(5, 4, interpolation='nearest'),"
        "L.CenterCrop(3, 2)]",
    ),
    "padding1d": (
        (6, 5),
        "[L.ZeroPadding1D(2), L.Cropping1D((1, 0)), L.UpSampling1D(3), L.Conv1D(2, 3), L.ZeroPadding1D((0, 2)),"
        "L.UpSampling1D(2)]",
    ),
    "padding3d": ((3, 4, 5, 2), "[L.ZeroPadding3D(1), L.Cropping3D((1, 0, 1)), L.UpSampling3D(2)]"),
    "lstm": ((7, 3), "[L.LSTM(4, return_sequences=True), L.LSTM(5, go_backwards=True), L.Dense(2)]"),
    "gru": ((7, 3), "[L.GRU(4, return_sequences=True, go_backwards=True), L.GRU(5, use_bias=False)]"),
    "simple_rnn": ((7, 3), "[L.SimpleRNN(4, return_sequences=True, activation='relu'), L.SimpleRNN(5)]"),
    "bidirectional": (
        (7, 3),
        "[L.Bidirectional(L.LSTM(4, return_sequences=True)), L.Bidirectional(L.GRU(3, return_sequences=True),"
        "merge_mode='ave'), L.Bidirectional(L.SimpleRNN(4, return_sequences=True), merge_mode='sum'),"
        "L.Bidirectional(L.LSTM(4), merge_mode='mul')]",
    ),
    "bidirectional_last": ((7, 3), "[L.Bidirectional(L.GRU(4))]"),
    "open_length": ((None, 3), "[L.Conv1D(4, 3, padding='same'), L.LSTM(4, return_sequences=True), L.Dense(2)]"),
    "open_image": ((None, None, 3), "[L.Conv2D(4, 3, padding='same'), L.GlobalAveragePooling2D(), L.Dense(2)]"),
    "strided_open": ((None, 3), "[L.Conv1D(4, 4, strides=2, padding='same'), L.GRU(4)]"),
    "time_distributed": (
        (4, 6),
        "[L.TimeDistributed(L.Dense(6, activation='relu')), L.TimeDistributed(L.Reshape((3, 2))),"
        "L.TimeDistributed(L.Flatten()), L.LSTM(2)]",
    ),
    "time_distributed_image": (
        (4, 6, 7, 3),
        "[L.TimeDistributed(L.Conv2D(2, 3, padding='same')), L.TimeDistributed(L.MaxPooling2D(2)),"
        "L.TimeDistributed(L.Flatten()), L.GRU(3)]",
    ),
    "time_distributed_model": (
        (4, 6),
        "[L.TimeDistributed(keras.Sequential([keras.Input((6,)), L.Dense(3)])), L.LSTM(2)]",
    ),
    "gru_before": (
        (6, 3),
        "[L.GRU(4, reset_after=False, return_sequences=True), L.GRU(3, reset_after=False, go_backwards=True,"
        "return_sequences=True, use_bias=False), L.Bidirectional(L.GRU(2, reset_after=False))]",
    ),
    "recurrent_activations": (
        (6, 3),
        "[L.LSTM(4, activation='relu', recurrent_activation='hard_sigmoid', return_sequences=True),"
        "L.GRU(4, activation='softsign', recurrent_activation='tanh', return_sequences=True),"
        "L.SimpleRNN(3, activation='sigmoid', return_sequences=True), L.LSTM(2, activation=None, use_bias=False,"
        "unit_forget_bias=False, dropout=0.2)]",
    ),
    "recurrent_cells": (
        (6, 3),
        "[L.RNN(L.LSTMCell(4), return_sequences=True), L.RNN([L.GRUCell(3, reset_after=False), L.LSTMCell(4)],"
        "return_sequences=True, go_backwards=True),"
        "L.Bidirectional(L.LSTM(3), backward_layer=L.GRU(2, go_backwards=True), merge_mode='concat')]",
    ),
    "conv_lstm": (
        (3, 6, 5, 2),
        "[L.ConvLSTM2D(3, (3, 2), padding='same', return_sequences=True), L.ConvLSTM2D(2, 3, strides=2, padding='same',"
        "activation='relu', recurrent_activation='hard_sigmoid', go_backwards=True), L.Flatten(), L.Dense(2)]",
    ),
    "conv_lstm1d": ((3, 6, 2), "[L.ConvLSTM1D(3, 3, dilation_rate=2, use_bias=False)]"),
    "spectral": (
        (6, 5, 3),
        "[L.SpectralNormalization(L.Conv2D(4, 3, activation='relu')), L.Flatten(),L.SpectralNormalization(L.Dense(3))]",
    ),
    "resized": (
        (9, 15, 3),
        "[L.Resizing(10, 11, crop_to_aspect_ratio=True), L.Resizing(9, 13, pad_to_aspect_ratio=True, fill_value=2.0),"
        "L.Resizing(7, 8, antialias=True), L.Resizing(5, 9, interpolation='bicubic'), L.CenterCrop(6, 4),"
        "L.UpSampling2D(2, interpolation='bicubic')]",
    ),
    "bins": ((4,), "[L.Discretization([-0.5, 0.0, 0.7]), L.CategoryEncoding(4, 'count'), L.Dense(2)]"),
    "bin_marks": ((4,), "[L.Discretization([-0.5, 0.0, 0.7], output_mode='one_hot'), L.Dense(2)]"),
    "einsum_any": ((3, 4, 6), "[L.EinsumDense('...x,xy->...y', output_shape=5, bias_axes='y'), L.Softmax([1, 2])]"),
    "normalization_axes": (
        (2, 3),
        "[L.Normalization(axis=(1, 2), mean=[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], variance=[[1.0, 2.0, 3.0]] * 2)]",
    ),
    "einsum_dense": (
        (4, 6),
        "[L.EinsumDense('abc,cd->abd', output_shape=(None, 5), bias_axes='d', activation='relu')]",
    ),
    "vgg": (
        (16, 20, 3),
        "[L.Conv2D(4, 3, padding='same', activation='relu'), L.Conv2D(4, 3, padding='same', activation='relu'),"
        "L.MaxPooling2D(2), L.Conv2D(8, 3, padding='same', activation='relu'), L.MaxPooling2D(2), L.Flatten(),"
        "L.Dense(16, activation='relu'), L.Dropout(0.5), L.Dense(5, activation='softmax')]",
    ),
    "autoencoder": (
        (8, 12, 1),
        "[L.Conv2D(4, 3, padding='same', activation='relu'), L.MaxPooling2D(2, padding='same'),"
        "L.Conv2D(4, 3, padding='same', activation='relu'), L.UpSampling2D(2),"
        "L.Conv2D(1, 3, padding='same', activation='sigmoid')]",
    ),
}
Made = tuple[Any, list[np.ndarray]]
_random = np.random.default_rng(0)


def _numbers(*shape: int) -> np.ndarray:
    return _random.normal(size=shape).astype(np.float32)


def text_classifier(keras: Any, L: Any) -> Made:
    layers = [keras.Input((9,)), L.Embedding(20, 6), L.Bidirectional(L.LSTM(4)), L.Dense(1, activation="sigmoid")]
    return keras.Sequential(layers), [_random.integers(1, 20, (3, 9)).astype(np.float32)]


def residual(keras: Any, L: Any) -> Made:
    x = image = keras.Input((12, 14, 3))
    x = L.Activation("relu")(L.BatchNormalization()(L.Conv2D(4, 7, strides=2, padding="same", use_bias=False)(x)))
    x = L.MaxPooling2D(3, strides=2, padding="same")(x)
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(4, 3, padding="same")(x)))
    x = L.Add()([x, L.BatchNormalization()(L.Conv2D(4, 3, padding="same")(y))])
    y = L.Conv2D(6, 3, strides=2, padding="same")(x)
    x = L.Add()([y, L.Conv2D(6, 1, strides=2)(x)])
    return keras.Model(image, L.Dense(3)(L.GlobalAveragePooling2D()(x))), [_numbers(2, 12, 14, 3)]


def inception(keras: Any, L: Any) -> Made:
    x = image = keras.Input((8, 9, 3))
    parts = [L.Conv2D(2, 1)(x), L.Conv2D(3, 3, padding="same")(x), L.Conv2D(2, 5, padding="same")(x)]
    x = L.Concatenate()([*parts, L.Conv2D(2, 1)(L.MaxPooling2D(3, strides=1, padding="same")(x))])
    x = L.Concatenate(axis=1)([x, x])
    return keras.Model(image, L.Dense(3, activation="softmax")(L.Flatten()(x))), [_numbers(2, 8, 9, 3)]


def squeeze_excite(keras: Any, L: Any) -> Made:
    image = keras.Input((8, 9, 4))
    weights = L.Reshape((1, 1, 4))(L.Dense(4, activation="sigmoid")(L.GlobalAveragePooling2D()(image)))
    return keras.Model(image, L.Conv2D(2, 3)(L.Multiply()([image, weights]))), [_numbers(2, 8, 9, 4)]


def two_branches(keras: Any, L: Any) -> Made:
    image, table = keras.Input((8, 9, 3), name="photo"), keras.Input((5,), name="table")
    x = L.Flatten()(L.Conv2D(2, 3, activation="relu")(image))
    both = L.Concatenate()([x, L.Dense(4)(table)])
    outputs = {"kind": L.Dense(3, activation="softmax")(both), "price": L.Dense(1)(L.Dense(6)(both))}
    return keras.Model([image, table], outputs), [_numbers(2, 8, 9, 3), _numbers(2, 5)]


def siamese(keras: Any, L: Any) -> Made:
    one, other = keras.Input((8, 9, 3)), keras.Input((8, 9, 3))
    conv, dense = L.Conv2D(4, 3, activation="relu"), L.Dense(5, activation="softmax")
    left, right = (dense(L.Flatten()(conv(each))) for each in (one, other))
    dot = L.Dot(1, normalize=True)([left, right])
    return keras.Model([one, other], L.Dense(1)(L.Concatenate()([dot, L.Subtract()([left, right])]))), [
        _numbers(2, 8, 9, 3),
        _numbers(2, 8, 9, 3),
    ]


def nested(keras: Any, L: Any) -> Made:
    inside = keras.Input((8, 9, 3))
    deep = keras.Sequential([keras.Input((4,)), L.Dense(6, activation="relu"), L.Dense(4)], name="deep")
    x = L.GlobalAveragePooling2D()(L.BatchNormalization()(L.Conv2D(4, 3)(inside)))
    backbone = keras.Model(inside, [deep(x), x], name="back bone")
    one, other = keras.Input((8, 9, 3)), keras.Input((8, 9, 3))
    a, b = backbone(one), backbone(other)
    return keras.Model([one, other], L.Dense(2)(L.Add()([a[0], b[0], a[1], b[1]]))), [
        _numbers(2, 8, 9, 3),
        _numbers(2, 8, 9, 3),
    ]


def states(keras: Any, L: Any) -> Made:
    source, target = keras.Input((6, 3)), keras.Input((4, 3))
    _all, hidden, cell = L.LSTM(5, return_state=True)(source)
    x = L.LSTM(5, return_sequences=True)(target, initial_state=[hidden, cell])
    y, last = L.GRU(3, return_state=True, return_sequences=True)(x)
    z = L.Bidirectional(L.LSTM(2, return_state=True))(y)
    return keras.Model([source, target], [y, L.Concatenate()([last, *z])]), [_numbers(2, 6, 3), _numbers(2, 4, 3)]


def attention(keras: Any, L: Any) -> Made:
    one, other = keras.Input((5, 8)), keras.Input((6, 4))
    x = L.LayerNormalization()(one + L.MultiHeadAttention(2, 4)(one, one))
    x = L.MultiHeadAttention(2, 4)(x, other)
    x = L.MultiHeadAttention(3, 5, value_dim=2, use_bias=False)(x, x, use_causal_mask=True)
    x, scores = L.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True, use_causal_mask=True)
    y = L.Attention(use_scale=True)([x, L.Dense(8)(other)])
    return keras.Model([one, other], [y, scores]), [_numbers(2, 5, 8), _numbers(2, 6, 4)]


def attentions(keras: Any, L: Any) -> Made:
    one, other, allowed = keras.Input((5, 8)), keras.Input((6, 8)), keras.Input((5, 6), dtype="bool")
    outputs = [
        L.AdditiveAttention()([one, other]),
        *L.Attention(use_scale=True, dropout=0.1)([one, other], return_attention_scores=True),
        L.Attention(score_mode="concat", use_scale=True)([one, one], use_causal_mask=True),
        L.MultiHeadAttention(2, 3, dropout=0.1, output_shape=7)(one, other, attention_mask=allowed),
        *L.MultiHeadAttention(2, 3)(one, other, return_attention_scores=True),
        L.GroupQueryAttention(4, 4, 2, use_gate=True)(one, other),
    ]
    mask = _random.random((2, 5, 6)) > 0.4
    mask[0, 1] = False
    return keras.Model([one, other, allowed], outputs), [_numbers(2, 5, 8), _numbers(2, 6, 8), mask]


def _padded() -> np.ndarray:
    """Words with paddings after, before and between."""
    words = _random.integers(1, 9, (4, 7)).astype(np.float32)
    words[0, 3:] = words[1, :2] = words[2, 2] = 0
    return words


def masking(keras: Any, L: Any) -> Made:
    x = _numbers(4, 6, 3)
    x[0, 3:] = x[1, 0] = x[2, 2] = 0.5
    layers = [L.Masking(0.5), L.LSTM(4, return_sequences=True), L.Dropout(0.1), L.GRU(3, go_backwards=True)]
    return keras.Sequential([keras.Input((6, 3)), *layers]), [x]


def masked_words(keras: Any, L: Any) -> Made:
    layers = [
        L.Embedding(9, 5, mask_zero=True),
        L.Bidirectional(L.LSTM(4, return_sequences=True)),
        L.BatchNormalization(),
        L.SimpleRNN(3, return_sequences=True),
        L.TimeDistributed(L.Dense(4)),
        L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="ave"),
        L.GlobalAveragePooling1D(),
    ]
    return keras.Sequential([keras.Input((7,)), *layers]), [_padded()]


def masked_sequences(keras: Any, L: Any) -> Made:
    source, target = keras.Input((7,)), keras.Input((7,))
    words = L.Embedding(9, 4, mask_zero=True)
    inside = keras.Sequential([keras.Input((7, 4)), L.LSTM(4, return_sequences=True)])
    x = inside(words(source))
    _all, hidden, cell = L.LSTM(4, return_state=True)(x)
    y = L.LSTM(4, return_sequences=True)(words(target), initial_state=[hidden, cell])
    z = L.Bidirectional(L.LSTM(4))(L.Concatenate()([words(target), x]), initial_state=[hidden, cell, cell, hidden])
    return keras.Model([source, target], [L.GlobalAveragePooling1D()(x), y, z]), [_padded(), _padded()[::-1].copy()]


def transformer(keras: Any, L: Any) -> Made:
    words = keras.Input((7,))
    x = L.Embedding(9, 6, mask_zero=True)(words)
    for _ in range(2):
        x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)]))
        x = L.Add()([x, L.Dense(6, activation="relu")(x)])
    y = L.Attention()([x, x])
    return keras.Model(words, [L.GlobalAveragePooling1D()(x), y]), [_padded()]


def merges(keras: Any, L: Any) -> Made:
    one, other = keras.Input((4, 6)), keras.Input((4, 6))
    parts = [each()([one, other]) for each in (L.Average, L.Maximum, L.Minimum, L.Multiply, L.Subtract)]
    dot = L.Dot((2, 2))([one, other])
    return keras.Model([one, other], [L.Concatenate(axis=1)(parts), dot]), [_numbers(2, 4, 6), _numbers(2, 4, 6)]


def scaled(keras: Any, L: Any) -> Made:
    image = keras.Input((6, 8, 3))
    x = L.Rescaling([0.5, 1.0, 2.0], [0.1, 0.2, 0.3])(image)
    a, b = L.Conv2D(4, 3)(x), L.SeparableConv2D(4, 3, activation="swish")(x)
    x = L.Add()([L.Permute((2, 1, 3))(a), L.Permute((2, 1, 3))(b)])
    x = L.Average()([x, L.GlobalAveragePooling2D(keepdims=True)(x)])
    return keras.Model(image, L.Concatenate(axis=2)([x, x])), [_numbers(2, 6, 8, 3)]


def operations(keras: Any, L: Any) -> Made:
    ops = keras.ops
    image = keras.Input((6, 8, 3))
    x = L.Conv2D(4, 3)(image * 2.0 - 1.0)
    y = 1.0 - x[:, 1:, ::2, :] / 3.0
    y = ops.concatenate([y, ops.maximum(y, 0.1)], axis=-1)
    a, b = ops.split(y, 2, axis=-1)
    z = ops.mean(a * b + a**2, axis=(1, 2)) + ops.max(b, axis=[1, 2])
    row = ops.stack([x[:, 0, 0], x[..., -1, 1, :]], axis=1)
    row = ops.transpose(ops.expand_dims(ops.exp(-row), 1), (0, 2, 3, 1))
    w = ops.squeeze(ops.clip(row, 0.0, 2.0), -1) + ops.std(x, axis=(1, 2), keepdims=False)[:, None, :]
    v = ops.where(z > 0.0, z, ops.abs(z)) + ops.softmax(z) + ops.gelu(z) + ops.relu(z) + ops.reshape(w, (-1, 8))[:, :4]
    return keras.Model(image, [v, ops.matmul(w, ops.swapaxes(w, 1, 2)), y]), [_numbers(2, 6, 8, 3)]


FUNCTIONAL: tuple[Callable[[Any, Any], Made], ...] = (
    text_classifier,
    residual,
    inception,
    squeeze_excite,
    two_branches,
    siamese,
    nested,
    states,
    attention,
    attentions,
    masking,
    masked_words,
    masked_sequences,
    transformer,
    merges,
    scaled,
    operations,
)
NAMES = (*SINGLE, *(each.__name__ for each in FUNCTIONAL))


def _shaken(model: Any) -> None:
    """Give every weight a value of its own, so that what is mixed up shows."""
    values = []
    for weight in model.weights:
        positive = "variance" in weight.path
        values.append(_random.uniform(0.5, 1.5, weight.shape) if positive else _random.normal(size=weight.shape) * 0.4)
    model.set_weights(values)


def _flat(found: Any) -> list[np.ndarray]:
    if isinstance(found, dict):
        return [array for key in found for array in _flat(found[key])]
    if isinstance(found, (list, tuple)):
        return [array for each in found for array in _flat(each)]
    return [found.detach().numpy()]


def main(folder: Path) -> None:
    """Write all models."""
    import keras
    from keras import layers

    made: dict[str, Made] = {}
    for name, (shape, text) in SINGLE.items():
        chain = eval(text, {"L": layers, "keras": keras})
        sizes = [8 if size is None else size for size in shape]
        made[name] = keras.Sequential([keras.Input(shape), *chain]), [_numbers(2, *sizes)]
    made |= {each.__name__: each(keras, layers) for each in FUNCTIONAL}
    for name, (model, inputs) in made.items():
        _shaken(model)
        outputs = _flat(model(inputs if len(model.inputs) > 1 else inputs[0], training=False))
        model.save(folder / f"{name}.keras")
        arrays = {f"in{at}": each for at, each in enumerate(inputs)}
        np.savez(folder / f"{name}.npz", **arrays, **{f"out{at}": each for at, each in enumerate(outputs)})
    old, _inputs = made["vgg"]
    old.save(folder / "vgg.h5")
    made["nested"][0].save(folder / "nested.h5")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
