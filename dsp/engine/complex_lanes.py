"""A register of complex numbers: two SIMD registers, real and imaginary parts, with complex arithmetic.

Inside an @njit function, `x = load_complex(z, k)` is element k of an array whose elements are two registers each, real
parts followed by imaginary parts; `store_complex(z, k, x)` writes it back; `splat_complex(w, k)` is w[k] in every lane
for w of shape (2, n) or (2n,), real parts followed by imaginary parts. + - * work on all lanes at once, and so do the
functions below.

Checked: tests/test_lanes_match_numpy.py
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from dsp.engine.lanes import INT32, LANES32, LANES64, LanesType, as_register, call, element, lanes_of, splat_of


class ComplexLanesType(types.Type):
    """Numba type of two registers; `lanes` is the type of either."""

    def __init__(self, lanes: LanesType):
        super().__init__(name=f"complex_{lanes}")
        self.lanes = lanes


_COMPLEX_OF = {lanes: ComplexLanesType(lanes) for lanes in (LANES32, LANES64)}


@register_model(ComplexLanesType)
class _ComplexLanesModel(models.StructModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, [("re", fe_type.lanes), ("im", fe_type.lanes)])


def _parts(context, builder, kind: ComplexLanesType, value) -> tuple:
    number = cgutils.create_struct_proxy(kind)(context, builder, value)
    return number.re, number.im


def _complex(context, builder, kind: ComplexLanesType, re, im):
    number = cgutils.create_struct_proxy(kind)(context, builder)
    number.re, number.im = re, im
    return number._getvalue()


def _registers(context, builder, array_type, array, k, kind: ComplexLanesType) -> list:
    """Pointers to the two registers of element k."""
    first = builder.mul(k, ir.Constant(k.type, 2 * kind.lanes.width))
    second = builder.add(first, ir.Constant(k.type, kind.lanes.width))
    pointers = (element(context, builder, array_type, array, index) for index in (first, second))
    return [builder.bitcast(pointer, kind.lanes.llvm.as_pointer()) for pointer in pointers]


@intrinsic
def load_complex(typing, z, k):
    """Element k; the caller checks the bounds."""
    kind = _COMPLEX_OF[lanes_of(z)]

    def generate(context, builder, signature, arguments):
        pointers = _registers(context, builder, signature.args[0], *arguments, kind)
        parts = (builder.load(pointer, align=kind.lanes.of.bitwidth // 8) for pointer in pointers)
        return _complex(context, builder, kind, *parts)

    return kind(z, types.intp), generate


@intrinsic
def store_complex(typing, z, k, x):
    """Element k = x; the caller checks the bounds."""

    def generate(context, builder, signature, arguments):
        pointers = _registers(context, builder, signature.args[0], *arguments[:2], x)
        for pointer, part in zip(pointers, _parts(context, builder, x, arguments[2]), strict=True):
            builder.store(part, pointer, align=x.lanes.of.bitwidth // 8)
        return context.get_dummy_value()

    if not isinstance(x, ComplexLanesType) or lanes_of(z) != x.lanes:
        return None
    return types.void(z, types.intp, x), generate


@intrinsic
def splat_complex(typing, w, k):
    """w[0, k] + i w[1, k] in every lane, w of shape (2, n) or flattened; the caller checks the bounds."""
    kind = _COMPLEX_OF[lanes_of(w)]

    def generate(context, builder, signature, arguments):
        array_type, (array, k) = signature.args[0], arguments
        shape = context.make_array(array_type)(context, builder, array).shape
        n = builder.extract_value(shape, array_type.ndim - 1)
        if array_type.ndim == 1:
            n = builder.lshr(n, ir.Constant(n.type, 1))
        pointers = (element(context, builder, array_type, array, index) for index in (k, builder.add(n, k)))
        parts = (splat_of(builder, kind.lanes, builder.load(pointer)) for pointer in pointers)
        return _complex(context, builder, kind, *parts)

    return kind(w, types.intp), generate


def _shuffle(builder, a, b, order):
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT32, len(order)), list(order)))


def _halves(context, builder, array_type, array, index, lanes: LanesType) -> list:
    """Pointers to the register at flattened element `index` and to the next one."""
    pointers = (
        element(context, builder, array_type, array, at)
        for at in (index, builder.add(index, ir.Constant(index.type, lanes.width)))
    )
    return [builder.bitcast(pointer, lanes.llvm.as_pointer()) for pointer in pointers]


@intrinsic
def load_pairs(typing, x, index):
    """x.ravel()[index::2] + i x.ravel()[index + 1 :: 2], one register of them; the caller checks the bounds."""
    kind = _COMPLEX_OF[lanes_of(x)]

    def generate(context, builder, signature, arguments):
        pointers = _halves(context, builder, signature.args[0], *arguments, kind.lanes)
        low, high = (builder.load(pointer, align=kind.lanes.of.bitwidth // 8) for pointer in pointers)
        pairs = range(0, 2 * kind.lanes.width, 2)
        parts = (_shuffle(builder, low, high, [i + part for i in pairs]) for part in (0, 1))
        return _complex(context, builder, kind, *parts)

    return kind(x, types.intp), generate


@intrinsic
def store_pairs(typing, x, index, z):
    """x.ravel()[index::2] = real parts, x.ravel()[index + 1 :: 2] = imaginary parts; the caller checks the bounds."""

    def generate(context, builder, signature, arguments):
        pointers = _halves(context, builder, signature.args[0], *arguments[:2], z.lanes)
        parts, wide = _parts(context, builder, z, arguments[2]), z.lanes.width
        for pointer, first in zip(pointers, (0, wide // 2), strict=True):
            order = [i + part for i in range(first, first + wide // 2) for part in (0, wide)]
            builder.store(_shuffle(builder, *parts, order), pointer, align=z.lanes.of.bitwidth // 8)
        return context.get_dummy_value()

    if not isinstance(z, ComplexLanesType) or lanes_of(x) != z.lanes:
        return None
    return types.void(x, types.intp, z), generate


@intrinsic
def complex_of(typing, re, im):
    """re + i im of two registers."""
    if not isinstance(re, LanesType) or re != im:
        return None
    kind = _COMPLEX_OF[re]
    return kind(re, im), lambda context, builder, signature, arguments: _complex(context, builder, kind, *arguments)


@intrinsic
def scale(typing, z, factor):
    """z times a real number, or a real register."""

    def generate(context, builder, signature, arguments):
        register = as_register(context, builder, z.lanes, arguments[1], signature.args[1])
        parts = _parts(context, builder, z, arguments[0])
        return _complex(context, builder, z, *(builder.fmul(part, register) for part in parts))

    if not isinstance(z, ComplexLanesType) or (factor != z.lanes and not isinstance(factor, types.Float)):
        return None
    return z(z, factor), generate


def _product(builder, lanes: LanesType, a_re, a_im, b_re, b_im) -> tuple:
    re = call(builder, "fma", lanes, [a_re, b_re, builder.fneg(builder.fmul(a_im, b_im))])
    return re, call(builder, "fma", lanes, [a_re, b_im, builder.fmul(a_im, b_re)])


@intrinsic
def multiply_add(typing, factor, x, y):
    """factor x + y, for complex x and y and a factor that is a number or a register; each part is rounded once."""
    if not isinstance(x, ComplexLanesType) or y != x or not (factor == x.lanes or isinstance(factor, types.Float)):
        return None

    def generate(context, builder, signature, arguments):
        real = as_register(context, builder, x.lanes, arguments[0], signature.args[0])
        pairs = zip(_parts(context, builder, x, arguments[1]), _parts(context, builder, x, arguments[2]), strict=True)
        parts = (call(builder, "fma", x.lanes, [real, *pair]) for pair in pairs)
        return _complex(context, builder, x, *parts)

    return x(factor, x, y), generate


_OPERATIONS = {
    operator.add: lambda builder, lanes, a_re, a_im, b_re, b_im: (builder.fadd(a_re, b_re), builder.fadd(a_im, b_im)),
    operator.sub: lambda builder, lanes, a_re, a_im, b_re, b_im: (builder.fsub(a_re, b_re), builder.fsub(a_im, b_im)),
    operator.mul: _product,
}


def _teach(operation, emit) -> None:
    """Teaches Numba `operation` on two complex registers."""

    @type_callable(operation)
    def result_type(context):
        return lambda a, b: a if isinstance(a, ComplexLanesType) and a == b else None

    @lower_builtin(operation, ComplexLanesType, ComplexLanesType)
    def lower(context, builder, signature, arguments):
        kind = signature.return_type
        a, b = (_parts(context, builder, kind, value) for value in arguments)
        return _complex(context, builder, kind, *emit(builder, kind.lanes, *a, *b))


for _operation, _emit in _OPERATIONS.items():
    _teach(_operation, _emit)


def _function(emit, is_real: bool = False):
    """An intrinsic on one complex register: emit(builder, lanes, re, im) returns two registers, or one if is_real."""

    @intrinsic
    def function(typing, x):
        def generate(context, builder, signature, arguments):
            parts = emit(builder, x.lanes, *_parts(context, builder, x, arguments[0]))
            return parts if is_real else _complex(context, builder, x, *parts)

        return (x.lanes if is_real else x)(x), generate

    return function


conjugate = _function(lambda builder, lanes, re, im: (re, builder.fneg(im)))
times_minus_i = _function(lambda builder, lanes, re, im: (im, builder.fneg(re)))
swap_parts = _function(lambda builder, lanes, re, im: (im, re))
real_part = _function(lambda builder, lanes, re, im: re, is_real=True)
imaginary_part = _function(lambda builder, lanes, re, im: im, is_real=True)
reverse_lanes = _function(
    lambda builder, lanes, *parts: [_shuffle(builder, part, part, range(lanes.width - 1, -1, -1)) for part in parts]
)
squared_magnitude = _function(
    lambda builder, lanes, re, im: call(builder, "fma", lanes, [re, re, builder.fmul(im, im)]), is_real=True
)


def _unit(builder, lanes: LanesType, re, im) -> tuple:
    one, zero = (ir.Constant(lanes.llvm, [number] * lanes.width) for number in (1.0, 0.0))
    square = call(builder, "fma", lanes, [re, re, builder.fmul(im, im)])
    is_zero = builder.fcmp_ordered("==", square, zero)
    factor = builder.fdiv(one, call(builder, "sqrt", lanes, [square]))
    re, im = builder.fmul(re, factor), builder.fmul(im, factor)
    return builder.select(is_zero, one, re), builder.select(is_zero, zero, im)


unit = _function(_unit)  # x / |x|; 1 where |x|^2 is 0, as exp(i angle(0)) is
