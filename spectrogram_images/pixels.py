"""One pixel as a register: its red, green, blue and whatever follows them in memory, through the same arithmetic.

Rows of an image keep their channels interleaved (red, green, blue, red, ..). `load_pixel(row, i)` is row[i : i + 4],
and `store_pixel(row, i, x)` writes four values back: the fourth is overwritten by the next pixel, so a row needs one
value more than its pixels have. `load_pixel` and `splat_pixel` give a register that + * of dsp.engine.lanes know.

Checked: tests/test_image_kernels_equal_textbook.py
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from dsp.engine.lanes import LANES64, LanesType, element, lanes_of, splat_of

WIDTH = 4


class PixelType(LanesType):
    """Numba type of four float64."""

    def __init__(self):
        types.Type.__init__(self, name="pixel")
        self.of, self.width, self.llvm = types.float64, WIDTH, ir.VectorType(ir.DoubleType(), WIDTH)


PIXEL = PixelType()


@register_model(PixelType)
class _PixelModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, fe_type.llvm)


def _pointer(context, builder, array_type, array, index, kind):
    return builder.bitcast(element(context, builder, array_type, array, index), kind.as_pointer())


@intrinsic
def load_pixel(typing, row, index):
    """row.ravel()[index : index + 4]; the caller checks the bounds."""

    def generate(context, builder, signature, arguments):
        return builder.load(_pointer(context, builder, signature.args[0], *arguments, PIXEL.llvm), align=8)

    return (PIXEL(row, types.intp), generate) if lanes_of(row) == LANES64 else None


@intrinsic
def splat_pixel(typing, row, index):
    """row.ravel()[index] four times; the caller checks the bounds."""

    def generate(context, builder, signature, arguments):
        return splat_of(builder, PIXEL, builder.load(element(context, builder, signature.args[0], *arguments)))

    return (PIXEL(row, types.intp), generate) if lanes_of(row) == LANES64 else None


@intrinsic
def store_pixel(typing, row, index, pixel):
    """row.ravel()[index : index + 4] = pixel; the caller checks the bounds."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature.args[0], *arguments[:2], PIXEL.llvm)
        builder.store(arguments[2], pointer, align=8)
        return context.get_dummy_value()

    return (types.void(row, types.intp, pixel), generate) if pixel == PIXEL and lanes_of(row) == LANES64 else None


@intrinsic
def store_rounded_halves(typing, out, index, twice):
    """out.ravel()[index : index + 8] = twice / 2 rounded, halves up, for a register of float64 in 0 .. 510.

    twice = 2 w + f, 0 <= f < 2, w whole:  (floor(twice) + 1) / 2 without its fraction is w + (f >= 1)
    """

    def generate(context, builder, signature, arguments):
        integers = ir.VectorType(ir.IntType(32), LANES64.width)
        one = ir.Constant(integers, [1] * LANES64.width)
        whole = builder.add(builder.fptosi(arguments[2], integers), one)
        octets = ir.VectorType(ir.IntType(8), LANES64.width)
        pointer = _pointer(context, builder, signature.args[0], *arguments[:2], octets)
        builder.store(builder.trunc(builder.lshr(whole, one), octets), pointer, align=1)
        return context.get_dummy_value()

    bytes_out = isinstance(out, types.Array) and out.layout == "C" and out.dtype == types.uint8
    return (types.void(out, types.intp, twice), generate) if bytes_out and twice == LANES64 else None
