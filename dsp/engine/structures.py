"""A NamedTuple of numbers and arrays as one pointer, for kernels that read many of them.

Numba hands a tuple to a kernel element by element and copies it for every inlined function, which costs microseconds
in every call and most of the compile time. Here a tuple becomes an array of words (`pack`), in which a kernel finds
what it needs:

    tables = structure(words, Tables, like)     inside an @njit function; tables.hop, tables.window, .. as in the tuple

The annotations of the fields tell what they are: int, bool, float, tuple[float, ..], or one of the arrays below;
Floats and FloatRows have the dtype of `like`.

Checked: tests/test_lanes_match_numpy.py
"""

from functools import cache
from typing import Annotated, get_args, get_type_hints

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, lower_getattr_generic, models, register_model

Floats = Annotated[np.ndarray, None, 1]
FloatRows = Annotated[np.ndarray, None, 2]
Ints = Annotated[np.ndarray, types.int64, 1]
IntRows = Annotated[np.ndarray, types.int64, 2]
Doubles = Annotated[np.ndarray, types.float64, 1]
Bools = Annotated[np.ndarray, types.bool_, 1]

WORD = ir.IntType(64)


def pack(fields: tuple) -> np.ndarray:
    """The words of a NamedTuple; it must live as long as they are used."""
    words: list[int] = []
    for value in fields:
        if isinstance(value, np.ndarray):
            words += [value.__array_interface__["data"][0], *value.shape]
        elif isinstance(value, float | tuple):
            words += np.array(value, np.float64).reshape(-1).view(np.int64).tolist()
        else:
            words.append(int(value))
    return np.array(words, np.int64)


class _StructureType(types.Type):
    """Numba type of a pointer to the words of a NamedTuple."""

    def __init__(self, kind: type, floats):
        self.fields = _fields(kind, floats)
        super().__init__(name=f"structure({kind.__module__}.{kind.__qualname__}, {floats})")


@cache
def _fields(kind: type, floats) -> dict:
    """For every field its Numba type and the number of its first word."""
    fields, word = {}, 0
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if hint in (int, bool, float):
            fields[name], size = ({int: types.intp, bool: types.bool_, float: types.float64}[hint], word), 1
        elif hint.__origin__ is tuple:
            size = len(get_args(hint))
            fields[name] = types.UniTuple(types.float64, size), word
        else:
            dtype, n_dimensions = hint.__metadata__
            fields[name], size = (types.Array(dtype or floats, n_dimensions, "C"), word), 1 + n_dimensions
        word += size
    return fields


@register_model(_StructureType)
class _StructureModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, WORD.as_pointer())


@intrinsic
def structure(typing, words, kind, like):
    """The fields of a packed NamedTuple of class `kind`, whose floats have the dtype of `like`."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(context.make_array(words)(context, builder, arguments[0]).data, WORD.as_pointer())

    return _StructureType(kind.instance_class, like.dtype)(words, kind, like), generate


@infer_getattr
class _Attributes(AttributeTemplate):
    key = _StructureType

    def generic_resolve(self, structure, name):
        return structure.fields[name][0] if name in structure.fields else None


@lower_getattr_generic(_StructureType)
def _read(context, builder, kind, pointer, name):
    """The value of a field: loads that the compiler may move, as no kernel writes to the words."""
    field, first = kind.fields[name]

    def word(number, llvm_type=WORD):
        place = builder.gep(pointer, [ir.Constant(WORD, first + number)])
        value = builder.load(builder.bitcast(place, llvm_type.as_pointer()))
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        return value

    if isinstance(field, types.UniTuple):
        return context.make_tuple(builder, field, [word(i, ir.DoubleType()) for i in range(field.count)])
    if isinstance(field, types.Array):
        array = context.make_array(field)(context, builder)
        size = context.get_constant(types.intp, getattr(field.dtype, "bitwidth", 8) // 8)
        shape = [word(1 + i) for i in range(field.ndim)]
        strides = [size] if field.ndim == 1 else [builder.mul(shape[1], size), size]
        data = builder.inttoptr(word(0), array.data.type)
        from numba.np.arrayobj import populate_array  # takes 30 ms, which a process with compiled kernels saves

        populate_array(array, data, shape=shape, strides=strides, itemsize=size, meminfo=None)
        return array._getvalue()
    if field == types.bool_:
        return builder.icmp_unsigned("!=", word(0), ir.Constant(WORD, 0))
    return word(0, ir.DoubleType() if field == types.float64 else WORD)
