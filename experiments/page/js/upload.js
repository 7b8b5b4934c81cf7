// Files by choice or drop, or the microphone: each goes by POST to a private address of this session, then Python hears
// {kind: "files" | "live", ids, errors}. The server checks sizes and times again.
const MAX_RECORDING_S = 60
const LIVE_S = 6 // of the recording that a live answer is about
const WORKLET = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process(inputs) { if (inputs[0][0]) this.port.postMessage(inputs[0][0].slice()); return true } })`

function wav(pieces, rate) {
  const n = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const view = new DataView(new ArrayBuffer(44 + 2 * n))
  const word = (at, text) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)))
  word(0, "RIFF"); view.setUint32(4, 36 + 2 * n, true); word(8, "WAVEfmt ")
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true)
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true)
  word(36, "data"); view.setUint32(40, 2 * n, true)
  let at = 44
  for (const piece of pieces) for (const x of piece) {
    view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(32767 * x))), true)
    at += 2
  }
  return new Blob([view], { type: "audio/wav" })
}

export function render({ model, el }) {
  const box = document.createElement("div")
  box.setAttribute("role", "group")
  box.setAttribute("aria-label", `Files: ${model.label}`)
  const style = document.createElement("style")
  style.textContent = `.box { border: 2px dashed #8aa; border-radius: 6px; padding: 8px 12px; font: 14px sans-serif; display: flex;
      flex-wrap: wrap; gap: 6px 12px; align-items: center } .over { background: #e8eef5; border-color: #0057b8 }
    input { max-width: 100%; font: inherit } button { font: inherit; min-height: 32px } label { overflow-wrap: anywhere }
    p { margin: 0; flex-basis: 100%; overflow-wrap: anywhere } :focus-visible { outline: 2px solid #0057b8; outline-offset: 1px }`
  box.className = "box"
  const said = document.createElement("p")
  said.setAttribute("role", "status")
  const say = (text) => { said.textContent = text }

  async function post(name, body) {
    if (body.size > model.max_bytes) throw new Error(`${name}: ${(body.size / 1e6).toFixed(1)} MB; at most ${model.max_bytes / 1e6} MB are taken`)
    let answer
    try {
      answer = await fetch(`${model.address}?name=${encodeURIComponent(name)}`, { method: "POST", body })
    } catch { throw new Error(`${name}: not taken, the connection to the server is lost`) }
    const found = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }))
    if (found.error) throw new Error(found.error)
    return found.id
  }

  async function give(files, kind) {
    const ids = [], errors = []
    let n = 0
    for (const file of files) {
      if (kind !== "live") say(`sending ${file.name}${files.length > 1 ? ` (${++n} of ${files.length})` : ""}`)
      try { ids.push(await post(file.webkitRelativePath || file.name, file)) } catch (error) {
        errors.push(error.message)
        if (errors.length >= 5) break
      }
    }
    if (kind !== "live") say("")
    if (ids.length || errors.length) model.send_msg({ kind, ids, errors })
  }

  function chooser(text, folder) {
    const label = document.createElement("label")
    const input = document.createElement("input")
    input.type = "file"
    input.multiple = model.multiple || folder
    if (folder) input.webkitdirectory = true
    else if (model.accept) input.accept = model.accept
    input.setAttribute("aria-label", text)
    input.onchange = async () => { await give([...input.files], "files"); input.value = "" }
    label.append(text + " ", input)
    box.append(label)
  }
  chooser(model.label, false)
  if (model.folder) chooser(model.folder, true)
  box.ondragover = (event) => { event.preventDefault(); box.classList.add("over") }
  box.ondragleave = () => box.classList.remove("over")
  box.ondrop = (event) => {
    event.preventDefault()
    box.classList.remove("over")
    give([...event.dataTransfer.files], "files")
  }

  if (model.microphone) {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = "Record"
    let stop = null
    button.onclick = async () => {
      if (stop) return stop()
      button.disabled = true
      try { stop = await record() } catch (error) {
        say(`no recording: ${!navigator.mediaDevices ? "this browser offers no microphone to this address" : error.name === "NotAllowedError" ? "the browser does not allow the microphone" : error.name === "NotFoundError" ? "no microphone was found" : error.message}`)
      }
      button.disabled = false
      if (stop) { button.textContent = "Stop recording"; say("recording") }
    }
    async function record() {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } })
      const context = new AudioContext()
      const address = URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" }))
      await context.audioWorklet.addModule(address)
      URL.revokeObjectURL(address)
      const tap = new AudioWorkletNode(context, "tap")
      const pieces = []
      let n = 0
      tap.port.onmessage = ({ data }) => {
        pieces.push(data)
        n += data.length
        if (n >= MAX_RECORDING_S * context.sampleRate && stop) stop()
      }
      context.createMediaStreamSource(stream).connect(tap)
      let busy = false
      const timer = model.live && setInterval(async () => {
        say(`recording, ${Math.round(n / context.sampleRate)} s`)
        if (busy || n < context.sampleRate) return
        busy = true
        const count = Math.ceil(LIVE_S * context.sampleRate / 128)
        await give([new File([wav(pieces.slice(-count), context.sampleRate)], "live.wav")], "live")
        busy = false
      }, 1000)
      return async () => {
        stop = null
        clearInterval(timer)
        stream.getTracks().forEach((track) => track.stop())
        button.textContent = "Record"
        const rate = context.sampleRate
        await context.close()
        if (!n) return say("no recording: the microphone gave no sound")
        await give([new File([wav(pieces, rate)], "recording.wav")], "files")
      }
    }
    box.append(button)
  }
  const note = document.createElement("p")
  note.textContent = model.note
  box.append(note, said)
  el.append(style, box)
}
