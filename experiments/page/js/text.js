// Text as it is, folded under its name, with a button that copies it.
export function render({ model, el }) {
  const details = document.createElement("details")
  details.open = model.open
  details.style.cssText = "font: 14px sans-serif; margin: 4px 0"
  const summary = document.createElement("summary")
  summary.textContent = model.label
  const text = document.createElement("pre")
  text.style.cssText = "white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: 8px; margin: 4px 0"
  text.tabIndex = 0
  text.setAttribute("aria-label", model.label)
  details.append(summary)
  if (model.copy) {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = model.copy
    button.style.cssText = "font: inherit; min-height: 30px"
    const said = document.createElement("span")
    said.setAttribute("role", "status")
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText(text.textContent)
        said.textContent = " copied"
      } catch {
        getSelection().selectAllChildren(text)
        said.textContent = " selected: press Ctrl+C"
      }
      setTimeout(() => { said.textContent = "" }, 4000)
    }
    details.append(button, said)
  }
  const show = () => {
    text.textContent = model.is_link && model.text ? new URL(model.text, location.href).href : model.text
    details.style.display = model.text ? "block" : "none"
  }
  model.on("text", show)
  show()
  details.append(text)
  el.append(details)
}
