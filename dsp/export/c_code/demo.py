"""A small program around a design: a WAV file in, features as text out."""

from dsp.export.c_code.design import Design

DEMO = r"""
#include "{name}.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_MAX 65536

static int fail(const char *path, const char *rule)
{
    fprintf(stderr, "error: %s: %s\n", path, rule);
    return 2;
}

static unsigned long little(const unsigned char *bytes, int n)
{
    unsigned long value = 0;
    while (n-- > 0) value = value << 8 | bytes[n];
    return value;
}

/* Goes to the samples of a WAV file of 16 bits and one channel; NULL, or what is wrong. */
static const char *find_samples(FILE *file, long *n)
{
    unsigned char head[16];
    int has_format = 0;
    if (fread(head, 1, 12, file) != 12 || memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0)
        return "no WAV file";
    while (fread(head, 1, 8, file) == 8) {
        const unsigned long size = little(head + 4, 4);
        if (memcmp(head, "fmt ", 4) == 0 && size >= 16) {
            if (fread(head, 1, 16, file) != 16) break;
            if (little(head, 2) != 1 || little(head + 14, 2) != 16) return "16-bit PCM is expected";
            if (little(head + 2, 2) != 1) return "one channel is expected";
            if ((double)little(head + 4, 4) != (double)PRE_SAMPLE_RATE) return "{rate} Hz are expected";
            has_format = 1;
            if (size > 16 && fseek(file, (long)(size - 16 + (size & 1)), SEEK_CUR) != 0) break;
        } else if (memcmp(head, "data", 4) == 0) {
            if (!has_format) return "no format before the samples";
            *n = (long)(size / 2);
            return NULL;
        } else if (fseek(file, (long)(size + (size & 1)), SEEK_CUR) != 0) {
            break;
        }
    }
    return "no samples";
}

/* Reads up to n samples; returns how many there were. */
static int32_t read_samples(FILE *file, pre_real *samples, int32_t n)
{
    int32_t i;
    unsigned char bytes[2];
    for (i = 0; i < n && fread(bytes, 1, 2, file) == 2; i++) {
        const long value = (long)little(bytes, 2);
        samples[i] = (pre_real)(value < 32768 ? value : value - 65536) / 32768;
    }
    return i;
}

static void print_rows(const pre_real *rows, int32_t frames)
{
    int32_t t, k;
    for (t = 0; t < frames; t++)
        for (k = 1; k <= PRE_ROWS; k++, rows++) printf("%.{digits}g%c", (double)*rows, k < PRE_ROWS ? ' ' : '\n');
}

static const char *reason(int32_t code)
{
    return code == PRE_TOO_SHORT ? "too few samples for a frame" : "a function refused its arguments";
}

{run}
int main(int argc, char **argv)
{
    FILE *file;
    const char *wrong;
    long n = 0;
    int status;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s FILE.wav{usage}\n"
                        "Prints the features of a WAV file (16 bits, one channel, {rate} Hz), a frame a line.\n"
                        "{note}The state takes %lu bytes.\n", argv[0], (unsigned long)sizeof(pre_state));
        return 2;
    }
    file = fopen(argv[1], "rb");
    if (file == NULL) return fail(argv[1], "cannot be opened");
    wrong = find_samples(file, &n);
    status = wrong != NULL ? fail(argv[1], wrong) : run(file, argv[1], n, {piece});
    fclose(file);
    return status;
}
"""
PIECE_NOTE = r"PIECE: samples that are pushed at once (1024); it changes no number.\n"
STREAM_RUN = r"""/* Piece by piece, as from a microphone. */
static int run(FILE *file, const char *path, long n, long piece)
{
    static pre_state state;
    static pre_real samples[PIECE_MAX], rows[(PRE_MAX_FRAMES(PIECE_MAX) + PRE_FINISH_FRAMES) * PRE_ROWS];
    int32_t frames;
    if (piece < 1 || piece > PIECE_MAX) return fail("PIECE", "1 to 65536 samples are expected");
    pre_init(&state);
    while (n > 0) {
        const int32_t got = read_samples(file, samples, (int32_t)(n < piece ? n : piece));
        if (got == 0) break;
        frames = pre_push(&state, samples, got, rows, PRE_MAX_FRAMES(PIECE_MAX));
        if (frames < 0) return fail(path, reason(frames));
        print_rows(rows, frames);
        n -= got;
    }
    frames = pre_finish(&state, rows, PRE_FINISH_FRAMES);
    if (frames < 0) return fail(path, reason(frames));
    print_rows(rows, frames);
    return 0;
}
"""
WHOLE_RUN = r"""/* The whole clip, which this convention needs. */
static int run(FILE *file, const char *path, long n, long piece)
{
    static pre_state state;
    pre_real *samples, *rows;
    int64_t most;
    int32_t frames;
    (void)piece;
    if (n < 1 || n > 1L << 28) return fail(path, "no samples, or too many");
    samples = (pre_real *)malloc((size_t)n * sizeof(pre_real));
    if (samples == NULL) return fail(path, "too long for the memory");
    n = read_samples(file, samples, (int32_t)n);
    most = pre_count_frames(n);
    rows = (pre_real *)malloc((size_t)(most > 0 ? most : 1) * PRE_ROWS * sizeof(pre_real));
    if (rows == NULL) {
        free(samples);
        return fail(path, "too long for the memory");
    }
    frames = pre_extract(&state, samples, (int32_t)n, rows, (int32_t)most);
    if (frames > 0) print_rows(rows, frames);
    free(samples);
    free(rows);
    return frames < 0 ? fail(path, reason(frames)) : 0;
}
"""


def demo_text(d: Design, name: str, about: str) -> str:
    """The program's source, still with the prefix `pre_`.

    Checked: tests/test_c_code_equals_dsp.py
    """
    streams = not d.whole_clip
    return (
        (about.rstrip() + "\n" + DEMO)
        .replace("{run}", STREAM_RUN if streams else WHOLE_RUN)
        .replace("{name}", name)
        .replace("{digits}", "17" if d.precision == "double" else "9")
        .replace("{note}", PIECE_NOTE if streams else "")
        .replace("{usage}", " [PIECE]" if streams else "")
        .replace("{piece}", "argc > 2 ? strtol(argv[2], NULL, 10) : 1024")
        .replace("{rate}", f"{d.sample_rate:g}")
    )
