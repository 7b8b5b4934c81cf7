// Native controls, each with a label that a screen reader reads: model.fields describes them, model.values fills them.
// What a hand changes goes to Python as {name, value}, one message at a time: while Python works on a value, a slider
// may move on, and only its newest value is sent then. model.answered counts the messages that Python is done with.
export function render({ model, el }) {
  const form = document.createElement("form")
  form.className = "controls"
  form.setAttribute("aria-label", model.title)
  form.onsubmit = (event) => event.preventDefault()
  const style = document.createElement("style")
  style.textContent = `
    .controls { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 8px 14px; font: 14px sans-serif }
    label { display: block } .wide { grid-column: 1 / -1; max-width: 620px } .name { display: flex; justify-content: space-between; gap: 6px }
    input, select { width: 100%; box-sizing: border-box; font: inherit; min-height: 28px }
    button { font: inherit; min-height: 32px; align-self: end } input[type=range] { padding: 0; margin: 0 }
    .name span + span { font-variant-numeric: tabular-nums } :focus-visible { outline: 2px solid #0057b8; outline-offset: 1px }`
  el.append(style)
  const controls = {}
  const waiting = new Map() // newest values that are not sent yet
  let sent = null // the name of the value that Python works on

  function send(name, value) {
    waiting.set(name, value)
    sendNext()
  }
  function sendNext() {
    if (sent !== null || !waiting.size) return
    const [name, value] = waiting.entries().next().value
    waiting.delete(name)
    sent = name
    model.send_msg({ name, value })
  }
  model.on("answered", () => {
    sent = null
    fill() // a value that was refused goes back
    if (waiting.size) requestAnimationFrame(sendNext) // after what was answered is drawn
  })

  for (const field of model.fields) {
    if (field.kind === "button") {
      const button = document.createElement("button")
      button.type = "button"
      button.textContent = field.label
      button.onclick = () => send(field.name, true)
      controls[field.name] = { set: (value) => { button.disabled = value === false } }
      form.append(button)
      continue
    }
    const label = document.createElement("label")
    if (field.wide) label.className = "wide"
    const name = document.createElement("span")
    name.className = "name"
    name.append(document.createTextNode(field.label))
    label.append(name)
    let input
    if (field.kind === "select") {
      input = document.createElement("select")
      const fill = (options) => input.replaceChildren(...options.map(([value, text]) => {
        const option = document.createElement("option")
        option.value = value
        option.textContent = text
        return option
      }))
      fill(field.options)
      input.onchange = () => send(field.name, input.value)
      controls[field.name] = { fill, set: (value) => {
        if (![...input.options].some((option) => option.value === String(value))) {
          const option = document.createElement("option")
          option.value = option.textContent = String(value)
          input.append(option)
        }
        input.value = String(value)
      } }
    } else {
      input = document.createElement("input")
      input.type = "range"
      const shown = document.createElement("span")
      name.append(shown)
      const bounds = (b) => { input.min = b.min; input.max = b.max; input.step = b.step }
      bounds(field)
      const tell = () => { shown.textContent = `${input.value}${field.unit ? " " + field.unit : ""}`; input.setAttribute("aria-valuetext", shown.textContent) }
      input.oninput = () => { tell(); send(field.name, Number(input.value)) }
      controls[field.name] = { bounds, set: (value) => {
        if (Number(value) > Number(input.max)) input.max = value
        if (Number(value) < Number(input.min)) input.min = value
        input.value = value
        tell()
      } }
    }
    input.setAttribute("aria-label", field.label)
    input.name = field.name
    label.append(input)
    form.append(label)
  }
  const fill = () => {
    for (const [name, value] of Object.entries(model.values)) {
      if (waiting.has(name) || name === sent) continue // a hand is on it
      controls[name]?.set(value)
    }
  }
  const widen = () => {
    for (const [name, change] of Object.entries(model.changes)) {
      if (Array.isArray(change)) controls[name]?.fill?.(change)
      else controls[name]?.bounds?.(change)
    }
    fill()
  }
  model.on("values", fill)
  model.on("changes", widen)
  widen()
  el.append(form)
}
