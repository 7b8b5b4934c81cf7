"""One SIMD register as a Numba type: eight float64 values that go through the same arithmetic.

Inside an @njit function, `x = load(array, i)` takes eight neighbours of a C-contiguous float64 array
from its flattened element i on, `store(array, i, x)` puts them back, `splat(s)` is eight times s;
+ - * / work on all lanes at once, and so do the functions below. A kernel on eight frames therefore
reads like the formula for one. A processor without 512-bit registers runs the same code on smaller
ones: the values are the same on every machine.

Numba's disk cache does not notice changes to this file: after editing it, delete __pycache__.

Checked: tests/test_lanes_match_numpy.py
"""

import math
import operator

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

WIDTH = 8  # lanes: one 512-bit register of float64

_DOUBLES = ir.VectorType(ir.DoubleType(), WIDTH)
_INT64S = ir.VectorType(ir.IntType(64), WIDTH)


class LanesType(types.Type):
    """Numba type of a register of eight float64."""

    def __init__(self):
        super().__init__(name="lanes")


LANES = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _DOUBLES)


def _pointer(context, builder, array_type, array, index):
    """Pointer to a register's worth of elements from flattened element `index` on."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _DOUBLES.as_pointer())


def _is_float64_array(array) -> bool:
    return isinstance(array, types.Array) and array.dtype == types.float64 and array.layout == "C"


@intrinsic
def load(typing, array, index):
    """array.ravel()[index : index + 8]; the bounds are the caller's."""
    if not _is_float64_array(array):
        return None

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature.args[0], *arguments)
        return builder.load(pointer, align=8)

    return LANES(array, types.intp), generate


@intrinsic
def store(typing, array, index, lanes):
    """array.ravel()[index : index + 8] = lanes; the bounds are the caller's."""
    if not _is_float64_array(array) or lanes != LANES:
        return None

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store(arguments[2], pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES), generate


@intrinsic
def splat(typing, scalar):
    """Eight times the same number."""

    def generate(context, builder, signature, arguments):
        return _splat(builder, arguments[0])

    return LANES(types.float64), generate


@intrinsic
def load_splat(typing, array, index):
    """Eight times array.ravel()[index]; the bounds are the caller's."""
    if not _is_float64_array(array):
        return None

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return _splat(builder, builder.load(builder.gep(data, [arguments[1]])))

    return LANES(array, types.intp), generate


def _splat(builder, scalar):
    register = builder.insert_element(ir.Constant(_DOUBLES, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(register, register, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))


def _arithmetic(operation, emit) -> None:
    """Teaches Numba `operation` on two registers, or on a register and a number."""

    @type_callable(operation)
    def result_type(context):
        def typer(a, b):
            if LANES in (a, b) and all(x == LANES or isinstance(x, types.Float) for x in (a, b)):
                return LANES
            return None

        return typer

    @lower_builtin(operation, LANES, LANES)
    def on_registers(context, builder, signature, arguments):
        return emit(builder, *arguments)

    @lower_builtin(operation, LANES, types.Float)
    def with_number(context, builder, signature, arguments):
        return emit(builder, arguments[0], _splat(builder, arguments[1]))

    @lower_builtin(operation, types.Float, LANES)
    def number_with(context, builder, signature, arguments):
        return emit(builder, _splat(builder, arguments[0]), arguments[1])


_arithmetic(operator.add, lambda builder, a, b: builder.fadd(a, b))
_arithmetic(operator.sub, lambda builder, a, b: builder.fsub(a, b))
_arithmetic(operator.mul, lambda builder, a, b: builder.fmul(a, b))
_arithmetic(operator.truediv, lambda builder, a, b: builder.fdiv(a, b))


def _function(name: str, emit, n_arguments: int):
    """An intrinsic on `n_arguments` registers that gives one."""

    def typed(*registers):
        if any(register != LANES for register in registers):
            return None

        def generate(context, builder, signature, arguments):
            return emit(builder, *arguments)

        return LANES(*registers), generate

    if n_arguments == 1:
        function = intrinsic(lambda typing, x: typed(x))
    else:
        function = intrinsic(lambda typing, x, y: typed(x, y))
    function.__name__ = name
    return function


def _llvm(name: str):
    """Emits a call of LLVM's own function of that name on registers."""

    def emit(builder, x):
        signature = ir.FunctionType(_DOUBLES, [_DOUBLES])
        return builder.call(cgutils.get_or_insert_function(builder.module, signature, f"llvm.{name}.v{WIDTH}f64"), [x])

    return emit


sqrt = _function("sqrt", _llvm("sqrt"), 1)
floor = _function("floor", _llvm("floor"), 1)
minimum = _function("minimum", lambda builder, a, b: builder.select(builder.fcmp_ordered("<", a, b), a, b), 2)
maximum = _function("maximum", lambda builder, a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b), 2)


def _reduction(name: str):
    """An intrinsic that makes one number of a register by LLVM's own reduction."""

    @intrinsic
    def reduction(typing, x):
        def generate(context, builder, signature, arguments):
            llvm_type, llvm_name = (
                ir.FunctionType(ir.DoubleType(), [_DOUBLES]),
                f"llvm.vector.reduce.{name}.v{WIDTH}f64",
            )
            return builder.call(cgutils.get_or_insert_function(builder.module, llvm_type, llvm_name), arguments)

        return types.float64(LANES), generate

    return reduction


smallest = _reduction("fmin")
largest = _reduction("fmax")

_EXPONENT = ir.Constant(_INT64S, [52] * WIDTH)
_SQRT_HALF = ir.Constant(_INT64S, [0x3FE6A09E667F3BCD] * WIDTH)  # the bits of sqrt(1/2)


def _power_of_two(builder, x):
    """k of x = 2**k m with sqrt(1/2) <= m < sqrt(2), as integers: counted from the bits of sqrt(1/2)."""
    return builder.ashr(builder.sub(builder.bitcast(x, _INT64S), _SQRT_HALF), _EXPONENT)


def _mantissa(builder, x):
    shift = builder.shl(_power_of_two(builder, x), _EXPONENT)
    return builder.bitcast(builder.sub(builder.bitcast(x, _INT64S), shift), _DOUBLES)


exponent = _function("exponent", lambda builder, x: builder.sitofp(_power_of_two(builder, x), _DOUBLES), 1)
mantissa = _function("mantissa", _mantissa, 1)

LN2 = math.log(2.0)


@njit
def log(x):
    """Natural logarithm of positive normal numbers, to about 1e-16 of max(1, |log x|).

    x = 2^k m,  s = (m - 1) / (m + 1),  log x = k log 2 + 2 (s + s^3/3 + s^5/5 + ... + s^21/21)
    """
    m = mantissa(x)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = splat(1 / 21)
    series = series * z + 1 / 19
    series = series * z + 1 / 17
    series = series * z + 1 / 15
    series = series * z + 1 / 13
    series = series * z + 1 / 11
    series = series * z + 1 / 9
    series = series * z + 1 / 7
    series = series * z + 1 / 5
    series = series * z + 1 / 3
    return exponent(x) * LN2 + 2.0 * (s + s * (z * series))
