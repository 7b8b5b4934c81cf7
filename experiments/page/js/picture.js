// A picture whose bytes come over the page's own connection. In a narrow window it keeps a width at which its texts can
// be read, and scrolls.
export function render({ model, el }) {
  const image = document.createElement("img")
  image.style.cssText = "max-width: 100%; min-width: 640px; height: auto"
  const frame = document.createElement("div")
  frame.style.cssText = "overflow-x: auto"
  frame.tabIndex = 0
  frame.setAttribute("role", "group")
  let address = null
  const show = () => {
    if (address) URL.revokeObjectURL(address)
    address = null
    image.alt = model.label
    frame.setAttribute("aria-label", `Picture: ${model.label}`)
    frame.style.display = model.png?.byteLength ? "block" : "none"
    if (model.png?.byteLength) image.src = address = URL.createObjectURL(new Blob([model.png], { type: "image/png" }))
  }
  model.on("png", show)
  model.on("label", show)
  show()
  frame.append(image)
  el.append(frame)
}
