"""From a frame to filter outputs, in C: a transform of any length, the power spectrum, the mel filters."""

from dsp.export.c_code.design import Design
from dsp.export.c_code.frames import energy_loop
from dsp.export.c_code.text import constant

RADIX_2 = """\
/* Stage: pairs of transforms of m points become one of 2 m. */
static void join_2(real *z, int32_t m)
{
    const int32_t step = POINTS / (2 * m);
    int32_t k, base;
    for (k = 0; k < m; k++) {
        const real wr = ROOTS[2 * k * step], wi = ROOTS[2 * k * step + 1];
        for (base = k; base < POINTS; base += 2 * m) {
            real *a = z + 2 * base, *b = a + 2 * m;
            const real br = wr * b[0] - wi * b[1], bi = wr * b[1] + wi * b[0];
            b[0] = a[0] - br;
            b[1] = a[1] - bi;
            a[0] += br;
            a[1] += bi;
        }
    }
}
"""


RADIX_4 = """\
/* Stage: four transforms of m points become one of 4 m. */
static void join_4(real *z, int32_t m)
{
    const int32_t step = POINTS / (4 * m);
    int32_t k, base;
    for (k = 0; k < m; k++) {
        const real *u = ROOTS + 2 * k * step, *v = ROOTS + 4 * k * step, *w = ROOTS + 6 * k * step;
        for (base = k; base < POINTS; base += 4 * m) {
            real *a = z + 2 * base, *b = a + 2 * m, *c = b + 2 * m, *d = c + 2 * m;
            const real br = u[0] * b[0] - u[1] * b[1], bi = u[0] * b[1] + u[1] * b[0];
            const real cr = v[0] * c[0] - v[1] * c[1], ci = v[0] * c[1] + v[1] * c[0];
            const real dr = w[0] * d[0] - w[1] * d[1], di = w[0] * d[1] + w[1] * d[0];
            const real sr = a[0] + cr, si = a[1] + ci, tr = a[0] - cr, ti = a[1] - ci;
            const real pr = br + dr, pi = bi + di, qr = br - dr, qi = bi - di;
            a[0] = sr + pr;
            a[1] = si + pi;
            b[0] = tr + qi;
            b[1] = ti - qr;
            c[0] = sr - pr;
            c[1] = si - pi;
            d[0] = tr - qi;
            d[1] = ti + qr;
        }
    }
}
"""


RADIX_ANY = """\
/* Stage: `radix` transforms of m points become one of radix * m, by the definition of the transform. Its time grows
   with radix^2, so an N_FFT with a large prime factor is slow. */
static void join_any(real *z, int32_t m, int32_t radix, real *terms)
{
    const int32_t step = POINTS / (radix * m), part = POINTS / radix;
    int32_t k, base, q, u;
    for (k = 0; k < m; k++) {
        for (base = k; base < POINTS; base += radix * m) {
            for (q = 0; q < radix; q++) {
                const real *w = ROOTS + 2 * (q * k * step), *x = z + 2 * (base + q * m);
                terms[2 * q] = w[0] * x[0] - w[1] * x[1];
                terms[2 * q + 1] = w[0] * x[1] + w[1] * x[0];
            }
            for (u = 0; u < radix; u++) {
                real re = 0, im = 0;
                int32_t turn = 0;
                for (q = 0; q < radix; q++) {
                    const real *w = ROOTS + 2 * (turn * part);
                    re += w[0] * terms[2 * q] - w[1] * terms[2 * q + 1];
                    im += w[0] * terms[2 * q + 1] + w[1] * terms[2 * q];
                    turn += u;
                    if (turn >= radix) turn -= radix;
                }
                z[2 * (base + u * m)] = re;
                z[2 * (base + u * m) + 1] = im;
            }
        }
    }
}
"""


def transform(d: Design) -> str:
    """The stages that the length needs, and their order."""
    parts = []
    for radix, text in ((2, RADIX_2), (4, RADIX_4)):
        if radix in d.radices:
            parts.append(text)
    if any(radix not in (2, 4) for radix in d.radices):
        parts.append(RADIX_ANY)
    stages, m = [], 1
    for radix in d.radices:
        call = f"join_{radix}(z, {m});" if radix in (2, 4) else f"join_any(z, {m}, {radix}, state->terms);"
        stages.append(f"    {call}")
        m *= radix
    source = "ORDER[i]" if d.points > 1 else "i"
    if d.packed:
        what = "The complex transform of sample 2 j + i sample 2 j + 1, which holds that of the real samples."
        load = [
            f"        z[2 * i] = state->frame[2 * {source}];",
            f"        z[2 * i + 1] = state->frame[2 * {source} + 1];",
        ]
    else:
        what = "The transform of the frame."
        load = [f"        z[2 * i] = state->frame[{source}];", "        z[2 * i + 1] = 0;"]
    parts.append(
        "\n".join(
            [
                f"/* {what} Stage by stage (Cooley and Tukey), in place. */",
                "static void transform(pre_state *state)",
                "{",
                "    real *z = state->z;",
                "    int32_t i;",
                "    for (i = 0; i < POINTS; i++) {",
                *load,
                "    }",
                *stages,
                "}",
                "",
            ]
        )
    )
    return "\n".join(parts)


UNPACK = """\
static void compute_power(pre_state *state)
{
    const real *z = state->z;
    real *power = state->power;
    int32_t k;
    for (k = 0; k <= POINTS / 2; k++) {
        /* X[k] = even + w odd and X[POINTS - k] = conj(even - w odd), w = exp(-2 pi i k / N_FFT) */
        const real *a = z + 2 * k, *b = z + 2 * (k == 0 ? 0 : POINTS - k), *w = UNPACKING + 2 * k;
        const real er = HALF_ * (a[0] + b[0]), ei = HALF_ * (a[1] - b[1]);
        const real or_ = HALF_ * (a[1] + b[1]), oi = HALF_ * (b[0] - a[0]);
        const real tr = w[0] * or_ - w[1] * oi, ti = w[0] * oi + w[1] * or_;
        power[POINTS - k] = (er - tr) * (er - tr) + (ei - ti) * (ei - ti);
        power[k] = (er + tr) * (er + tr) + (ei + ti) * (ei + ti);
    }
"""


PLAIN = """\
static void compute_power(pre_state *state)
{
    const real *z = state->z;
    real *power = state->power;
    int32_t k;
    for (k = 0; k < BINS; k++) power[k] = z[2 * k] * z[2 * k] + z[2 * k + 1] * z[2 * k + 1];
"""


def power(d: Design) -> str:
    """The spectrum as the convention scales it."""
    c = d.convention
    formula, body = ["|X|^2"], []
    if c.spectrum_norm is not None:
        divisor = {
            "n_fft": "N_FFT",
            "window sum": "the square of the window's sum",
            "window energy": "the sum of the window's squares",
            "praat": "N_FFT n / (n - 1) times the sum of the squares of the window's n values",
            "density": "the sample rate times the sum of the window's squares",
        }[c.spectrum_norm]
        formula.append(f"divided by {divisor}")
        body.append(f"    for (k = 0; k < BINS; k++) power[k] *= {constant(d.power_scale, d)};")
    if c.spectrum_scaling == "one-sided, doubled":
        formula.append("doubled except at 0 Hz and at half the sample rate")
        body.append(f"    for (k = 1; k < {(d.size.n_fft + 1) // 2}; k++) power[k] *= 2;")
    if c.spectrum == "magnitude":
        if c.spectrum_floor:
            formula.append(
                f"plus {c.spectrum_floor:g}" if c.spectrum_floor_rule == "add" else f"at least {c.spectrum_floor:g}"
            )
            floor = constant(c.spectrum_floor, d)
            if c.spectrum_floor_rule == "add":
                body.append(f"    for (k = 0; k < BINS; k++) power[k] += {floor};")
            else:
                body.append(f"    for (k = 0; k < BINS; k++) if (power[k] < {floor}) power[k] = {floor};")
        formula.append("its square root")
        body.append("    for (k = 0; k < BINS; k++) power[k] = sqrt(power[k]);")
    if d.has_energy and c.energy_of == "spectrum":
        formula.append("and their sum, the energy")
        body += [line.replace("(i = 0; i <", "(k = 0; k <").replace("i++", "k++").replace("[i]", "[k]") for line in
                 energy_loop(d, "power", "BINS")]  # fmt: skip
    head = UNPACK.replace("HALF_", constant(0.5, d)) if d.packed else PLAIN
    return "\n".join([f"/* The spectrum: {', '.join(formula)}. */", head.rstrip(), *body, "}", ""])


def filters(d: Design) -> str:
    """The mel filters; empty without them."""
    if d.filterbank is None:
        return ""
    greatest = []
    if d.needs_fraction and d.convention.floor_rule == "fraction of greatest bin":
        greatest = ["            if (*w != 0 && power[i] > state->greatest_bin) state->greatest_bin = power[i];"]
    return "\n".join(
        [
            "/* The mel filters: mel[m] = sum over k of H[m, k] power[k]; only weights that are not 0 are stored. */",
            "static void apply_filters(pre_state *state)",
            "{",
            "    const real *w = WEIGHTS;",
            "    int32_t m, i;",
            "    for (m = 0; m < LEVELS; m++) {",
            "        const real *power = state->power + FIRST_BIN[m];",
            "        real sum = 0;",
            "        for (i = 0; i < BIN_COUNT[m]; i++, w++) {",
            "            sum += *w * power[i];",
            *greatest,
            "        }",
            "        state->mel[m] = sum;",
            "    }",
            "}",
            "",
        ]
    )
