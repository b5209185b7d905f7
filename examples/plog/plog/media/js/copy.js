// A button on each block of code that copies it. Without it the code is selected by hand, as ever.
(() => {
  if (!navigator.clipboard || !navigator.clipboard.writeText) return;

  const SHOWN_MS = 2000;

  for (const block of document.querySelectorAll(".code")) {
    const code = block.querySelector("pre");
    const button = document.createElement("button");
    const state = document.createElement("span");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    state.className = "unseen";
    state.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      let said = "Copied";
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        said = "Not allowed";
      }
      button.textContent = said;
      state.textContent = said;
      setTimeout(() => {
        button.textContent = "Copy";
        state.textContent = "";
      }, SHOWN_MS);
    });
    block.append(button, state);
  }
})();
