/*
 * <grapevine-chat server lang theme open position accent heading starters faq-url>.
 * The page's attributes count until the visitor chooses otherwise, and the choice is remembered
 * until the page itself changes its mind.
 */

const SCRIPT = document.currentScript;
const ATTRIBUTES = ["server", "lang", "theme", "open", "position", "accent", "heading", "starters", "faq-url"];
const THEMES = ["light", "dark"];

const sheetOfStyles = new CSSStyleSheet();
sheetOfStyles.replaceSync(STYLES);

class GrapevineChat extends HTMLElement {
  static get observedAttributes() {
    return ATTRIBUTES;
  }

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheetOfStyles];
    this.darkDevice = window.matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.render();
  }

  connectedCallback() {
    const origin = SCRIPT && SCRIPT.src ? new URL(SCRIPT.src).origin : location.origin;
    const server = (this.getAttribute("server") || origin).replace(/\/+$/, "");
    this.session = new Session(server);
    this.memory = new Memory("localStorage", "grapevine:ui:");
    this.panel = new Panel(this);
    this.shadowRoot.replaceChildren(this.panel.root);
    this.session.addEventListener("change", this.redraw);
    this.darkDevice.addEventListener("change", this.redraw);
    this.watchPage();
    this.panel.shape.start();
    this.session.start();
    this.render();
    this.loadConfig();
    if (this.hasAttribute("open") || this.session.tab.read("open")) this.setOpen(true, false);
    else if (this.session.state.items.length) this.session.join();
  }

  disconnectedCallback() {
    this.session.removeEventListener("change", this.redraw);
    this.darkDevice.removeEventListener("change", this.redraw);
    this.pageWatch.disconnect();
    this.panel.shape.stop();
    this.session.stop();
    this.lockPage(false);
  }

  attributeChangedCallback(name, before, after) {
    if (!this.panel || before === after) return;
    if (name === "open" && (after !== null) !== this.isOpen) this.setOpen(after !== null);
    else this.render();
  }

  /** The page may switch its own language while we are on it. */
  watchPage() {
    this.pageWatch = new MutationObserver(this.redraw);
    this.pageWatch.observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
  }

  async loadConfig() {
    try {
      const config = await this.session.http("GET", "/v1/config");
      this.panel.desk = { hours: config.hours, email: config.email };
      this.session.dispatch({ type: "limits", limits: config.limits });
    } catch {
      return; // the chat works with its defaults, and says so itself if the server stays away
    }
  }

  get pageLang() {
    const near = this.getAttribute("lang") || document.documentElement.lang;
    return knownLang(near) || knownLang(navigator.language) || "en";
  }

  /** A choice counts while the page still says what it said when the choice was made. */
  chosen(name, page) {
    const kept = this.memory.read(name);
    return kept && kept.page === page ? kept.value : page;
  }

  /** Everything that drawing depends on besides the conversation. */
  view() {
    const lang = this.chosen("lang", this.pageLang);
    const page = this.getAttribute("theme");
    const themeChoice = this.chosen("theme", THEMES.includes(page) ? page : "auto");
    const device = this.darkDevice.matches ? "dark" : "light";
    return {
      lang,
      t: (key, values) => translate(lang, key, values),
      themeChoice,
      theme: themeChoice === "auto" ? device : themeChoice,
      open: this.isOpen,
      position: this.getAttribute("position") === "left" ? "left" : "right",
      heading: this.getAttribute("heading"),
      faqUrl: this.getAttribute("faq-url"),
      starters: this.starters,
    };
  }

  get starters() {
    const given = this.getAttribute("starters") || "";
    return given.split("|").map((text) => text.trim()).filter(Boolean).slice(0, 4);
  }

  render() {
    if (!this.panel || this.drawing) return;
    this.drawing = true;
    const draw = () => {
      this.drawing = false;
      if (!this.isConnected) return;
      this.panel.render(this.view());
      this.paintAccent();
    };
    if (document.hidden) queueMicrotask(draw);
    else requestAnimationFrame(draw);
  }

  paintAccent() {
    const accent = this.getAttribute("accent");
    if (!accent || !CSS.supports("color", accent)) return;
    this.panel.root.style.setProperty("--accent-given", accent);
    const shown = getComputedStyle(this.panel.launcher).backgroundColor;
    this.panel.root.style.setProperty("--on-accent", readableOn(shown));
  }

  setOpen(open, takeFocus = true) {
    if (open === Boolean(this.isOpen)) return;
    this.isOpen = open;
    this.toggleAttribute("open", open);
    this.session.tab.write("open", open || null);
    if (open) {
      this.session.join();
      this.panel.log.atEnd = true;
    }
    this.lockPage(open && this.panel.shape.isPhone);
    this.panel.menu.close(false);
    this.panel.closeCover();
    this.panel.render(this.view());
    if (takeFocus && open) this.panel.focusInside();
    else if (takeFocus) this.panel.launcher.focus();
    this.dispatchEvent(new CustomEvent(open ? "grapevine-open" : "grapevine-close", { bubbles: true }));
  }

  /** Behind a chat that fills the screen, the page must not scroll. */
  lockPage(on) {
    document.documentElement.style.overflow = on ? "hidden" : "";
  }

  setLang(value) {
    this.memory.write("lang", { value, page: this.pageLang });
    this.render();
  }

  setTheme(value) {
    const page = this.getAttribute("theme");
    this.memory.write("theme", { value, page: THEMES.includes(page) ? page : "auto" });
    this.dispatchEvent(new CustomEvent("grapevine-theme", { bubbles: true, detail: value }));
    this.render();
  }
}

/** Black or white, whichever reads better on a computed colour (WCAG 2 relative luminance). */
function readableOn(colour) {
  const whole = colour.startsWith("rgb") ? 255 : 1; // a mixed colour reads "color(srgb 0.1 …)"
  const channels = (colour.match(/[\d.]+/g) || []).slice(0, 3).map((text) => Number(text) / whole);
  const linear = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "#fff" : "#000";
}

/** One script tag alone is enough: its data attributes become those of an element of its own. */
function insertOwn() {
  if (!SCRIPT || document.querySelector("grapevine-chat")) return;
  const names = ATTRIBUTES.filter((name) => SCRIPT.hasAttribute(`data-${name}`));
  if (!names.length && !SCRIPT.hasAttribute("data-auto")) return;
  const element = document.createElement("grapevine-chat");
  names.forEach((name) => element.setAttribute(name, SCRIPT.getAttribute(`data-${name}`)));
  document.body.append(element);
}

if (!customElements.get("grapevine-chat")) {
  customElements.define("grapevine-chat", GrapevineChat);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", insertOwn);
  else insertOwn();
}
