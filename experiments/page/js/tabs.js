// The names of the tabs; arrow keys move between them, as in any list of tabs.
export function render({ model, el }) {
  const list = document.createElement("div")
  list.setAttribute("role", "tablist")
  list.setAttribute("aria-label", "Parts of this page")
  list.style.cssText = "display: flex; flex-wrap: wrap; gap: 4px; border-bottom: 2px solid #0057b8"
  const style = document.createElement("style")
  style.textContent = `button { font: 16px sans-serif; padding: 8px 14px; border: 0; background: #e8eef5; cursor: pointer }
    button[aria-selected=true] { background: #0057b8; color: white } :focus-visible { outline: 2px solid #d95319; outline-offset: 1px }`
  const choose = (name) => { model.chosen = name }
  const buttons = model.names.map((name) => {
    const button = document.createElement("button")
    button.type = "button"
    button.textContent = name
    button.setAttribute("role", "tab")
    button.onclick = () => choose(name)
    list.append(button)
    return button
  })
  list.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    const next = (model.names.indexOf(model.chosen) + step + buttons.length) % buttons.length
    choose(model.names[next])
    buttons[next].focus()
  }
  const show = () => buttons.forEach((button) => {
    const chosen = button.textContent === model.chosen
    button.setAttribute("aria-selected", chosen)
    button.tabIndex = chosen ? 0 : -1
  })
  model.on("chosen", show)
  model.on("address", () => history.replaceState({}, "", model.address)) // a reload, or a copied address, leads back here
  show()
  el.append(style, list)
}
