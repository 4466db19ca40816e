/* The scrolling conversation: greeting, messages, "is writing", and the way back to the newest. */

const NEAR_END_PX = 80;

class Log {
  constructor(acts) {
    this.acts = acts;
    this.list = new MessageList(acts);
    this.greeting = h("div", { class: "greeting" });
    this.typing = h("p", { class: "typing", hidden: true }, h("i"), h("i"), h("i"), h("span", { class: "hidden-words" }));
    this.node = h("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" }, this.greeting, this.list.node, this.typing);
    this.latest = iconButton("down", "", () => this.toEnd(true), { class: "latest", hidden: true });
    this.atEnd = true;
    this.node.addEventListener("scroll", () => {
      const rest = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight;
      this.atEnd = rest < NEAR_END_PX;
      this.latest.hidden = this.atEnd;
    });
  }

  render(state, view) {
    const { t } = view;
    this.node.setAttribute("aria-label", t("log"));
    label(this.latest, t("latest"));
    this.renderGreeting(state, view);
    const writing = state.items.some(isWriting);
    // A reader is told the whole answer once it stands, not every piece of it.
    this.node.setAttribute("aria-busy", String(writing));
    this.list.render(state, view);
    this.typing.hidden = !state.typing || writing;
    this.typing.lastChild.textContent = t("typing");
    if (this.atEnd) this.toEnd(false);
  }

  renderGreeting(state, view) {
    const empty = state.items.length === 0;
    const sign = JSON.stringify([view.lang, view.starters, empty]);
    if (this.greetingSign === sign) return;
    this.greetingSign = sign;
    const { t } = view;
    const starters = view.starters.map((text) =>
      h("button", { type: "button", class: "option", lang: guessLang(text), onclick: () => this.acts.ask(text) }, text),
    );
    this.greeting.replaceChildren(
      h("p", { class: "greeting-title" }, t("welcome")),
      h("p", { class: "greeting-hint" }, t("welcomeHint")),
    );
    if (empty && starters.length) {
      this.greeting.append(
        h("p", { class: "greeting-label", id: "starters" }, t("starters")),
        h("div", { class: "option-group", role: "group", "aria-labelledby": "starters" }, starters),
      );
    }
  }

  toEnd(smooth) {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.node.scrollTo({ top: this.node.scrollHeight, behavior: smooth && !calm ? "smooth" : "auto" });
    this.atEnd = true;
    this.latest.hidden = true;
  }
}
