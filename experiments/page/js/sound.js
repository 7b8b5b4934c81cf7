// A sound to play; its bytes come over the page's own connection.
export function render({ model, el }) {
  const figure = document.createElement("figure")
  figure.style.cssText = "margin: 4px 0; font: 14px sans-serif"
  const caption = document.createElement("figcaption")
  const audio = document.createElement("audio")
  audio.controls = true
  audio.style.cssText = "width: 100%; max-width: 420px; height: 36px"
  let address = null
  const show = () => {
    if (address) URL.revokeObjectURL(address)
    address = null
    caption.textContent = model.label
    audio.setAttribute("aria-label", model.label)
    figure.style.display = model.wav?.byteLength ? "block" : "none"
    if (model.wav?.byteLength) audio.src = address = URL.createObjectURL(new Blob([model.wav], { type: "audio/wav" }))
  }
  model.on("wav", show)
  model.on("label", show)
  show()
  figure.append(caption, audio)
  el.append(figure)
}
