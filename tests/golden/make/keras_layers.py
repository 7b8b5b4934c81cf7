"""Output of Keras, of versions 2 and 3: layers, optimisers, and the networks of papers 000 and 003.

    python3 -m venv other && other/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1 tf_keras==2.21.0
    other/bin/python tests/golden/make/keras_layers.py            writes ../layers_keras.npz
    other/bin/python tests/golden/make/keras_layers.py --check    compares with the stored file

Weights and inputs are made by `numbers`. Keys: keras2_<layer>_<thing> and keras3_<layer>_<thing> for single
layers, with the weights; net_<name>_<thing> for whole networks (Keras 2), whose weights the tests make again.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
INPUTS = {  # of the networks, channels last
    "dey_2d_cnn_lstm": (128, 251, 1),
    "dey_2d_cnn_lstm_256": (128, 251, 1),
    "dey_td_cnn_lstm": (18, 128, 5, 1),
    "dey_td_cnn_bilstm": (18, 128, 5, 1),
    "dey_1d_cnn_lstm": (16000, 1),
    "dey_1d_cnn_bilstm": (16000, 1),
    "yadav_crnn": (128, 259, 1),
}


def numbers(shape, start: int = 0) -> np.ndarray:
    """Whole numbers / 2^15 between -1 and 1 without a visible order; another `start`, other numbers. float32."""
    n = np.arange(int(np.prod(shape)), dtype=np.int64) + 7001 * start + 17
    return ((n**2 * 7919 + n * 104_729) % 65_521 / 32_768 - 1).astype(np.float32).reshape(shape)


def made_weights(shapes, start: int = 0) -> list[np.ndarray]:
    """Arrays in the order of Keras' get_weights(): kernels that keep the size of their input, the rest small."""
    arrays = [numbers(shape, start + i) for i, shape in enumerate(shapes)]
    if len(shapes) == 4 and len(set(map(tuple, shapes))) == 1:  # batch normalisation
        gamma, beta, mean, variance = arrays
        return [1 + gamma / 4, beta / 4, mean / 4, 1 + variance / 2]
    return [a * np.sqrt(3 / np.prod(a.shape[:-1])).astype(np.float32) if a.ndim > 1 else a / 4 for a in arrays]


def run_layers(keras) -> dict:
    """Every kind of layer once: x, the weights w0, w1, ... and y."""
    layers = keras.layers
    image, signal, sequence, film = (2, 7, 6, 3), (2, 9, 3), (2, 5, 3), (2, 3, 5, 4, 2)
    kinds = {
        "conv2d_same": (image, layers.Conv2D(4, (3, 5), padding="same")),
        "conv2d_valid": (image, layers.Conv2D(4, (2, 1))),
        "conv1d_same": (signal, layers.Conv1D(4, 3, padding="same")),
        "max_pooling2d": (image, layers.MaxPooling2D((2, 4))),
        "max_pooling1d": (signal, layers.MaxPooling1D(4)),
        "elu": (image, layers.Activation("elu")),
        "flatten": (image, layers.Flatten()),
        "reshape": (image, layers.Reshape((-1, 3))),
        "dense": ((2, 5), layers.Dense(4)),
        "lstm": (sequence, layers.LSTM(4)),
        "bidirectional": (sequence, layers.Bidirectional(layers.LSTM(4))),
        "time_distributed_conv2d": (film, layers.TimeDistributed(layers.Conv2D(3, (2, 2), activation="relu"))),
        "time_distributed_flatten": (film, layers.TimeDistributed(layers.Flatten())),
    }
    found = {}
    for start, (name, (shape, layer)) in enumerate(kinds.items()):
        x = 2 * numbers(shape, 50 + start)
        layer.build(shape)
        weights = made_weights([w.shape for w in layer.get_weights()], start)
        layer.set_weights(weights)
        y = np.asarray(layer(x))
        found |= {f"{name}_x": x, f"{name}_y": y} | {f"{name}_w{i}": w for i, w in enumerate(weights)}
    return found


def run_batch_normalization(keras) -> dict:
    """Three training steps, then evaluation: every output, and the running statistics at the end."""
    layers, found = keras.layers, {}
    shapes = {"images": (2, 3, 4, 5), "signals": (2, 6, 5), "films": (2, 3, 2, 2, 5)}
    for name, shape in shapes.items():
        norm = layers.BatchNormalization()
        layer = layers.TimeDistributed(norm) if name == "films" else norm
        layer.build(shape)
        layer.set_weights(made_weights([(5,)] * 4, 8))
        x = np.stack([3 * numbers(shape, step) + step for step in range(4)])
        y = [np.asarray(layer(x[step], training=step < 3)) for step in range(4)]
        mean, variance = layer.get_weights()[2:]
        found |= {f"batch_{name}_x": x, f"batch_{name}_y": np.stack(y)}
        found |= {f"batch_{name}_mean": mean, f"batch_{name}_variance": variance}
    return found


def run_initial_values(keras) -> dict:
    """What a fresh LSTM(64) of 100 inputs holds: the extreme of its kernel, U U^T, its bias."""
    layer = keras.layers.LSTM(64, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    layer.build((None, 5, 100))
    kernel, recurrent, bias = layer.get_weights()
    return {"initial_extreme": np.abs(kernel).max(), "initial_square": recurrent @ recurrent.T, "initial_bias": bias}


def run_optimizers(optimizers, decayed_adam) -> dict:
    """Weights after each of eight steps with given gradients, some of them tiny."""
    import tensorflow as tf

    gradients = numbers((8, 6), 30) * np.array([1, 1e-1, 1e-3, 1e-5, 1e-6, 0], np.float32)
    found = {"optimizer_gradients": gradients}
    for name, optimizer in {"adam": decayed_adam, "rmsprop": optimizers.RMSprop(0.01)}.items():
        w, path = tf.Variable(numbers((6,), 31)), []
        for g in gradients:
            optimizer.apply_gradients([(tf.constant(g), w)])
            path.append(w.numpy().copy())
        found |= {f"optimizer_{name}_start": numbers((6,), 31), f"optimizer_{name}": np.stack(path)}
    return found


def network(keras, name: str):
    """The papers' models, written as a user of Keras writes them; logits instead of softmax."""
    layers, depth = keras.layers, 2 if "1d" not in name else 1
    conv, pool = (layers.Conv1D, layers.MaxPooling1D) if depth == 1 else (layers.Conv2D, layers.MaxPooling2D)
    model = keras.Sequential([keras.Input(INPUTS[name])])
    if "_td_" in name:
        over_time = layers.TimeDistributed
        for kernel, size in (((2, 2), (2, 2)), ((2, 2), (2, 1)), ((2, 1), (2, 1)), ((2, 1), (2, 1))):
            model.add(over_time(conv(128, kernel, activation="relu")))
            model.add(over_time(layers.BatchNormalization()))
            model.add(over_time(pool(size)))
        model.add(over_time(layers.Flatten()))
    else:
        kernels = (9, 7, 5, 3) if name == "yadav_crnn" else (3, 3, 3, 3)
        for filters, kernel, size in zip((64, 64, 128, 128), kernels, (2, 4, 4, 4), strict=True):
            model.add(conv(filters, kernel, padding="same"))
            model.add(layers.BatchNormalization())
            model.add(layers.Activation("relu" if name == "yadav_crnn" else "elu"))
            model.add(pool(size if depth == 2 else 4))
        if depth == 2:
            model.add(layers.Reshape((-1, 128)))
    units = {"dey_2d_cnn_lstm": 32, "dey_2d_cnn_lstm_256": 256, "yadav_crnn": 128}.get(name, 64 if depth == 1 else 32)
    lstm = layers.LSTM(units)
    model.add(layers.Bidirectional(lstm) if "bilstm" in name or name == "yadav_crnn" else lstm)
    model.add(layers.Dense(8 if name == "yadav_crnn" else 7))
    return model


def run_networks(keras) -> dict:
    """For each: the rows of its summary, its weights' shapes, and logits of two inputs in both modes."""
    found = {}
    for name, shape in INPUTS.items():
        keras.backend.clear_session()
        model = network(keras, name)
        rows, shapes = [], []
        for start, layer in enumerate(model.layers):
            rows.append((f"{layer.name} ({type(layer).__name__})", str(layer.output_shape), layer.count_params()))
            shapes.append([w.shape for w in layer.get_weights()])
            layer.set_weights(made_weights(shapes[-1], start))
        x = numbers((2, *shape), 99)
        trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
        found |= {
            f"net_{name}_summary": json.dumps({"rows": rows, "total": model.count_params(), "trainable": trainable}),
            f"net_{name}_shapes": json.dumps(shapes),
            f"net_{name}_evaluation": np.asarray(model(x, training=False)),
            f"net_{name}_training": np.asarray(model(x, training=True)),
        }
    return found


def main() -> int:
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # sums in one order
    import keras
    import tensorflow
    import tf_keras

    made = {
        "version": f"keras {keras.__version__}, tf_keras {tf_keras.__version__}, tensorflow {tensorflow.__version__}"
    }
    legacy = tf_keras.optimizers.legacy
    decayed = keras.optimizers.schedules.InverseTimeDecay(0.01, decay_steps=1, decay_rate=0.1)
    versions = {
        "keras2": (tf_keras, legacy, legacy.Adam(0.01, decay=0.1)),
        "keras3": (keras, keras.optimizers, keras.optimizers.Adam(decayed)),
    }
    for version, (package, optimizers, decayed_adam) in versions.items():
        found = run_layers(package) | run_batch_normalization(package) | run_initial_values(package)
        found |= run_optimizers(optimizers, decayed_adam)
        made |= {f"{version}_{key}": value for key, value in found.items()}
    made |= run_networks(tf_keras)
    target = HERE.parent / "layers_keras.npz"
    if "--check" in sys.argv:
        stored, different = np.load(target), []
        for key, value in made.items():
            equal = np.array_equal if np.asarray(value).dtype.kind == "U" else np.allclose
            if "initial" not in key and not equal(stored[key], value):
                different.append(key)
        print(f"{target.name}: " + (f"different: {', '.join(different)}" if different else "equal"))
        return bool(different)
    np.savez_compressed(target, **made)
    print(target.name, hashlib.sha256(target.read_bytes()).hexdigest(), target.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
