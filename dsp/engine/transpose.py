"""How frames get into lanes and out of them: a square of samples, one row per frame, becomes registers, one per sample
number, or the other way round.

Checked: tests/test_lanes_match_numpy.py
"""

from collections.abc import Iterator

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from dsp.engine.lanes import INT32, call, element, lanes_of, splat_of


def _transposed(builder, lanes, load_sixteen_bytes) -> Iterator:
    """The columns of a square, as registers; load_sixteen_bytes(row, column) gives a piece of a row.

    Sixteen bytes of every fourth part of the rows make one register; then the small squares inside these sixteen bytes
    are transposed by interleaving pairs of registers (a perfect shuffle).
    """
    wide, q = lanes.width, lanes.width // 4

    def shuffle(a, b, order):
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT32, len(order)), order))

    low = [lane * q + card + hand for lane in range(4) for card in range(q // 2) for hand in (0, wide)]
    for column in range(0, wide, q):
        rows = []
        for row in range(q):
            a, b, c, d = (load_sixteen_bytes(part * q + row, column) for part in range(4))
            halves = [shuffle(*pair, list(range(2 * q))) for pair in ((a, b), (c, d))]
            rows.append(shuffle(*halves, list(range(wide))))
        for _ in range(q.bit_length() - 1):
            pairs = [(rows[i], rows[i + q // 2]) for i in range(q // 2)]
            rows = [shuffle(*pair, [i + up for i in low]) for pair in pairs for up in (0, q // 2)]
        yield from rows


def _loader(context, builder, lanes, x_type, x, start, step):
    """load_sixteen_bytes for rows that begin at flattened elements start, start + step, .. of x."""

    def load_sixteen_bytes(row, column):
        offset = builder.add(start, ir.Constant(start.type, column))
        index = builder.add(offset, builder.mul(step, ir.Constant(step.type, row)))
        kind = ir.VectorType(lanes.llvm.element, lanes.width // 4)
        pointer = builder.bitcast(element(context, builder, x_type, x, index), kind.as_pointer())
        return builder.load(pointer, align=lanes.of.bitwidth // 8)

    return load_sixteen_bytes


def _store(context, builder, lanes, z_type, z, index, register) -> None:
    pointer = builder.bitcast(element(context, builder, z_type, z, index), lanes.llvm.as_pointer())
    builder.store(register, pointer, align=lanes.of.bitwidth // 8)


@intrinsic
def transpose_frames(typing, x, start, step, factors, n, z):
    """z.ravel()[(n + j) width + i] = factors[n + j] x[start + j + i step]; the caller checks the bounds.

    i, j < width
    """
    lanes = lanes_of(x)
    if lanes is None or lanes_of(factors) != lanes or lanes_of(z) != lanes:
        return None

    def generate(context, builder, signature, arguments):
        x, start, step, factors, n, z = arguments
        x_type, _, _, factors_type, _, z_type = signature.args
        columns = _transposed(builder, lanes, _loader(context, builder, lanes, x_type, x, start, step))
        for j, register in enumerate(columns):
            index = builder.add(n, ir.Constant(n.type, j))
            factor = builder.load(element(context, builder, factors_type, factors, index))
            product = builder.fmul(register, splat_of(builder, lanes, factor))
            row = builder.mul(index, ir.Constant(n.type, lanes.width))
            _store(context, builder, lanes, z_type, z, row, product)
        return context.get_dummy_value()

    return types.void(x, types.intp, types.intp, factors, types.intp, z), generate


@intrinsic
def transpose(typing, x, start, step, z, z_start, z_step):
    """z.ravel()[z_start + j z_step + i] = x.ravel()[start + i step + j]; the caller checks the bounds.

    i, j < width
    """
    lanes = lanes_of(x)
    if lanes is None or lanes_of(z) != lanes:
        return None

    def generate(context, builder, signature, arguments):
        x, start, step, z, z_start, z_step = arguments
        x_type, z_type = signature.args[0], signature.args[3]
        columns = _transposed(builder, lanes, _loader(context, builder, lanes, x_type, x, start, step))
        for j, register in enumerate(columns):
            row = builder.add(z_start, builder.mul(z_step, ir.Constant(z_step.type, j)))
            _store(context, builder, lanes, z_type, z, row, register)
        return context.get_dummy_value()

    return types.void(x, types.intp, types.intp, z, types.intp, types.intp), generate


@intrinsic
def add_frames(typing, z, rows, factors, n, y, start, step):
    """y.ravel()[start + j + i step] += factors[n + j] z.ravel()[rows[n + j] width + i]; the caller checks the bounds.

    i, j < width; the rows of y may overlap
    """
    lanes = lanes_of(z)
    if lanes is None or lanes_of(factors) != lanes or lanes_of(y) != lanes:
        return None

    def generate(context, builder, signature, arguments):
        z, rows, factors, n, y, start, step = arguments
        z_type, rows_type, factors_type, _, y_type, _, _ = signature.args
        align = lanes.of.bitwidth // 8

        def load_sixteen_bytes(row, column):
            number = builder.load(element(context, builder, rows_type, rows, builder.add(n, ir.Constant(n.type, row))))
            index = builder.add(builder.mul(number, ir.Constant(n.type, lanes.width)), ir.Constant(n.type, column))
            kind = ir.VectorType(lanes.llvm.element, lanes.width // 4)
            pointer = builder.bitcast(element(context, builder, z_type, z, index), kind.as_pointer())
            return builder.load(pointer, align=align)

        def register(array_type, array, index):
            return builder.bitcast(element(context, builder, array_type, array, index), lanes.llvm.as_pointer())

        factor = builder.load(register(factors_type, factors, n), align=align)
        for i, samples in enumerate(_transposed(builder, lanes, load_sixteen_bytes)):
            target = register(y_type, y, builder.add(start, builder.mul(step, ir.Constant(step.type, i))))
            total = call(builder, "fma", lanes, [samples, factor, builder.load(target, align=align)])
            builder.store(total, target, align=align)
        return context.get_dummy_value()

    return types.void(z, rows, factors, types.intp, y, types.intp, types.intp), generate
