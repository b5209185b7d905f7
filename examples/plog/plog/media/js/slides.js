// One slide at a time, turned with the keys. The address names the slide, so reload and Back do what they should.
(() => {
  // A telephone has no arrow keys; there the slides stay one long page to scroll through.
  if (!matchMedia("(any-pointer: fine)").matches) return;

  const root = document.documentElement;
  const slides = [...document.querySelectorAll(".slide")];
  const FORWARD = new Set(["ArrowRight", "ArrowDown", "PageDown", " "]);
  const BACK = new Set(["ArrowLeft", "ArrowUp", "PageUp"]);

  const current = () => Math.max(0, slides.findIndex((slide) => `#${slide.id}` === location.hash));

  const show = () => {
    slides.forEach((slide, number) => slide.classList.toggle("current", number === current()));
    document.title = `${current() + 1}/${slides.length} ${slides[current()].querySelector("h1, h2").textContent}`;
  };

  const go = (number) => {
    const slide = slides[Math.min(Math.max(number, 0), slides.length - 1)];
    if (`#${slide.id}` === location.hash) return;
    location.hash = slide.id;
    slide.tabIndex = -1;
    slide.focus({ preventScroll: true });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("a, pre")) return;
    if (event.key === "p" || event.key === "P") {
      root.classList.toggle("deck");
    } else if (FORWARD.has(event.key)) {
      go(current() + 1);
    } else if (BACK.has(event.key)) {
      go(current() - 1);
    } else if (event.key === "Home") {
      go(0);
    } else if (event.key === "End") {
      go(slides.length - 1);
    } else {
      return;
    }
    event.preventDefault();
  });

  window.addEventListener("hashchange", show);
  document.querySelector(".keys").hidden = false;
  root.classList.add("deck");
  show();
})();
