// Another sample rate, by the sum that defines dsp.resample (dsp/resampling.py), in float64:
//
//   y[m] = sum_n h(m q/p - n) x[n],   p/q = newRate / rate in lowest terms,   c = min(1, p/q)
//   h(t) = fc sinc(fc t) kaiser(t),   fc = c (0.95 + 1) / 2,   |t| < half = ceil(267.6 / c)
//
// Each of the p fractions r/p of m q/p has a branch of 2 half taps, divided by its sum. Rates with more than
// MAX_BRANCHES fractions get MAX_BRANCHES branches and a straight line between two of them: within 1e-6 of the largest
// sample.

const PASS_BAND = 0.95; // fraction of the lower Nyquist frequency that passes
const ATTENUATION_DB = 200;
const BETA = 0.1102 * (ATTENUATION_DB - 8.7);
export const MAX_BRANCHES = 2048;

const greatestCommonDivisor = (a, b) => (b ? greatestCommonDivisor(b, a % b) : a);

function besselI0(x) {
  let term = 1;
  let total = 1;
  for (let k = 1; term > Number.EPSILON * total; k++) {
    term *= (x / (2 * k)) ** 2;
    total += term;
  }
  return total;
}

// The taps at the fraction `offset` of a sample: tap j weights x[n - half + 1 + j].
function makeBranch(offset, half, fc) {
  const branch = new Float64Array(2 * half);
  let sum = 0;
  for (let j = 0; j < 2 * half; j++) {
    const t = offset + half - 1 - j;
    const inside = (1 - t / half) * (1 + t / half);
    if (inside <= 0) continue;
    const angle = Math.PI * fc * t;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    branch[j] = fc * sinc * besselI0(BETA * Math.sqrt(inside));
    sum += branch[j];
  }
  return branch.map((tap) => tap / sum);
}

function weigh(branch, samples, first) {
  const begin = Math.max(0, -first);
  const end = Math.min(branch.length, samples.length - first);
  let sum = 0;
  for (let j = begin; j < end; j++) sum += branch[j] * samples[first + j];
  return sum;
}

/** Float64Array of ceil(samples.length newRate / rate) samples; equal rates give the samples themselves. */
export function resample(samples, rate, newRate) {
  const divisor = greatestCommonDivisor(rate, newRate);
  const [p, q] = [newRate / divisor, rate / divisor];
  if (p === q) return samples;
  const c = Math.min(1, p / q);
  const half = Math.ceil((ATTENUATION_DB - 7.95) / (2.285 * Math.PI * (1 - PASS_BAND) * c) / 2);
  const fc = (c * (PASS_BAND + 1)) / 2;
  const nBranches = Math.min(p, MAX_BRANCHES);
  const branches = new Array(nBranches + 1);
  const branchOf = (index) => (branches[index] ??= makeBranch(index / nBranches, half, fc));
  const output = new Float64Array(Math.ceil((samples.length * p) / q));
  for (let m = 0; m < output.length; m++) {
    const n = Math.floor((m * q) / p);
    const position = (((m * q) % p) / p) * nBranches;
    const index = p === nBranches ? (m * q) % p : Math.floor(position);
    const first = n - half + 1;
    output[m] = weigh(branchOf(index), samples, first);
    if (p !== nBranches && position > index) {
      output[m] += (position - index) * (weigh(branchOf(index + 1), samples, first) - output[m]);
    }
  }
  return output;
}
