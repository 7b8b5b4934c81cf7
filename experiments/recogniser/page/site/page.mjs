// The page: a file or the microphone in, pictures and probabilities out.

import { drawLogMel, drawWaveform, range } from "./draw.mjs";
import { readFile } from "./files.mjs";
import { Microphone } from "./microphone.mjs";
import { AudioError, printable } from "./recording.mjs";
import { Recognizer } from "./recognizer.mjs";
import { writeWav } from "./wav.mjs";

const element = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;

const recognizer = new Recognizer();
let model = null;
let microphone = null; // while it records
let isStarting = false; // while the visitor is asked for permission
let shown = null; // {recording, answer} on the page
let newest = 0; // number of the last request: answers to older ones are dropped
let links = []; // object URLs in use

async function begin() {
  say("Loading the network …");
  try {
    const response = await fetch(new URL("model.json", import.meta.url));
    if (!response.ok) throw new Error(`model.json: ${response.status} ${response.statusText}`);
    model = await response.json();
    await recognizer.load(model);
  } catch (error) {
    complain(`The page cannot start: ${error.message}`);
    return;
  }
  element("file").disabled = false;
  element("record").disabled = false;
  say("Ready. Choose a recording, drop one here, or record one.");
  document.body.dataset.state = "ready";
}

/** Shows what `read` returns, or one line that says why not. */
async function show(name, read) {
  const request = ++newest;
  document.body.dataset.state = "busy";
  say(`Reading ${name} …`);
  try {
    const recording = await read();
    if (request !== newest) return;
    say(`Listening to ${name} …`);
    const answer = await recognizer.recognize(recording);
    answer.trainedOn = await wasTrainedOn(recording);
    if (request !== newest) return;
    present({ recording: { ...recording, name }, answer });
    say(`${name}: ${summary(answer)}`);
  } catch (error) {
    if (request !== newest) return;
    const line = error instanceof AudioError ? error.message : `${error.name}: ${error.message}`;
    complain(line.startsWith("microphone: ") ? line : `${name}: ${line}`);
    return;
  }
  document.body.dataset.state = "ready";
}

/** Whether the network was trained or selected on exactly these samples; null if that is not known. */
async function wasTrainedOn({ samples, rate, seconds }) {
  const isWhole = samples.length >= Math.floor(seconds * rate);
  if (!model.training_content || !isWhole || !crypto.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Float64Array.from(samples)));
  const text = Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return model.training_content.includes(text);
}

function summary({ probabilities }) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  return `${model.classes[best]}, ${percent(probabilities[best])}; chance is ${percent(1 / model.classes.length)}`;
}

function stepsOf({ rate, steps }) {
  if (rate === model.sample_rate) return steps;
  const missing = rate < model.sample_rate ? `: nothing above ${rate / 2000} kHz` : "";
  return [...steps, `resampled from ${rate} Hz to ${model.sample_rate} Hz${missing}`];
}

function present({ recording, answer }) {
  shown = { recording, answer };
  element("results").hidden = false;
  element("heading").textContent = recording.name;
  const { rate, channels, seconds, samples } = recording;
  const [lowest, highest] = range(answer.logMel);
  const facts = [`${seconds.toFixed(2)} s, ${rate} Hz, ${channels} ${channels > 1 ? "channels" : "channel"}`];
  const { resampling, log_mel, network } = answer.milliseconds;
  const ms = (value) => `${value.toFixed(1)} ms`;
  const times = `resampling ${ms(resampling)}, log-mel ${ms(log_mel)}, network ${ms(network)}`;
  element("steps").replaceChildren(...[...facts, ...stepsOf(recording), times].map((text) => textElement("li", text)));
  element("trained-on").hidden = !answer.trainedOn;
  const [least, most] = range(samples);
  const peak = Math.max(-least, most).toPrecision(2);
  element("waveform").setAttribute("aria-label", `Waveform of ${seconds.toFixed(2)} s, peak ${peak}`);
  element("log-mel").setAttribute(
    "aria-label",
    `Log-mel spectrogram, ${answer.rows} bands x ${answer.frames} frames, ` +
      `${lowest.toFixed(1)} to ${highest.toFixed(1)} ${model.log_mel.unit}`,
  );
  presentProbabilities(answer.probabilities);
  offerFiles();
  draw();
}

function presentProbabilities(probabilities) {
  const chance = 1 / model.classes.length;
  const best = probabilities.indexOf(Math.max(...probabilities));
  const rows = model.classes.map((name, n) => {
    const row = document.createElement("tr");
    row.classList.toggle("best", n === best);
    const header = textElement("th", n === best ? `${name} ◀` : name);
    header.scope = "row";
    const bar = document.createElement("td");
    bar.className = "bar";
    bar.setAttribute("aria-hidden", "true");
    const filled = document.createElement("div");
    filled.style.width = `${100 * probabilities[n]}%`;
    const mark = document.createElement("span");
    mark.style.left = `${100 * chance}%`;
    bar.append(filled, mark);
    row.append(header, bar, textElement("td", percent(probabilities[n])));
    return row;
  });
  element("probabilities").replaceChildren(...rows);
  const classes = `${model.classes.length} classes`;
  element("chance").textContent = `The dashed line is chance: ${percent(chance)} for each of ${classes}.`;
}

/** What the page shows, as numbers: the names are those of python -m experiments.recogniser --json. */
function numbers({ recording, answer }) {
  const { logMel, rows, frames, probabilities } = answer;
  const { convention, fingerprint, unit } = model.log_mel;
  const values = Array.from({ length: rows }, (_, row) => [...logMel.subarray(row * frames, (row + 1) * frames)]);
  return {
    file: recording.name,
    emotion: model.classes[probabilities.indexOf(Math.max(...probabilities))],
    probabilities: Object.fromEntries(model.classes.map((name, n) => [name, probabilities[n]])),
    trained_on: answer.trainedOn,
    recording: { sample_rate: recording.rate, channels: recording.channels, seconds: recording.seconds },
    steps: stepsOf(recording),
    milliseconds: answer.milliseconds,
    log_mel: { convention, fingerprint, unit, sample_rate: model.sample_rate, values },
    run: model.run,
  };
}

function offerFiles() {
  links.forEach((link) => URL.revokeObjectURL(link));
  const { samples, rate, name } = shown.recording;
  const blobs = {
    "save-numbers": [new Blob([JSON.stringify(numbers(shown))], { type: "application/json" }), `${name}.json`],
    "save-sound": [writeWav(samples, rate), name.replace(/(\.wav)?$/i, ".mono.wav")],
  };
  links = Object.entries(blobs).map(([id, [blob, fileName]]) => {
    Object.assign(element(id), { href: URL.createObjectURL(blob), download: fileName });
    return element(id).href;
  });
  element("player").src = element("save-sound").href;
}

function draw() {
  if (!shown) return;
  drawWaveform(element("waveform"), shown.recording);
  drawLogMel(element("log-mel"), shown.answer, { ...model.log_mel, palette: model.palette });
}

async function toggleRecording() {
  if (microphone) {
    const recorded = microphone;
    microphone = null;
    showRecording(false);
    await show("microphone.wav", () => recorded.stop());
    return;
  }
  if (isStarting) return;
  isStarting = true; // and the button keeps the focus, which a disabled one would lose
  const started = new Microphone(listen, toggleRecording);
  try {
    await started.start();
    microphone = started;
    newest++;
    showRecording(true);
    say("Recording; press Stop for the answer.");
  } catch (error) {
    complain(error.message);
  }
  isStarting = false;
}

function showRecording(isOn) {
  element("record").textContent = isOn ? "Stop" : "Record";
  element("record").classList.toggle("on", isOn);
  element("level").hidden = element("elapsed").hidden = !isOn;
}

function listen(seconds, peak) {
  element("level").value = peak;
  element("elapsed").textContent = `${seconds.toFixed(1)} s`;
}

function say(text) {
  element("status").textContent = text;
  element("error").textContent = "";
}

function complain(text) {
  element("status").textContent = "";
  element("error").textContent = printable(text);
  element("results").hidden = true;
  document.body.dataset.state = "refused";
}

function textElement(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function open(file) {
  if (file && model) show(printable(file.name), () => readFile(file));
}

element("file").addEventListener("change", ({ target }) => {
  open(target.files[0]);
  target.value = ""; // so that the same file can be chosen again
});
element("record").addEventListener("click", toggleRecording);
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  open(event.dataTransfer.files[0]);
});
new ResizeObserver(draw).observe(element("results"));
begin();
