// A button that saves bytes under a name.
export function render({ model, el }) {
  const button = document.createElement("button")
  button.type = "button"
  button.style.cssText = "font: 14px sans-serif; min-height: 32px"
  const show = () => {
    button.textContent = model.label
    button.style.display = model.content?.byteLength ? "inline-block" : "none"
  }
  button.onclick = () => {
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob([model.content], { type: "application/octet-stream" }))
    link.download = model.filename
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10000)
  }
  model.on("content", show)
  model.on("label", show)
  show()
  el.append(button)
}
