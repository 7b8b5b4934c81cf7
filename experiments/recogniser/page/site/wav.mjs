// WAV and RF64 files in, samples out, scaled as dsp.read_audio scales them: integers of b bits by 2^(1 - b).
//
// The browser's own decoder resamples and rounds to float32; here every sample is exact. A file is hostile: nothing is
// read that its size does not allow, and no more than the first 60 s.

import { AudioError, MAX_SECONDS } from "./recording.mjs";

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];
const MAX_CHUNKS = 1000; // a damaged file may consist of empty chunks
const MAX_CHANNELS = 64;
const BLOCK_BYTES = 2 ** 22;
// What programs that write to a pipe promise instead of a length, as in dsp/files/audio_headers.py.
const OPEN_LENGTHS = [[0x7efff000, 0x80000000], [0xfffff000, 0xffffffff]];

const READERS = {
  [`${PCM} 8`]: (view, at) => (view.getUint8(at) - 128) / 128,
  [`${PCM} 16`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${PCM} 24`]: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  [`${PCM} 32`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${FLOAT} 32`]: (view, at) => view.getFloat32(at, true),
  [`${FLOAT} 64`]: (view, at) => view.getFloat64(at, true),
};

/** Whether a file with these first 12 bytes (Uint8Array) is a WAV file. */
export function isWav(beginning) {
  const text = String.fromCharCode(...beginning);
  return ["RIFF", "RF64"].includes(text.slice(0, 4)) && text.slice(8, 12) === "WAVE";
}

/**
 * {samples, rate, channels, seconds} of a Blob: the mean of the channels, Float64Array. null if the samples are
 * encoded otherwise, such as in mu-law; AudioError if the file is refused.
 */
export async function readWav(blob) {
  const { format, data } = await findChunks(blob);
  if (!format) throw new AudioError("a WAV file without a format");
  if (!format.read) return null;
  if (!data) throw new AudioError("no samples");
  const { rate, channels, read, frameBytes } = format;
  let length = data.length;
  if (length <= 0 || (data.start + length > blob.size && isOpen(length))) length = blob.size - data.start;
  const missing = data.start + length - blob.size;
  if (missing > 0) throw new AudioError(`cut off, ${missing} bytes of the samples its header promises are missing`);
  const nFrames = Math.floor(length / frameBytes);
  const nRead = Math.min(nFrames, MAX_SECONDS * rate);
  const samples = new Float64Array(nRead);
  const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / frameBytes));
  for (let first = 0; first < nRead; first += perBlock) {
    const last = Math.min(nRead, first + perBlock);
    const view = await viewOf(blob, data.start + first * frameBytes, (last - first) * frameBytes);
    for (let n = first, at = 0; n < last; n++) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++, at += frameBytes / channels) sum += read(view, at);
      samples[n] = sum / channels;
    }
  }
  return { samples, rate, channels, seconds: nFrames / rate };
}

async function findChunks(blob) {
  let [position, format, longLength] = [12, null, 0];
  for (let chunk = 0; chunk < MAX_CHUNKS && position + 8 <= blob.size; chunk++) {
    const head = await viewOf(blob, position, 8);
    const name = String.fromCharCode(...new Uint8Array(head.buffer, 0, 4));
    let length = head.getUint32(4, true);
    position += 8;
    if (name === "ds64" && length >= 16) {
      const low = await viewOf(blob, position, 16);
      longLength = Number(low.getBigUint64(8, true));
    } else if (name === "fmt ") {
      format = parseFormat(await viewOf(blob, position, Math.min(length, 40)));
    } else if (name === "data") {
      if (length === 0xffffffff && longLength) length = longLength;
      if (length === 0 && (await isChunk(blob, position))) return { format, data: null };
      return { format, data: { start: position, length } };
    }
    position += length + (length % 2);
  }
  return { format, data: null };
}

function parseFormat(view) {
  if (view.byteLength < 16) throw new AudioError("a WAV file whose format is cut off");
  let code = view.getUint16(0, true);
  const [channels, rate, bits] = [view.getUint16(2, true), view.getUint32(4, true), view.getUint16(14, true)];
  const frameBytes = view.getUint16(12, true);
  if (code === EXTENSIBLE && view.byteLength >= 26) code = view.getUint16(24, true);
  const read = READERS[`${code} ${bits}`];
  if (!read) return { read };
  if (channels < 1 || channels > MAX_CHANNELS) {
    throw new AudioError(`${channels} channels; 1 .. ${MAX_CHANNELS} are expected`);
  }
  const expected = (channels * bits) / 8;
  if (frameBytes !== expected) {
    throw new AudioError(`a WAV file of ${frameBytes} bytes a frame; ${channels} x ${bits} bits are ${expected}`);
  }
  return { rate, channels, read, frameBytes };
}

// Whether a chunk that ends with the file or before begins here: then the empty one before it is no open length.
async function isChunk(blob, position) {
  if (position + 8 > blob.size) return position >= blob.size;
  const view = await viewOf(blob, position, 8);
  const printableName = [0, 1, 2, 3].every((at) => view.getUint8(at) >= 0x20 && view.getUint8(at) < 0x7f);
  return printableName && position + 8 + view.getUint32(4, true) <= blob.size;
}

function isOpen(length) {
  return OPEN_LENGTHS.some(([lowest, highest]) => length >= lowest && length <= highest);
}

async function viewOf(blob, start, length) {
  return new DataView(await blob.slice(start, start + length).arrayBuffer());
}

/** The samples as a WAV file of one channel, 32 bit floating point: exact for what a microphone gives. */
export function writeWav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 4 * samples.length));
  const text = (at, word) => [...word].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 4 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, FLOAT, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 4 * rate, true);
  view.setUint16(32, 4, true);
  view.setUint16(34, 32, true);
  text(36, "data");
  view.setUint32(40, 4 * samples.length, true);
  samples.forEach((value, n) => view.setFloat32(44 + 4 * n, value, true));
  return new Blob([view], { type: "audio/wav" });
}
