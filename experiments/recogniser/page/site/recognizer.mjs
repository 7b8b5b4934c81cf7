// The page's side of worker.mjs: load(model), then recognize(recording) -> answer.

import { AudioError } from "./recording.mjs";

export class Recognizer {
  constructor() {
    this.worker = new Worker(new URL("worker.mjs", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.nextId = 0;
  }

  /** Loads both graphs and the runtime; an Error says what is missing. */
  load(model) {
    return new Promise((resolve, reject) => {
      this.worker.onerror = (event) => reject(new Error(event.message ?? "a module of the page is missing"));
      this.worker.onmessage = ({ data }) => {
        if (data.ready) resolve();
        else if (data.failed) reject(new Error(data.failed));
        else this.settle(data);
      };
      this.worker.postMessage({ model });
    });
  }

  settle({ id, answer, error }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new Error(error));
    else if (answer.refused) reject(new AudioError(answer.refused));
    else resolve(answer);
  }

  recognize({ samples, rate }) {
    return new Promise((resolve, reject) => {
      this.waiting.set(this.nextId, { resolve, reject });
      this.worker.postMessage({ id: this.nextId++, samples, rate });
    });
  }
}
