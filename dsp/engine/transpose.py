"""How frames get into lanes: a square of samples, one row per frame, becomes registers, one per sample number.

Checked: tests/test_lanes_match_numpy.py
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from dsp.engine.lanes import INT32, element, lanes_of, splat_of


@intrinsic
def transpose_frames(typing, x, start, step, factors, n, z):
    """z.ravel()[(n + j) width + i] = factors[n + j] x[start + j + i step], i, j < width; the caller checks the bounds.

    Rows of samples become registers. Sixteen bytes of every fourth part of the rows make one register; then the small
    squares inside these sixteen bytes are transposed by interleaving pairs of registers (a perfect shuffle).
    """
    lanes = lanes_of(x)
    if lanes is None or lanes_of(factors) != lanes or lanes_of(z) != lanes:
        return None
    wide, q, align = lanes.width, lanes.width // 4, lanes.of.bitwidth // 8

    def shuffle(builder, a, b, order):
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT32, len(order)), order))

    def generate(context, builder, signature, arguments):
        x, start, step, factors, n, z = arguments
        x_type, _, _, factors_type, _, z_type = signature.args

        def at(index, offset):
            return builder.add(index, ir.Constant(index.type, offset))

        def sixteen_bytes(row, column):
            index = builder.add(at(start, column), builder.mul(step, ir.Constant(step.type, row)))
            pointer = element(context, builder, x_type, x, index)
            return builder.load(
                builder.bitcast(pointer, ir.VectorType(lanes.llvm.element, q).as_pointer()), align=align
            )

        low = [lane * q + card + hand for lane in range(4) for card in range(q // 2) for hand in (0, wide)]
        for column in range(0, wide, q):
            rows = []
            for row in range(q):
                a, b, c, d = (sixteen_bytes(part * q + row, column) for part in range(4))
                halves = [shuffle(builder, *pair, list(range(2 * q))) for pair in ((a, b), (c, d))]
                rows.append(shuffle(builder, *halves, list(range(wide))))
            for _ in range(q.bit_length() - 1):
                pairs = [(rows[i], rows[i + q // 2]) for i in range(q // 2)]
                rows = [shuffle(builder, *pair, [i + up for i in low]) for pair in pairs for up in (0, q // 2)]
            for j, register in enumerate(rows):
                factor = builder.load(element(context, builder, factors_type, factors, at(n, column + j)))
                product = builder.fmul(register, splat_of(builder, lanes, factor))
                index = builder.mul(at(n, column + j), ir.Constant(n.type, wide))
                pointer = builder.bitcast(element(context, builder, z_type, z, index), lanes.llvm.as_pointer())
                builder.store(product, pointer, align=align)
        return context.get_dummy_value()

    return types.void(x, types.intp, types.intp, factors, types.intp, z), generate
