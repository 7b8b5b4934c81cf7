// Off the page's own thread: resamples, computes the log-mel spectrogram, and asks the network, by ONNX Runtime Web.
//
// Messages in: {model} once, then {id, samples, rate}. Messages out: {ready} or {failed}, then {id, answer} or
// {id, error}.

import * as ort from "./ort/ort.wasm.min.mjs";
import { resample } from "./resample.mjs";

ort.env.wasm.numThreads = 1; // several need cross-origin isolation, and there is little to compute
ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;

let model = null;
let sessions = null;
let queue = Promise.resolve();

async function load(facts) {
  model = facts;
  const open = async ({ file }) => {
    const response = await fetch(new URL(file, import.meta.url));
    if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
    return ort.InferenceSession.create(new Uint8Array(await response.arrayBuffer()), { executionProviders: ["wasm"] });
  };
  sessions = [await open(model.log_mel), await open(model.network)];
}

async function run(session, { input, output }, samples) {
  const started = performance.now();
  const tensor = new ort.Tensor("float32", samples, [1, samples.length]);
  const { [output]: result } = await session.run({ [input]: tensor }, [output]);
  const found = { values: Float32Array.from(result.data), shape: result.dims.slice(), ms: performance.now() - started };
  result.dispose();
  return found;
}

async function answer({ samples, rate }) {
  const started = performance.now();
  const atRate = Float32Array.from(resample(samples, rate, model.sample_rate));
  const resamplingMs = performance.now() - started;
  if (atRate.length < model.min_samples) {
    const ms = (n) => +((1000 * n) / model.sample_rate).toFixed(1);
    return { refused: `${ms(atRate.length)} ms, shorter than a frame of ${ms(model.min_samples)} ms` };
  }
  const logMel = await run(sessions[0], model.log_mel, atRate);
  const network = await run(sessions[1], model.network, atRate);
  const [rows, frames] = logMel.shape.slice(-2);
  return {
    logMel: logMel.values,
    rows,
    frames,
    probabilities: network.values,
    seconds: atRate.length / model.sample_rate,
    milliseconds: { resampling: resamplingMs, log_mel: logMel.ms, network: network.ms },
  };
}

onmessage = ({ data }) => {
  queue = queue.then(async () => {
    try {
      if (data.model) {
        await load(data.model);
        postMessage({ ready: true });
      } else {
        postMessage({ id: data.id, answer: await answer(data) });
      }
    } catch (error) {
      const reason = String(error.message ?? error);
      postMessage(data.model ? { failed: reason } : { id: data.id, error: reason });
    }
  });
};
