/* Where the visitor writes: grows with the text, counts near the limit, sends or stops. */

class Composer {
  /** `acts`: send(text), stop(). */
  constructor(acts) {
    this.acts = acts;
    this.limit = 4000;
    this.input = h("textarea", { rows: "1", dir: "auto", class: "input", enterkeyhint: "send", id: "input" });
    this.counter = h("p", { class: "counter", id: "counter", hidden: true });
    this.sendButton = iconButton("send", "", null, { class: "send" });
    this.stopButton = iconButton("stop", "", () => acts.stop(), { class: "stop", hidden: true });
    this.sendButton.setAttribute("type", "submit");
    this.node = h(
      "form",
      { class: "composer", novalidate: true },
      h("div", { class: "field" }, this.input, this.stopButton, this.sendButton),
      this.counter,
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => this.update());
    this.input.addEventListener("keydown", (event) => {
      if (!sendsMessage(event)) return;
      event.preventDefault();
      this.submit();
    });
  }

  render(state, { lang, t }) {
    this.t = t;
    this.limit = state.limits.max_message_chars || this.limit;
    this.input.placeholder = t("placeholder");
    this.input.setAttribute("aria-label", t("message"));
    this.node.setAttribute("lang", lang);
    label(this.sendButton, t("send"));
    label(this.stopButton, t("stop"));
    const writing = state.phase === "live" && beingMade(state).length > 0;
    const focused = this.stopButton.getRootNode().activeElement === this.stopButton;
    this.stopButton.hidden = !writing;
    if (!writing && focused) this.input.focus();
    this.update();
  }

  update() {
    const size = measure(this.input.value, this.limit);
    this.sendButton.disabled = size.blank || size.over;
    this.counter.hidden = !size.near;
    this.counter.classList.toggle("over", size.over);
    this.input.setAttribute("aria-describedby", size.near ? "counter" : "");
    if (this.t && size.near) {
      const key = size.over ? "over" : "count";
      this.counter.textContent = this.t(key, { ...size, n: size.used - size.limit });
    }
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 160)}px`;
  }

  submit() {
    const size = measure(this.input.value, this.limit);
    if (size.blank || size.over) return;
    this.acts.send(this.input.value.trim());
    this.input.value = "";
    this.update();
    this.input.focus();
  }
}

function label(button, words) {
  button.setAttribute("aria-label", words);
  button.title = words;
}
