// The microphone as a recording: its own sample rate, nothing suppressed, canceled or leveled by the browser.

import { AudioError, MAX_SECONDS, makeRecording } from "./recording.mjs";

const REASONS = {
  NotAllowedError: "not permitted; allow this page to use the microphone, or choose a file",
  NotFoundError: "none is connected; choose a file instead",
  NotReadableError: "another program keeps it, or the system does not hand it out",
};

/** Records until stop() or for 60 s. */
export class Microphone {
  /** onSamples(seconds so far, peak of the last samples); onFull() after 60 s, when stop() must follow. */
  constructor(onSamples, onFull) {
    Object.assign(this, { onSamples, onFull, pieces: [], length: 0 });
  }

  /** Begins to record. AudioError, one line, if there is no microphone or no permission. */
  async start() {
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) {
      throw new AudioError("microphone: browsers give it to pages from https or from this machine only; choose a file");
    }
    try {
      const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: raw });
      this.context = new AudioContext();
      await this.context.audioWorklet.addModule(new URL("capture.mjs", import.meta.url));
    } catch (error) {
      await this.close();
      throw new AudioError(`microphone: ${REASONS[error.name] ?? error.name}`);
    }
    this.capture = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
    this.capture.port.onmessage = ({ data }) => this.take(data);
    this.context.createMediaStreamSource(this.stream).connect(this.capture);
    await this.context.resume();
  }

  take(samples) {
    if (this.length >= MAX_SECONDS * this.context.sampleRate) return;
    this.pieces.push(samples);
    this.length += samples.length;
    let peak = 0;
    for (const value of samples) peak = Math.max(peak, Math.abs(value));
    this.onSamples(this.length / this.context.sampleRate, peak);
    if (this.length >= MAX_SECONDS * this.context.sampleRate) this.onFull();
  }

  /** The recording; AudioError for silence or nothing. The microphone is off afterwards. */
  async stop() {
    const rate = this.context.sampleRate;
    await this.close();
    const samples = new Float64Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      samples.set(piece, at);
      at += piece.length;
    }
    const kept = samples.subarray(0, MAX_SECONDS * rate);
    try {
      return makeRecording("microphone.wav", kept, rate, 1, kept.length / rate);
    } catch (error) {
      throw new AudioError(`microphone: ${error.message}`);
    }
  }

  async close() {
    if (this.capture) this.capture.port.onmessage = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    await this.context?.close();
  }
}
