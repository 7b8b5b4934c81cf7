"""Small Fourier transforms as machine instructions: the inside of a stage, written as formulas.

A codelet is an intrinsic: while Numba compiles a kernel, the Python code below runs once and emits the instructions of
one butterfly. `Term` is a complex register at that time; + - and the functions on it emit instructions. That keeps the
compiler's work small, where as many steps on registers inside an @njit function would take it ten times as long.

    transform(terms)                        the DFT of a list of terms, as a list

    butterfly(z, radix, i, m, roots, k)     elements of z become their DFT, times powers of a root
    butterfly_back(..)                      the same, with the powers before the DFT
    power_pair(z, i, j, roots, k, power)    two bins of the power of a real transform

Checked: tests/test_lanes_match_numpy.py
"""

import math

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from dsp.engine.lanes import LanesType, call, element, lanes_of, splat_of


class Term:
    """A complex register while code is emitted."""

    def __init__(self, builder, lanes: LanesType, re, im):
        self.builder, self.lanes, self.re, self.im = builder, lanes, re, im

    def _with(self, re, im) -> "Term":
        return Term(self.builder, self.lanes, re, im)

    def _fma(self, a, b, c):
        return call(self.builder, "fma", self.lanes, [a, b, c])

    def _number(self, number: float):
        return ir.Constant(self.lanes.llvm, [number] * self.lanes.width)

    def __add__(self, other: "Term") -> "Term":
        return self._with(self.builder.fadd(self.re, other.re), self.builder.fadd(self.im, other.im))

    def __sub__(self, other: "Term") -> "Term":
        return self._with(self.builder.fsub(self.re, other.re), self.builder.fsub(self.im, other.im))

    def plus(self, number: float, other: "Term") -> "Term":
        """self + number other."""
        number = self._number(number)
        return self._with(self._fma(number, other.re, self.re), self._fma(number, other.im, self.im))

    def times(self, number: float) -> "Term":
        number = self._number(number)
        return self._with(self.builder.fmul(self.re, number), self.builder.fmul(self.im, number))

    def times_minus_i(self) -> "Term":
        return self._with(self.im, self.builder.fneg(self.re))

    def times_1_minus_i(self) -> "Term":
        return self._with(self.builder.fadd(self.re, self.im), self.builder.fsub(self.im, self.re))

    def times_root(self, re, im) -> "Term":
        """self (re + i im), of registers."""
        builder = self.builder
        return self._with(
            self._fma(self.re, re, builder.fneg(builder.fmul(self.im, im))),
            self._fma(self.re, im, builder.fmul(self.im, re)),
        )


def transform(x: list[Term]) -> list[Term]:
    """X[k] = sum_j x[j] exp(-2 pi i j k / n), for n = 2, 4, 8 or odd."""
    return {2: _transform2, 4: _transform4, 8: _transform8}.get(len(x), _transform_odd)(x)


def _transform2(x: list[Term]) -> list[Term]:
    return [x[0] + x[1], x[0] - x[1]]


def _transform4(x: list[Term]) -> list[Term]:
    a, b = _transform2(x[0::2]), _transform2(x[1::2])
    b[1] = b[1].times_minus_i()
    return [a[0] + b[0], a[1] + b[1], a[0] - b[0], a[1] - b[1]]


def _transform8(x: list[Term]) -> list[Term]:
    """Two transforms of four, the odd one turned by eighths: exp(-i pi / 4) = (1 - i) sqrt(1/2)."""
    a, b = _transform4(x[0::2]), _transform4(x[1::2])
    b1, b2, b3, c = b[1].times_1_minus_i(), b[2].times_minus_i(), b[3].times_1_minus_i().times_minus_i(), math.sqrt(0.5)
    upper = [a[0] + b[0], a[1].plus(c, b1), a[2] + b2, a[3].plus(c, b3)]
    return [*upper, a[0] - b[0], a[1].plus(-c, b1), a[2] - b2, a[3].plus(-c, b3)]


def _transform_odd(x: list[Term]) -> list[Term]:
    """Sums of opposite terms share the cosines, their differences the sines.

    X[k], X[n - k] = x[0] + sum_j (x[j] + x[n - j]) cos(2 pi j k / n) -+ i sum_j (x[j] - x[n - j]) sin(2 pi j k / n)
    """
    n = len(x)
    pairs = [(x[j] + x[n - j], (x[j] - x[n - j]).times_minus_i()) for j in range(1, n // 2 + 1)]
    total = x[0]
    for added, _ in pairs:
        total = total + added
    result = [total] * n
    for k in range(1, n // 2 + 1):
        angles = [2 * math.pi * (j * k % n) / n for j in range(1, n // 2 + 1)]
        even, odd = x[0], pairs[0][1].times(math.sin(angles[0]))
        for (added, _), angle in zip(pairs, angles, strict=True):
            even = even.plus(math.cos(angle), added)
        for (_, turned), angle in zip(pairs[1:], angles[1:], strict=True):
            odd = odd.plus(math.sin(angle), turned)
        result[k], result[n - k] = even + odd, even - odd
    return result


class _Elements:
    """The elements of an array of complex registers while code is emitted."""

    def __init__(self, context, builder, array_type, array):
        self.context, self.builder, self.array_type, self.array = context, builder, array_type, array
        self.lanes = lanes_of(array_type)

    def _pointers(self, k):
        width = ir.Constant(k.type, self.lanes.width)
        first = self.builder.mul(k, ir.Constant(k.type, 2 * self.lanes.width))
        for index in (first, self.builder.add(first, width)):
            pointer = element(self.context, self.builder, self.array_type, self.array, index)
            yield self.builder.bitcast(pointer, self.lanes.llvm.as_pointer())

    def __getitem__(self, k) -> Term:
        parts = (self.builder.load(pointer, align=self.lanes.of.bitwidth // 8) for pointer in self._pointers(k))
        return Term(self.builder, self.lanes, *parts)

    def __setitem__(self, k, x: Term) -> None:
        for pointer, part in zip(self._pointers(k), (x.re, x.im), strict=True):
            self.builder.store(part, pointer, align=self.lanes.of.bitwidth // 8)


def _root(context, builder, roots_type, roots, k) -> list:
    """The parts of root k in every lane: roots has shape (2, n), real parts followed by imaginary parts."""
    n = builder.extract_value(context.make_array(roots_type)(context, builder, roots).shape, 1)
    pointers = (element(context, builder, roots_type, roots, index) for index in (k, builder.add(n, k)))
    return [splat_of(builder, lanes_of(roots_type), builder.load(pointer)) for pointer in pointers]


RADICES = (2, 3, 4, 5, 8)
OF_BLOCK = 256  # added to the radix of a stage whose blocks are no longer than it


def _butterfly(backward: bool):
    """The intrinsic below, with the factors after the DFT or, backward, before it."""

    @intrinsic
    def butterfly(typing, z, radix, i, m, roots, k):
        """Elements i, i + m, .. of z become their DFT of `radix` terms, times w^0, w^k, w^2k, ..

        radix is one of RADICES; the caller checks the bounds. For m = 1 k is 0, and there is nothing to multiply.
        """
        if lanes_of(z) is None or lanes_of(roots) != lanes_of(z):
            return None
        return types.void(z, types.intp, types.intp, types.intp, roots, types.intp), generate

    def generate(context, builder, signature, arguments):
        z_type, _, _, _, roots_type, _ = signature.args
        z, radix, i, m, roots, k = arguments
        z = _Elements(context, builder, z_type, z)
        with_factors = builder.icmp_signed(">", m, ir.Constant(m.type, 1))
        end = builder.append_basic_block("end")
        of_block = ir.Constant(m.type, OF_BLOCK)
        choice = builder.switch(builder.add(radix, builder.select(with_factors, ir.Constant(m.type, 0), of_block)), end)

        def with_factor(j, term):
            power = builder.mul(k, ir.Constant(k.type, j))
            return term.times_root(*_root(context, builder, roots_type, roots, power)) if j else term

        for number in RADICES:
            for is_last in (False, True):
                case = ir.Constant(m.type, number + OF_BLOCK * is_last)
                if not is_last or number in (4, 8):  # few transforms end in others: these multiply by 1
                    block = builder.append_basic_block(f"radix_{number}")
                choice.add_case(case, block)
                if is_last and number not in (4, 8):
                    continue
                builder.position_at_end(block)
                places = [builder.add(i, builder.mul(m, ir.Constant(m.type, j))) for j in range(number)]
                terms = [z[place] for place in places]
                if backward and not is_last:
                    terms = [with_factor(j, term) for j, term in enumerate(terms)]
                for j, term in enumerate(transform(terms)):
                    z[places[j]] = term if backward or is_last else with_factor(j, term)
                builder.branch(end)
        builder.position_at_end(end)
        return context.get_dummy_value()

    return butterfly


butterfly = _butterfly(backward=False)
butterfly_back = _butterfly(backward=True)  # factors w^0, w^k, .. first, then the DFT: the way back through a stage


@intrinsic
def power_pair(typing, z, i, j, roots, k, power):
    """power[k] and power[m - k], m = n / 2, of a real transform of length n from Z, its half-length transform.

    i and j are the elements of z that hold Z[k] and Z[m - k]. |X[k]|^2 = |E + w^k O|^2 and |X[m - k]|^2 = |E - w^k O|^2
    with E = Z[k] + conj Z[m - k] and O = -i (Z[k] - conj Z[m - k]); roots has m + 1 columns.
    """
    lanes = lanes_of(z)
    if lanes is None or lanes_of(roots) != lanes or lanes_of(power) != lanes:
        return None

    def generate(context, builder, signature, arguments):
        z, i, j, roots, k, power = arguments
        z_type, _, _, roots_type, _, power_type = signature.args
        m = builder.sub(
            builder.extract_value(context.make_array(roots_type)(context, builder, roots).shape, 1),
            ir.Constant(k.type, 1),
        )
        z = _Elements(context, builder, z_type, z)
        a, b = z[i], z[j]
        b = Term(builder, lanes, b.re, builder.fneg(b.im))
        even, odd = a + b, (a - b).times_minus_i().times_root(*_root(context, builder, roots_type, roots, k))
        for bin_number, x in ((k, even + odd), (builder.sub(m, k), even - odd)):
            square = call(builder, "fma", lanes, [x.re, x.re, builder.fmul(x.im, x.im)])
            index = builder.mul(bin_number, ir.Constant(k.type, lanes.width))
            pointer = element(context, builder, power_type, power, index)
            builder.store(square, builder.bitcast(pointer, lanes.llvm.as_pointer()), align=lanes.of.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(z, types.intp, types.intp, roots, types.intp, power), generate
