/* The site's small behaviours: appearance, menu, opening the chat, FAQ search, chat state. */
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chat = document.querySelector("grapevine-chat");
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  const shownTheme = () => root.dataset.theme || (dark.matches ? "dark" : "light");

  function showTheme() {
    const button = find("[data-theme-toggle]");
    const now = shownTheme();
    button.setAttribute("aria-label", now === "dark" ? button.dataset.light : button.dataset.dark);
    button.title = button.getAttribute("aria-label");
    if (root.dataset.theme) chat.setAttribute("theme", root.dataset.theme);
  }

  function toggleTheme() {
    root.dataset.theme = shownTheme() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("tidewire:theme", root.dataset.theme);
    } catch {
      /* remembered for this page only */
    }
    showTheme();
  }

  function toggleMenu() {
    const button = find("[data-menu]");
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    find("#nav").classList.toggle("is-open", open);
  }

  function openTarget() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    if (!target || target.tagName !== "DETAILS") return;
    target.open = true;
    target.scrollIntoView();
  }

  function filterEntries(query) {
    const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const topic of all("[data-topic]")) {
      let here = 0;
      for (const entry of topic.querySelectorAll("[data-entry]")) {
        const words = `${entry.textContent} ${entry.dataset.words}`.toLowerCase();
        entry.hidden = !terms.every((term) => words.includes(term));
        if (!entry.hidden) here += 1;
      }
      topic.hidden = here === 0;
      shown += here;
    }
    const found = find("[data-found]");
    const words = shown ? found.dataset.words.replace("{n}", String(shown)) : found.dataset.none;
    found.textContent = terms.length ? words : "";
  }

  function startSearch() {
    const form = find("[data-faq-search]");
    if (!form) return;
    const input = form.querySelector("input");
    input.addEventListener("input", () => filterEntries(input.value));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      filterEntries(input.value);
    });
    if (input.value) filterEntries(input.value);
  }

  async function showChatState() {
    const node = find("[data-chat-state]");
    if (!node) return;
    const ready = await fetch("/readyz", { cache: "no-store" }).then((a) => a.ok, () => false);
    node.textContent = ready ? node.dataset.ok : node.dataset.down;
    node.className = `state is-${ready ? "ok" : "down"}`;
  }

  find("[data-theme-toggle]").addEventListener("click", toggleTheme);
  find("[data-menu]").addEventListener("click", toggleMenu);
  all("[data-open-chat]").forEach((button) =>
    button.addEventListener("click", () => chat.setAttribute("open", "")),
  );
  dark.addEventListener("change", showTheme);
  window.addEventListener("hashchange", openTarget);
  showTheme();
  openTarget();
  startSearch();
  showChatState();
})();
