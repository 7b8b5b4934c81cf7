"""A graph of ONNX operators while it is built: nodes, constants, and their names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.files.extras import require

OPSET, IR_VERSION = 17, 8  # of 2022; every runtime of today has them
FEATURE = "writing ONNX files"

Value = str | float | int | Sequence[int] | NDArray[Any]  # the name of a result, or a constant


class Nodes:
    """Nodes and constants in the order in which they were added.

    A constant is float32 if it is a float or an array of floats, and int64 if it is whole. Equal constants are one.
    """

    def __init__(self) -> None:
        self._onnx = require("onnx", feature=FEATURE, extra="export")
        self._nodes: list[Any] = []
        self._constants: dict[tuple[Any, ...], Any] = {}
        self._named = 0

    def add(self, operator: str, *inputs: Value | None, **attributes: Any) -> str:
        """Adds an operator with one result; returns its name. None is an optional input that is left out."""
        return self.add_several(operator, 1, *inputs, **attributes)[0]

    def add_several(self, operator: str, n_results: int, *inputs: Value | None, **attributes: Any) -> list[str]:
        """Adds an operator with several results; returns their names."""
        names = ["" if value is None else self._name_of(value) for value in inputs]
        results = [self._new_name(operator) for _ in range(n_results)]
        self._nodes.append(self._onnx.helper.make_node(operator, names, results, **attributes))
        return results

    def include(self, graph: Any, feeds: Mapping[str, str], prefix: str = "network_") -> list[str]:
        """Adds all of another graph, whose inputs are results of this one; returns the names of its results.

        feeds : {name of an input: name of a result here}
        """
        other = self._onnx.GraphProto()
        other.CopyFrom(graph)
        self._onnx.compose.add_prefix_graph(other, prefix, inplace=True)
        renamed = {f"{prefix}{name}": result for name, result in feeds.items()}
        for node in other.node:
            for index, name in enumerate(node.input):
                node.input[index] = renamed.get(name, name)
        self._nodes += list(other.node)
        self._constants |= {("included", table.name): table for table in other.initializer}
        return [value.name for value in other.output]

    def rename_last(self, name: str) -> str:
        """Gives the only result of the last node another name, such as that of the graph's result."""
        self._nodes[-1].output[0] = name
        return name

    def model(
        self,
        inputs: dict[str, Sequence[str | int]],
        outputs: dict[str, Sequence[str | int]],
        metadata: dict[str, str],
        name: str = "dsp",
    ) -> Any:
        """The checked ModelProto; inputs and outputs are float32 and have named or fixed axes."""
        helper = self._onnx.helper
        float32 = self._onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(key, float32, list(axes)) for key, axes in inputs.items()],
            [helper.make_tensor_value_info(key, float32, list(axes)) for key, axes in outputs.items()],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph,
            producer_name="dsp",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        helper.set_model_props(model, metadata)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _name_of(self, value: Value) -> str:
        if isinstance(value, str):
            return value
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self._onnx.numpy_helper.from_array(array, self._new_name("constant"))
        return str(self._constants[key].name)

    def _new_name(self, stem: str) -> str:
        self._named += 1
        return f"{stem.lower()}_{self._named}"
