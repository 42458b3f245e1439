// The page is whole without this: it opens what a link points to, filters, and copies commands.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "Filter cases and causes";
  field.setAttribute("aria-label", field.placeholder);
  document.querySelector("nav")?.append(field);
  let texts = null;
  const collect = () => all(".case, .cause").map((part) => {
    const group = part.closest(".group")?.querySelector(":scope > summary .title")?.textContent ?? "";
    return [part, `${group} ${part.textContent}`.toLowerCase()];
  });
  const filter = () => {
    texts ??= collect();
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [part, text] of texts) part.classList.toggle("hidden", !words.every((word) => text.includes(word)));
    for (const group of all(".group")) {
      const left = group.querySelector(".case:not(.hidden)");
      group.classList.toggle("hidden", !left);
    }
  };
  let waiting = 0;
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });

  document.addEventListener("toggle", (event) => {
    if (!navigator.clipboard) return;
    for (const pre of all(".shell", event.target)) {
      if (pre.querySelector("button")) continue;
      const text = pre.textContent;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      pre.append(button);
    }
  }, true);
})();
