// Any file that the browser decodes as a recording. WAV files are read by wav.mjs, all others by decodeAudioData.
//
// decodeAudioData gives every file the rate of its context. So the context gets the file's own rate, where its header
// says one; otherwise the browser resamples to 48 kHz, which a step tells. Integers may come out slightly too large:
// Chromium divides positive ones by 2^15 - 1, an error of 3e-5 of each, where wav.mjs divides by 2^15.

import { AudioError, MAX_SECONDS, SAMPLE_RATES, makeRecording } from "./recording.mjs";
import { isWav, readWav } from "./wav.mjs";

const MAX_MEBIBYTES = 16; // of a compressed file, which is decoded whole
const FALLBACK_RATE = 48000;
const MPEG_RATES = [44100, 48000, 32000]; // of version 1; halved in version 2, quartered in 2.5

/** The recording in a File. AudioError, one line without the name, if it cannot be used. */
export async function readFile(file) {
  if (file.size === 0) throw new AudioError("empty file (0 bytes)");
  let beginning;
  try {
    beginning = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  } catch (error) {
    throw new AudioError(`cannot be read (${error.name})`);
  }
  const wav = isWav(beginning) ? await readWav(file) : null;
  if (wav) return makeRecording(file.name, wav.samples, wav.rate, wav.channels, wav.seconds);
  if (file.size > MAX_MEBIBYTES * 2 ** 20) {
    const size = (file.size / 2 ** 20).toFixed(0);
    throw new AudioError(`${size} MiB; files other than WAV are decoded whole and may have ${MAX_MEBIBYTES} MiB`);
  }
  return decode(file.name, await file.arrayBuffer());
}

async function decode(name, content) {
  const ownRate = rateInHeader(new DataView(content));
  let decoded;
  try {
    decoded = await new OfflineAudioContext(1, 1, ownRate ?? FALLBACK_RATE).decodeAudioData(content);
  } catch {
    throw new AudioError("not readable as audio in this browser; WAV files of integers or floating point always are");
  }
  const { sampleRate, numberOfChannels, duration } = decoded;
  const samples = new Float64Array(Math.min(decoded.length, MAX_SECONDS * sampleRate));
  for (let channel = 0; channel < numberOfChannels; channel++) {
    const values = decoded.getChannelData(channel);
    for (let n = 0; n < samples.length; n++) samples[n] += values[n] / numberOfChannels;
  }
  const recording = makeRecording(name, samples, sampleRate, numberOfChannels, duration);
  const resampled = ownRate ? "" : `, at ${sampleRate} Hz whatever the file's own rate`;
  recording.steps.unshift(`decoded by the browser${resampled}`);
  return recording;
}

/** The sample rate that a WAV, FLAC, Ogg Vorbis, Ogg Opus or MP3 file states; null if it is another file. */
function rateInHeader(view) {
  const text = String.fromCharCode(...new Uint8Array(view.buffer, 0, Math.min(64, view.byteLength)));
  let rate = null;
  if (/^RIFF.{8}fmt /s.test(text) && view.byteLength >= 28) rate = view.getUint32(24, true);
  else if (text.startsWith("fLaC") && view.byteLength >= 22) rate = view.getUint32(18) >>> 12;
  else if (text.startsWith("OggS") && text.includes("OpusHead")) rate = 48000;
  else if (text.startsWith("OggS") && text.includes("\x01vorbis")) {
    const at = text.indexOf("\x01vorbis") + 12;
    rate = at + 4 <= view.byteLength ? view.getUint32(at, true) : null;
  } else rate = rateOfMp3(view, text.startsWith("ID3") && view.byteLength >= 10 ? tagBytes(view) : 0);
  return rate >= Math.max(SAMPLE_RATES[0], 3000) && rate <= SAMPLE_RATES[1] ? rate : null;
}

const tagBytes = (view) => 10 + [6, 7, 8, 9].reduce((sum, at) => sum * 128 + (view.getUint8(at) & 127), 0);

function rateOfMp3(view, at) {
  if (at + 4 > view.byteLength || view.getUint16(at) < 0xffe0) return null;
  const [second, third] = [view.getUint8(at + 1), view.getUint8(at + 2)];
  const [version, layer, index] = [(second >> 3) & 3, (second >> 1) & 3, (third >> 2) & 3];
  if (layer !== 1 || version === 1 || index === 3) return null;
  return MPEG_RATES[index] / { 3: 1, 2: 2, 0: 4 }[version];
}
