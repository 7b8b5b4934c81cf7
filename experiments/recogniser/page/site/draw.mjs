// The waveform and the log-mel spectrogram as pictures with axes, at the width of their canvas.

const INK = "#1f2937";
const GRID = "#d1d5db";
const WAVE = "#0b5394";
const FONT = "12px system-ui, sans-serif";
const [LEFT, RIGHT, TOP, AXIS] = [46, 12, 8, 20]; // margins in CSS pixels; AXIS is below the picture
const LEGEND = 30; // height of the scale of colors

/** Draws samples (Float64Array) against seconds. */
export function drawWaveform(canvas, { samples, rate }) {
  const { pen, width, height } = prepare(canvas);
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const box = { x: LEFT, y: TOP, width: width - LEFT - RIGHT, height: height - TOP - AXIS };
  const y = (value) => box.y + (box.height / 2) * (1 - value / peak);
  for (const value of [-peak, 0, peak]) {
    rule(pen, box, y(value));
    label(pen, value === 0 ? "0" : value.toPrecision(2), box.x - 6, y(value), "right", "middle");
  }
  pen.fillStyle = WAVE;
  for (let column = 0; column < box.width; column++) {
    const first = Math.floor((column / box.width) * samples.length);
    const last = Math.max(first + 1, Math.floor(((column + 1) / box.width) * samples.length));
    let [lowest, highest] = [samples[first], samples[first]];
    for (let n = first; n < last && n < samples.length; n++) {
      if (samples[n] < lowest) lowest = samples[n];
      if (samples[n] > highest) highest = samples[n];
    }
    pen.fillRect(box.x + column, y(highest), 1, Math.max(1, y(lowest) - y(highest)));
  }
  drawTime(pen, box, samples.length / rate);
}

/**
 * Draws rows x frames of levels. `bands_hz`: the middle of each row; `first_s`, `hop_s`: the middle of the first frame
 * and the step to the next; `palette`: [[red, green, blue], ...] from the lowest level to the highest.
 */
export function drawLogMel(canvas, { logMel, rows, frames, seconds }, { unit, bands_hz, first_s, hop_s, palette }) {
  const { pen, width, height } = prepare(canvas);
  const box = { x: LEFT, y: TOP, width: width - LEFT - RIGHT, height: height - TOP - AXIS - LEGEND };
  const [lowest, highest] = range(logMel);
  const picture = new ImageData(frames, rows);
  for (let row = 0; row < rows; row++) {
    for (let frame = 0; frame < frames; frame++) {
      const share = highest > lowest ? (logMel[row * frames + frame] - lowest) / (highest - lowest) : 0;
      const color = palette[Math.round(share * (palette.length - 1))];
      picture.data.set([...color, 255], 4 * ((rows - 1 - row) * frames + frame));
    }
  }
  const sheet = new OffscreenCanvas(frames, rows);
  sheet.getContext("2d").putImageData(picture, 0, 0);
  const x = (second) => box.x + (box.width * second) / seconds;
  pen.imageSmoothingEnabled = false;
  pen.save();
  pen.beginPath();
  pen.rect(box.x, box.y, box.width, box.height);
  pen.clip();
  const begin = first_s - hop_s / 2;
  pen.drawImage(sheet, x(begin), box.y, x(begin + frames * hop_s) - x(begin), box.height);
  pen.restore();
  for (let row = Math.floor(rows / 16); row < rows; row += Math.ceil(rows / 6)) {
    const y = box.y + box.height * (1 - (row + 0.5) / rows);
    label(pen, `${(bands_hz[row] / 1000).toFixed(1)}k`, box.x - 6, y, "right", "middle");
  }
  drawTime(pen, box, seconds);
  drawScale(pen, box, height, palette, [lowest, highest].map((value) => `${value.toFixed(1)} ${unit}`));
}

export function range(values) {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return [lowest, highest];
}

function prepare(canvas) {
  const density = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = canvas.getContext("2d");
  pen.scale(density, density);
  pen.clearRect(0, 0, width, height);
  pen.font = FONT;
  return { pen, width, height };
}

function drawTime(pen, box, seconds) {
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20].find((s) => (seconds / s) * 64 <= box.width) ?? 30;
  const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  for (let tick = 0; tick * step <= seconds * (1 + 1e-9); tick++) {
    const x = box.x + (box.width * tick * step) / seconds;
    pen.fillStyle = INK;
    pen.fillRect(x, box.y + box.height, 1, 4);
    label(pen, `${(tick * step).toFixed(digits)} s`, x, box.y + box.height + 6, tick ? "center" : "left", "top");
  }
}

function drawScale(pen, box, height, palette, [lowest, highest]) {
  const y = height - 16;
  const margin = 6 + Math.max(pen.measureText(lowest).width, pen.measureText(highest).width);
  const width = box.width - 2 * margin;
  palette.forEach(([red, green, blue], n) => {
    pen.fillStyle = `rgb(${red} ${green} ${blue})`;
    pen.fillRect(box.x + margin + (width * n) / palette.length, y, width / palette.length + 1, 10);
  });
  label(pen, lowest, box.x + margin - 6, y + 5, "right", "middle");
  label(pen, highest, box.x + box.width - margin + 6, y + 5, "left", "middle");
}

function rule(pen, box, y) {
  pen.fillStyle = GRID;
  pen.fillRect(box.x, Math.round(y), box.width, 1);
}

function label(pen, text, x, y, align, baseline) {
  Object.assign(pen, { fillStyle: INK, textAlign: align, textBaseline: baseline });
  pen.fillText(text, x, y);
}
