// A picture whose bytes come over the page's own connection.
export function render({ model, el }) {
  const image = document.createElement("img")
  image.style.cssText = "max-width: 100%; height: auto"
  let address = null
  const show = () => {
    if (address) URL.revokeObjectURL(address)
    address = null
    image.alt = model.label
    image.style.display = model.png?.byteLength ? "block" : "none"
    if (model.png?.byteLength) image.src = address = URL.createObjectURL(new Blob([model.png], { type: "image/png" }))
  }
  model.on("png", show)
  model.on("label", show)
  show()
  el.append(image)
}
