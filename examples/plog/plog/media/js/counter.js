// Says how many characters are left, once there are few. Without it the server says so.
(() => {
  const SOON = 500;

  for (const area of document.querySelectorAll("textarea[maxlength]")) {
    const line = document.createElement("p");
    line.className = "help left";
    line.setAttribute("role", "status");
    area.after(line);
    const update = () => {
      const left = area.maxLength - area.value.length;
      line.textContent = left < SOON ? `${left} characters left` : "";
    };
    area.addEventListener("input", update);
    update();
  }
})();
