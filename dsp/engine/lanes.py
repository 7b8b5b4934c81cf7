"""One SIMD register as a Numba type: 16 float32 or 8 float64 values that go through the same arithmetic.

Inside an @njit function, `x = load(array, i)` loads consecutive elements of a C-contiguous float array, from flattened
element i on, as many as a register holds (`width(array)`); `store(array, i, x)` writes them back; `load_splat(array,
i)` is one element in every lane, and `splat(array, s)` a number in every lane of a register of that array's dtype.
+ - * / work on all lanes at once, also with a number on either side, and so do the functions below. A kernel on
sixteen frames therefore reads like the formula for one. A processor without 512-bit registers runs the same code on
smaller ones; the values are the same on every machine.

Checked: tests/test_lanes_match_numpy.py
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

INT32 = ir.IntType(32)


class LanesType(types.Type):
    """Numba type of a 512-bit register; `of` is the type of one lane."""

    def __init__(self, of, llvm, integer, mantissa_bits, sqrt_half):
        super().__init__(name=f"lanes_{of}")
        self.of = of
        self.width = 512 // of.bitwidth
        self.llvm = ir.VectorType(llvm, self.width)
        self.integers = ir.VectorType(integer, self.width)
        self.mantissa_bits = ir.Constant(self.integers, [mantissa_bits] * self.width)
        self.sqrt_half = ir.Constant(self.integers, [sqrt_half] * self.width)  # the bits of sqrt(1/2)


LANES32 = LanesType(types.float32, ir.FloatType(), ir.IntType(32), 23, 0x3F3504F3)
LANES64 = LanesType(types.float64, ir.DoubleType(), ir.IntType(64), 52, 0x3FE6A09E667F3BCD)
_LANES_OF = {types.float32: LANES32, types.float64: LANES64}


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, fe_type.llvm)


def lanes_of(array) -> LanesType | None:
    """The register type that fits an array; None for anything else (Numba then reports what it got)."""
    fits = isinstance(array, types.Array) and array.layout == "C"
    return _LANES_OF.get(array.dtype) if fits else None


def element(context, builder, array_type, array, index):
    """Pointer to flattened element `index`."""
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index])


def splat_of(builder, lanes: LanesType, scalar):
    """A number in every lane; for writing intrinsics."""
    register = builder.insert_element(ir.Constant(lanes.llvm, ir.Undefined), scalar, ir.Constant(INT32, 0))
    first = ir.Constant(ir.VectorType(INT32, lanes.width), [0] * lanes.width)
    return builder.shuffle_vector(register, register, first)


def width(array) -> int:
    """Lanes of a register for this array: 16 for float32, 8 for float64."""
    return 64 // array.itemsize


@type_callable(width)
def _width_type(context):
    return lambda array: types.intp if lanes_of(array) else None


@lower_builtin(width, types.Array)
def _width(context, builder, signature, arguments):
    return context.get_constant(types.intp, lanes_of(signature.args[0]).width)


@intrinsic
def load(typing, array, index):
    """array.ravel()[index : index + width]; the caller checks the bounds."""
    lanes = lanes_of(array)

    def generate(context, builder, signature, arguments):
        pointer = element(context, builder, signature.args[0], *arguments)
        return builder.load(builder.bitcast(pointer, lanes.llvm.as_pointer()), align=lanes.of.bitwidth // 8)

    return lanes(array, types.intp), generate


@intrinsic
def load_wide(typing, array, index, other):
    """load(array, index), converted to the wider dtype of the two arrays; as many as a register of it holds."""
    wide = max(lanes_of(array), lanes_of(other), key=lambda lanes: lanes.of.bitwidth)

    def generate(context, builder, signature, arguments):
        kind = ir.VectorType(lanes_of(array).llvm.element, wide.width)
        pointer = builder.bitcast(element(context, builder, signature.args[0], *arguments[:2]), kind.as_pointer())
        values = builder.load(pointer, align=array.dtype.bitwidth // 8)
        return values if kind == wide.llvm else builder.fpext(values, wide.llvm)

    return wide(array, types.intp, other), generate


@intrinsic
def wider(typing, number, array, other):
    """`number` in the wider dtype of the two arrays: what an element of load_wide is computed with."""
    wide = max(array.dtype, other.dtype, key=lambda kind: kind.bitwidth)

    def generate(context, builder, signature, arguments):
        return context.cast(builder, arguments[0], signature.args[0], wide)

    return wide(number, array, other), generate


@intrinsic
def store(typing, array, index, values):
    """array.ravel()[index : index + lanes] = values, rounded where they are wider; the caller checks the bounds."""

    def generate(context, builder, signature, arguments):
        kind = ir.VectorType(lanes_of(array).llvm.element, values.width)
        pointer = builder.bitcast(element(context, builder, signature.args[0], *arguments[:2]), kind.as_pointer())
        rounded = arguments[2] if kind == values.llvm else builder.fptrunc(arguments[2], kind)
        builder.store(rounded, pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    if not isinstance(values, LanesType) or lanes_of(array) not in (values, LANES32):
        return None
    return types.void(array, types.intp, values), generate


@intrinsic
def load_splat(typing, array, index):
    """array.ravel()[index] in every lane; the caller checks the bounds."""
    lanes = lanes_of(array)

    def generate(context, builder, signature, arguments):
        return splat_of(builder, lanes, builder.load(element(context, builder, signature.args[0], *arguments)))

    return lanes(array, types.intp), generate


@intrinsic
def splat(typing, array, number):
    """`number` in every lane of a register of the array's dtype."""
    lanes = lanes_of(array)

    def generate(context, builder, signature, arguments):
        return splat_of(builder, lanes, context.cast(builder, arguments[1], signature.args[1], lanes.of))

    return lanes(array, number), generate


def as_register(context, builder, lanes: LanesType, value, numba_type):
    """A register unchanged; a number repeated in every lane."""
    if numba_type == lanes:
        return value
    return splat_of(builder, lanes, context.cast(builder, value, numba_type, lanes.of))


def call(builder, name: str, lanes: LanesType, values: list):
    """LLVM's function of that name on registers."""
    signature = ir.FunctionType(lanes.llvm, [lanes.llvm] * len(values))
    suffix = f"v{lanes.width}f{lanes.of.bitwidth}"
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, f"llvm.{name}.{suffix}"), values)


def _arithmetic(operation, emit) -> None:
    """Teaches Numba `operation` on two registers, or on a register and a number."""

    @type_callable(operation)
    def result_type(context):
        def typer(a, b):
            if isinstance(a, LanesType) and (b == a or isinstance(b, types.Float)):
                return a
            return b if isinstance(b, LanesType) and isinstance(a, types.Float) else None

        return typer

    def lower(context, builder, signature, arguments):
        lanes = signature.return_type
        pairs = zip(arguments, signature.args, strict=True)
        return emit(builder, *(as_register(context, builder, lanes, *pair) for pair in pairs))

    for kinds in ((LanesType, LanesType), (LanesType, types.Float), (types.Float, LanesType)):
        lower_builtin(operation, *kinds)(lower)


_arithmetic(operator.add, lambda builder, a, b: builder.fadd(a, b))
_arithmetic(operator.sub, lambda builder, a, b: builder.fsub(a, b))
_arithmetic(operator.mul, lambda builder, a, b: builder.fmul(a, b))
_arithmetic(operator.truediv, lambda builder, a, b: builder.fdiv(a, b))


def _typed(emit, lanes, *others):
    """The result of an intrinsic on a register and further registers or numbers: emit(builder, lanes, ..)."""
    if not isinstance(lanes, LanesType) or any(kind != lanes and not isinstance(kind, types.Float) for kind in others):
        return None

    def generate(context, builder, signature, arguments):
        pairs = zip(arguments, signature.args, strict=True)
        return emit(builder, lanes, *(as_register(context, builder, lanes, *pair) for pair in pairs))

    return lanes(lanes, *others), generate


def _function(emit, n_arguments: int):
    """The intrinsic emit(builder, lanes, *values) of n arguments, the first of which is a register."""
    if n_arguments == 1:
        return intrinsic(lambda typing, x: _typed(emit, x))
    if n_arguments == 2:
        return intrinsic(lambda typing, x, y: _typed(emit, x, y))
    return intrinsic(lambda typing, x, y, z: _typed(emit, x, y, z))


sqrt = _function(lambda builder, lanes, x: call(builder, "sqrt", lanes, [x]), 1)
# fma(a, b, c): a b + c, rounded once. Without hardware support the C library computes the same bits, slowly.
fma = _function(lambda builder, lanes, *abc: call(builder, "fma", lanes, list(abc)), 3)
floor = _function(lambda builder, lanes, x: call(builder, "floor", lanes, [x]), 1)


def _choose(sign: str):
    """An intrinsic that selects, lane by lane, the first value if `first sign second` holds, otherwise the second.

    Two integers work as well: Python's own min and max would take as long to compile as a short function.
    """

    def of_integers(context, builder, signature, arguments):
        a, b = (context.cast(builder, *pair, types.intp) for pair in zip(arguments, signature.args, strict=True))
        return builder.select(builder.icmp_signed(sign, a, b), a, b)

    def of_registers(builder, lanes, a, b):
        return builder.select(builder.fcmp_ordered(sign, a, b), a, b)

    @intrinsic
    def choose(typing, a, b):
        if isinstance(a, types.Integer) and isinstance(b, types.Integer):
            return types.intp(a, b), of_integers
        return _typed(of_registers, a, b)

    return choose


minimum, maximum = _choose("<"), _choose(">")


def _power_of_two(builder, lanes, x):
    """k of x = 2**k m with sqrt(1/2) <= m < sqrt(2), as integers, computed from the bits of sqrt(1/2)."""
    bits = builder.bitcast(x, lanes.integers)
    return builder.ashr(builder.sub(bits, lanes.sqrt_half), lanes.mantissa_bits)


def _mantissa(builder, lanes, x):
    shift = builder.shl(_power_of_two(builder, lanes, x), lanes.mantissa_bits)
    return builder.bitcast(builder.sub(builder.bitcast(x, lanes.integers), shift), lanes.llvm)


exponent = _function(lambda builder, lanes, x: builder.sitofp(_power_of_two(builder, lanes, x), lanes.llvm), 1)
mantissa = _function(_mantissa, 1)
_is_zero_then = _function(
    lambda builder, lanes, x, y: builder.select(
        builder.fcmp_ordered("==", x, ir.Constant(lanes.llvm, [0.0] * lanes.width)), y, x
    ),
    2,
)
zero_to = _is_zero_then  # zero_to(x, y): x, or y where x is 0


def _reduction(name: str):
    """An intrinsic that reduces a register to one number, by LLVM's own reduction."""

    @intrinsic
    def reduction(typing, x):
        def generate(context, builder, signature, arguments):
            lanes = signature.args[0]
            llvm_type = ir.FunctionType(lanes.llvm.element, [lanes.llvm])
            llvm_name = f"llvm.vector.reduce.{name}.v{lanes.width}f{lanes.of.bitwidth}"
            return builder.call(cgutils.get_or_insert_function(builder.module, llvm_type, llvm_name), arguments)

        return x.of(x), generate

    return reduction


reduce_min = _reduction("fmin")
reduce_max = _reduction("fmax")


@intrinsic
def first_lane(typing, x):
    """The number in the first lane; of a computation on registers with equal lanes, the compiler keeps only that."""

    def generate(context, builder, signature, arguments):
        return builder.extract_element(arguments[0], ir.Constant(INT32, 0))

    return x.of(x), generate


@intrinsic
def reduce_add(typing, x):
    """The sum of the lanes: halves are added until one number is left."""

    def generate(context, builder, signature, arguments):
        values, half = arguments[0], x.width // 2
        while half:
            parts = (ir.Constant(ir.VectorType(INT32, half), list(range(i, i + half))) for i in (0, half))
            low, high = (builder.shuffle_vector(values, values, part) for part in parts)
            values, half = builder.fadd(low, high), half // 2
        return builder.extract_element(values, ir.Constant(INT32, 0))

    return x.of(x), generate
