"""The header of a design: what a program needs to know, and how it is used."""

from dsp.export.c_code.design import Design
from dsp.export.c_code.state import state_bytes, state_fields

ABOUT = """\
/* {name}: the {rows} of "{tool}" at {rate} Hz.

   Convention {fingerprint}, {kind}, single file, no memory but the caller's, no library but <math.h>.
   Written by ser-from-scratch {version}: change the convention and write it again rather than this file. */

"""
STREAMING = """\
/* A stream of samples, in pieces of any size; the features do not depend on how they are cut:

       static pre_state state;
       static pre_real rows[PRE_MAX_FRAMES(256) * PRE_ROWS + PRE_FINISH_FRAMES * PRE_ROWS];

       pre_init(&state);
       while (more) {
           frames = pre_push(&state, samples, 256, rows, PRE_MAX_FRAMES(256));
           ... rows[t * PRE_ROWS + k], t = 0 .. frames - 1: number k of frame t
       }
       frames = pre_finish(&state, rows, PRE_FINISH_FRAMES);
       pre_reset(&state);                       the next clip

   Or a whole clip at once, with the same result: pre_extract. */
"""
WHOLE = """\
/* A whole clip at once; this convention has no stream, as every frame depends on the whole clip
   ({reasons}). With --set NAME=none for each of these (floor_rule: "at least") the
   convention streams, with other numbers.

       static pre_state state;
       int64_t frames = pre_count_frames(n);
       pre_real *rows = malloc of frames * PRE_ROWS numbers;
       pre_extract(&state, samples, n, rows, frames);
       ... rows[t * PRE_ROWS + k], t = 0 .. frames - 1: number k of frame t */
"""
ERRORS = """\
/* What a function returns instead of a number of frames. Nothing has changed then. */
enum {
    PRE_TOO_SHORT = -1,    /* the clip has too few samples */
    PRE_NO_ROOM = -2,      /* more frames than max_frames */
    PRE_BAD_ARGUMENT = -3, /* a pointer is NULL or a number negative */
    PRE_NOT_FINITE = -4,   /* a sample is NaN or infinite; not noticed under -ffast-math */
    PRE_FINISHED = -5      /* after pre_finish comes pre_reset */
};
"""
STREAM_FUNCTIONS = """\
/* Makes a state ready. Nothing to release afterwards. */
void pre_init(pre_state *state);

/* Takes n samples in -1 .. 1. Writes the frames that have become whole, PRE_ROWS numbers each, and returns how many. */
int32_t pre_push(pre_state *state, const pre_real *samples, int32_t n, pre_real *out, int32_t max_frames);

/* Ends the clip: writes the frames that reach beyond its end, and those that waited for later ones. */
int32_t pre_finish(pre_state *state, pre_real *out, int32_t max_frames);

/* Begins the next clip, whatever the state was in. */
void pre_reset(pre_state *state);

/* PRE_LATENCY as a function. */
int32_t pre_latency(void);

"""
COMMON_FUNCTIONS = """\
/* How many frames a clip of n samples has; 0 if it is too short. */
int64_t pre_count_frames(int64_t n);

/* The features of a whole clip: {how}. */
int32_t pre_extract(pre_state *state, const pre_real *samples, int32_t n, pre_real *out, int32_t max_frames);
"""


def header_text(d: Design, name: str, about: str) -> str:
    """The .h file, still with the prefix `pre_`.

    Checked: tests/test_c_code_equals_dsp.py
    """
    streams = not d.whole_clip
    rate = int(d.sample_rate) if float(d.sample_rate).is_integer() else repr(float(d.sample_rate))
    constants = [
        ("PRE_SAMPLE_RATE", rate, "Hz; samples at another rate give other features"),
        ("PRE_ROWS", d.rows, "numbers of a frame"),
        ("PRE_HOP", d.size.hop, "samples from one frame to the next"),
    ]
    if streams:
        constants += [
            ("PRE_LATENCY", d.latency, "frame t has come out when t * HOP + LATENCY samples are there"),
            ("PRE_MAX_FRAMES(n)", f"((n) / PRE_HOP + {d.start_burst})", "at most, from n samples at once"),
            ("PRE_FINISH_FRAMES", max(1, d.finish_frames), "at most, at the end of a clip"),
        ]
    texts = [(f"{key} {value}".replace("PRE_", f"{name.upper()}_"), meaning) for key, value, meaning in constants]
    width = max(len(text) for text, _ in texts)
    defines = "\n".join(f"#define {text:<{width}}  /* {meaning} */" for text, meaning in texts)
    fields = [
        f"    {f.type.replace('real', f'{name}_real')} {f.name}{f'[{f.length}]' if f.length else ''};"
        for f in state_fields(d)
    ]
    field_width = max(map(len, fields)) + 2
    members = "\n".join(
        f"{line:<{field_width}}/* {f.meaning} */" for line, f in zip(fields, state_fields(d), strict=True)
    )
    how = WHOLE.replace("{reasons}", ", ".join(d.whole_clip)) if d.whole_clip else STREAMING
    extract = "those of the stream" if streams else "it passes over the samples twice" if d.measures else "in one pass"
    return "\n".join(
        [
            about.rstrip() + "\n",
            "#ifndef PRE_H\n#define PRE_H\n\n#include <stdint.h>\n",
            '#ifdef __cplusplus\nextern "C" {\n#endif\n',
            f"typedef {d.precision} pre_real;\n",
            f"{defines}\n",
            how,
            f"/* Everything that is remembered: {state_bytes(d)} bytes. */",
            f"typedef struct {{\n{members}\n}} pre_state;\n",
            ERRORS,
            (STREAM_FUNCTIONS if streams else "") + COMMON_FUNCTIONS.replace("{how}", extract),
            "#ifdef __cplusplus\n}\n#endif\n\n#endif\n",
        ]
    )
