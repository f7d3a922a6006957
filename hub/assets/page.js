// The divider between before and after, copy buttons, and the gallery's enlarged view: the parts that need no server.
(() => {
  const say = (button, words) => {
    const was = button.dataset.was ??= button.textContent;
    button.textContent = words;
    setTimeout(() => { button.textContent = was; }, 1400);
  };
  const copy = async (button, text) => {
    try { await navigator.clipboard.writeText(text); say(button, "Copied"); }
    catch { say(button, "Press Ctrl+C"); const range = document.createRange(); const pre = button.parentElement.querySelector("pre");
      if (pre) { range.selectNodeContents(pre); getSelection().removeAllRanges(); getSelection().addRange(range); } }
  };
  const enlarge = (image) => {
    const dialog = document.createElement("dialog");
    dialog.className = "enlarged";
    const shown = image.cloneNode();
    shown.removeAttribute("width"); shown.removeAttribute("height");
    dialog.append(shown);
    dialog.setAttribute("aria-label", image.alt || "Enlarged picture");
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };
  let at = 50;  // where the divider was left: the next result begins there
  const place = (slider) => { slider.value = at; slider.parentElement.style.setProperty("--at", at + "%"); };
  document.addEventListener("input", (event) => {
    if (event.target.matches?.(".compare input[type=range]")) { at = event.target.value; place(event.target); }
  });
  new MutationObserver(() => {
    for (const slider of document.querySelectorAll(".compare input[type=range]"))
      if (slider.value !== String(at) || (slider.parentElement.style.getPropertyValue("--at") || "50%") !== at + "%") place(slider);
  }).observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy], [data-link], .gallery .open");
    if (!button) return;
    if (button.dataset.copy) copy(button, button.dataset.copy);
    else if (button.dataset.link) copy(button, location.origin + location.pathname + button.dataset.link);
    else enlarge(button.querySelector("img"));
  });
})();
