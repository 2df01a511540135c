for (const slider of document.querySelectorAll("input[type=range]")) {
  const wipe = slider.previousElementSibling;
  slider.addEventListener("input", () => wipe.style.setProperty("--x", slider.value + "%"));
}
