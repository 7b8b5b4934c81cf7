// What is read of a file or a microphone, and the error for what is not: one line, the rule that it breaks.

export const MAX_SECONDS = 60; // the rest is not read
export const SAMPLE_RATES = [1000, 192000]; // Hz, lowest and highest

export class AudioError extends Error {}

/** A recording; the error if it cannot be used. `samples`: Float64Array, the mean of the channels. */
export function makeRecording(name, samples, rate, channels, seconds) {
  checkRate(rate);
  const length = Math.min(samples.length, MAX_SECONDS * rate);
  const kept = samples.subarray(0, length);
  if (kept.length === 0) throw new AudioError("no samples");
  if (!kept.every(Number.isFinite)) throw new AudioError("holds NaN or infinite samples");
  const mixed = channels > 1 ? ` once its ${channels} channels are mixed to their mean` : "";
  if (kept.every((value) => value === kept[0])) {
    throw new AudioError(`silent${mixed}, all ${kept.length} samples are ${kept[0]}`);
  }
  const steps = [];
  if (seconds > MAX_SECONDS) steps.push(`only the first ${MAX_SECONDS} s of ${clock(seconds)} were read`);
  if (channels > 1) steps.push(`${channels} channels mixed to their mean`);
  return { name, samples: kept, rate, channels, seconds, steps };
}

function checkRate(rate) {
  const [lowest, highest] = SAMPLE_RATES;
  if (!(rate >= lowest && rate <= highest)) throw new AudioError(`${rate} Hz; ${lowest} .. ${highest} Hz are expected`);
}

/** The name in one line: control characters and marks that turn the direction of writing are escaped. */
export function printable(name) {
  const escaped = (character) => `\\u${character.codePointAt(0).toString(16).padStart(4, "0")}`;
  return name.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, escaped);
}

function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
