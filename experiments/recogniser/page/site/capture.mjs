// Runs in the audio thread: hands the samples of the microphone on, the mean of its channels.

class Capture extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) {
      const mean = new Float32Array(channels[0].length);
      for (const values of channels) values.forEach((value, n) => (mean[n] += value / channels.length));
      this.port.postMessage(mean, [mean.buffer]);
    }
    return true;
  }
}

registerProcessor("capture", Capture);
