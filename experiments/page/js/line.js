// One line of text, never markup, that a screen reader reads when it changes.
export function render({ model, el }) {
  const line = document.createElement(model.heading ? "h2" : "p")
  if (!model.heading) line.setAttribute("role", model.alarming ? "alert" : "status")
  line.style.cssText = "margin: 2px 0; font: 14px sans-serif; white-space: pre-wrap; overflow-wrap: anywhere;"
  if (model.heading) line.style.fontSize = "17px"
  const show = () => {
    line.textContent = model.text
    line.style.display = model.text ? "block" : "none"
    line.style.color = model.alarming ? "#a30000" : "#222"
    line.style.fontWeight = model.alarming ? "600" : "inherit"
  }
  model.on("text", show)
  show()
  el.append(line)
}
