// Suggestions for references that are searched for: a combobox as the ARIA practices describe it.
// Inputs that come later, as the rows of a formset do, are known when somebody gets to them.
(() => {
  "use strict";

  const PAUSE = 200; // milliseconds without a key before the server is asked
  const boxes = new WeakMap();
  let number = 0;

  function boxOf(target) {
    if (!(target instanceof HTMLInputElement) || target.type !== "text") return null;
    const around = target.closest(".document-search[data-url]");
    if (!around) return null;
    if (!boxes.has(target)) boxes.set(target, made(target, around));
    return boxes.get(target);
  }

  function made(input, around) {
    const list = document.createElement("ul");
    const status = document.createElement("span");
    number += 1;
    list.id = `document-search-${number}`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.labels?.[0]?.textContent.trim() || input.name);
    status.setAttribute("role", "status");
    around.append(list, status);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");
    const box = { input, around, list, status, timer: 0, asked: null };
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the input keeps the focus
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) pick(box, option);
    });
    return box;
  }

  function close(box) {
    clearTimeout(box.timer);
    box.asked?.abort();
    box.list.hidden = true;
    box.input.setAttribute("aria-expanded", "false");
    box.input.removeAttribute("aria-activedescendant");
  }

  async function ask(box) {
    box.asked?.abort();
    const asked = (box.asked = new AbortController());
    const url = new URL(box.around.dataset.url, location.href);
    url.searchParams.set("term", box.input.value.trim());
    try {
      const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`${answer.status}`);
      show(box, (await answer.json()).results);
    } catch {
      // Without suggestions the page that is sent answers.
      if (!asked.signal.aborted) close(box);
    }
  }

  function show(box, results) {
    box.list.replaceChildren(
      ...results.map((one, place) => {
        const option = document.createElement("li");
        option.id = `${box.list.id}-${place}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.key = one.id;
        option.textContent = one.text;
        return option;
      }),
    );
    box.status.textContent = results.length ? "" : box.around.dataset.nothing;
    box.list.hidden = !results.length;
    box.input.setAttribute("aria-expanded", String(Boolean(results.length)));
    box.input.removeAttribute("aria-activedescendant");
  }

  function move(box, step) {
    const options = [...box.list.children];
    const now = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const next = options[now < 0 ? (step > 0 ? 0 : options.length - 1) : (now + step + options.length) % options.length];
    options[now]?.setAttribute("aria-selected", "false");
    next.setAttribute("aria-selected", "true");
    next.scrollIntoView({ block: "nearest" });
    box.input.setAttribute("aria-activedescendant", next.id);
  }

  // Of several, what is chosen is a ticked box above the input, which is free for the next.
  function add(box, option) {
    const name = `${box.input.name}-key`;
    const chosen = box.around.querySelector(".document-search-boxes");
    const boxes = [...chosen.querySelectorAll("input")];
    let tick = boxes.find((one) => one.value === option.dataset.key);
    if (!tick) {
      const label = document.createElement("label");
      tick = document.createElement("input");
      tick.type = "checkbox";
      tick.name = name;
      tick.value = option.dataset.key;
      label.append(tick, ` ${option.textContent}`);
      chosen.append(label);
    }
    tick.checked = true;
    box.around.querySelectorAll(".document-search-boxes ~ .document-search-boxes").forEach((one) => one.remove());
    box.input.value = "";
    box.status.textContent = option.textContent;
    close(box);
    tick.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function pick(box, option) {
    if ("many" in box.around.dataset) {
      add(box, option);
      return;
    }
    const name = box.input.name;
    let key = box.around.querySelector(`[name="${CSS.escape(`${name}-key`)}"]`);
    if (key.localName === "select") {
      const hidden = document.createElement("input");
      hidden.type = "hidden";
      hidden.name = key.name;
      key.replaceWith(hidden);
      key = hidden;
    }
    key.value = option.dataset.key;
    box.input.value = option.textContent;
    box.around.querySelector(`[name="${CSS.escape(`${name}-shown`)}"]`).value = option.textContent;
    box.status.textContent = "";
    close(box);
    box.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("focusin", (event) => boxOf(event.target));
  document.addEventListener("focusout", (event) => {
    const box = boxOf(event.target);
    if (box) close(box);
  });
  document.addEventListener("input", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    close(box);
    box.status.textContent = "";
    if (box.input.value.trim()) box.timer = setTimeout(ask, PAUSE, box);
  });
  document.addEventListener("keydown", (event) => {
    const box = boxOf(event.target);
    if (!box || event.isComposing) return;
    const isOpen = !box.list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (isOpen) move(box, step);
      else ask(box);
    } else if (isOpen && event.key === "Escape") {
      event.preventDefault();
      close(box);
    } else if (isOpen && event.key === "Enter") {
      const chosen = box.list.querySelector("[aria-selected=true]");
      if (chosen) {
        event.preventDefault();
        pick(box, chosen);
      }
    }
  });
})();
