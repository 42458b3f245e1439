// The page is whole without this: it opens what a link points to, filters, and copies commands.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  // What is filtered: words, outcomes, and one reason why checks were skipped. It stands behind the `#` of the address,
  // after the name of what is pointed to: #c12&q=spawn&is=failed,flaky&skip=3
  const state = { words: "", outcomes: new Set(), reason: "" };
  const KINDS = ["failed", "error", "flaky", "known", "skipped", "passed"];
  const NAMES = { error: "not determined" };

  const plain = (text) => { try { return decodeURIComponent(text); } catch { return ""; } };
  const read = () => {
    const [anchor, ...rest] = location.hash.slice(1).split("&");
    const parts = anchor.includes("=") ? [anchor, ...rest] : rest;
    const given = new URLSearchParams(parts.join("&"));
    return { anchor: anchor.includes("=") ? "" : plain(anchor), given, any: parts.length > 0 };
  };
  const write = (anchor) => {
    const given = new URLSearchParams();
    if (state.words) given.set("q", state.words);
    if (state.outcomes.size) given.set("is", KINDS.filter((kind) => state.outcomes.has(kind)).join(","));
    if (state.reason) given.set("skip", state.reason);
    const hash = [anchor, given.toString().replaceAll("%2C", ",")].filter(Boolean).join("&");
    try { history.replaceState(null, "", `#${hash}`); } catch { /* a viewer without an address of its own */ }
  };

  const cases = all(".case, .brief > li");
  const causes = all(".cause");
  const noun = document.querySelector("#runs") ? "checks" : "cases";
  const groups = all(".group");
  const fields = new Map(all(".map td a").map((link) => [link.getAttribute("href"), link.parentElement]));
  const of = (part, kind) => kind === "flaky" || kind === "known" ? part.dataset.is?.split(" ").includes(kind)
    : part.classList.contains(kind) || (kind === "skipped" && "skip" in part.dataset);

  const field = make("input", { type: "search", placeholder: `Filter ${noun}`, "aria-label": `Filter ${noun}` });
  const count = make("output", { class: "count", "aria-live": "polite" });
  const buttons = KINDS.map((kind) => [kind, cases.filter((part) => of(part, kind)).length])
    .filter(([, number]) => number > 0)
    .map(([kind, number]) => {
      const button = make("button", { type: "button", "aria-pressed": "false" }, `${number.toLocaleString("en")} ${NAMES[kind] ?? kind}`);
      button.dataset.kind = kind;
      button.addEventListener("click", () => {
        if (!state.outcomes.delete(kind)) state.outcomes.add(kind);
        changed();
      });
      return button;
    });
  const reasons = all("#skipped [data-reason]");
  const select = make("select", { "aria-label": "Only what was skipped for one reason" }, make("option", { value: "" }, "skipped for any reason"));
  for (const row of reasons) {
    const text = row.querySelector("b").textContent;
    select.append(make("option", { value: row.dataset.reason }, text.length > 60 ? `${text.slice(0, 59)}…` : text));
  }
  select.addEventListener("change", () => { state.reason = select.value; changed(); });
  const clear = make("button", { type: "button" }, "Clear");
  clear.addEventListener("click", () => { reset(); changed(); field.focus(); });
  const none = make("p", { class: "nothing", hidden: "" }, `No ${noun.slice(0, -1)} matches. `, clear);
  const bar = make("div", { class: "filter", role: "search" }, field, ...buttons, ...(reasons.length ? [select] : []), count);
  document.querySelector(".top")?.append(bar);
  document.querySelector("#cases h2")?.after(none);

  const reset = () => { state.words = ""; state.outcomes.clear(); state.reason = ""; };
  let texts = null;
  const collect = () => new Map([...cases, ...causes].map((part) => {
    const group = part.closest(".group")?.querySelector(":scope > summary .title")?.textContent ?? "";
    return [part, `${group} ${part.textContent}`.toLowerCase()];
  }));
  const matches = (part, words) => {
    if (words.length && !words.every((word) => (texts ??= collect()).get(part).includes(word))) return false;
    if (state.outcomes.size && ![...state.outcomes].some((kind) => of(part, kind))) return false;
    return !state.reason || (part.dataset.skip?.split(" ") ?? []).includes(state.reason);
  };

  const apply = () => {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    const active = words.length > 0 || state.outcomes.size > 0 || state.reason !== "";
    if (field.value !== state.words) field.value = state.words;
    for (const button of buttons) button.setAttribute("aria-pressed", String(state.outcomes.has(button.dataset.kind)));
    select.value = state.reason;
    let shown = 0;
    for (const part of cases) {
      const fits = matches(part, words);
      part.classList.toggle("hidden", !fits);
      if (fits) shown += 1;
    }
    for (const part of causes) part.classList.toggle("hidden", !matches(part, words));
    for (const group of groups) {
      const left = group.querySelector(".case:not(.hidden), .brief > li:not(.hidden)");
      group.classList.toggle("hidden", !left);
      fields.get(`#${group.id}`)?.classList.toggle("out", !left);
    }
    for (const row of all(".map tbody tr")) row.classList.toggle("hidden", active && !row.querySelector("td:not(.none, .out)"));
    count.textContent = active ? `${shown.toLocaleString("en")} of ${cases.length.toLocaleString("en")} ${noun}` : "";
    none.hidden = shown > 0 || cases.length === 0;
  };
  const changed = () => { write(read().anchor); apply(); };

  const reveal = (anchor) => {
    const target = document.getElementById(anchor);
    if (!target) return;
    // What is pointed to is shown, whatever the filter says.
    if (target.closest(".hidden")) { reset(); write(anchor); apply(); }
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    target.scrollIntoView();
    target.classList.add("target");
    for (const other of all(".target")) if (other !== target) other.classList.remove("target");
  };
  const arrive = () => {
    const { anchor, given, any } = read();
    if (any) {
      state.words = given.get("q") ?? "";
      state.outcomes = new Set((given.get("is") ?? "").split(",").filter((kind) => KINDS.includes(kind)));
      state.reason = given.get("skip") ?? "";
    } else {
      write(anchor);
    }
    apply();
    if (anchor) reveal(anchor);
  };
  addEventListener("hashchange", arrive);
  if (location.hash.length > 1) arrive();

  let waiting = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.words = field.value; changed(); }, 120);
  });
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
  });

  document.addEventListener("toggle", (event) => {
    if (!navigator.clipboard) return;
    for (const pre of all(".shell", event.target)) {
      if (pre.querySelector("button")) continue;
      const text = pre.textContent;
      const button = make("button", { type: "button" }, "Copy");
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      pre.append(button);
    }
  }, true);
})();
