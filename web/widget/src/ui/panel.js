/* Launcher and panel put together, and everything a visitor can do in them. */

class Panel {
  /** `host` gives view(), session, memory, setOpen(), setLang(), setTheme(). */
  constructor(host) {
    this.host = host;
    this.session = host.session;
    this.desk = {};
    this.opener = null;
    this.badge = h("span", { class: "badge", hidden: true, "aria-hidden": "true" });
    this.launcher = h(
      "button",
      { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: () => host.setOpen(!host.isOpen) },
      icon("chat"), icon("down"), this.badge,
    );
    this.log = new Log({
      ask: (text) => this.send(text),
      choose: (item, option) => this.choose(item, option),
      rate: (item, value) => this.rate(item, value),
      retry: (item) => this.session.retry(item.key),
      discard: (item) => this.session.dispatch({ type: "discard", key: item.key }),
      person: () => this.openPerson(),
    });
    this.composer = new Composer({
      send: (text) => this.send(text),
      stop: () => this.session.dispatch({ type: "stop" }),
    });
    this.menu = new Menu((view) => this.menuEntries(view));
    this.build();
    this.shape = new Shape(this.panel, host.memory, () => host.render());
    this.panel.append(this.shape.handle);
    keepFocus(this.panel, () => this.shape.isPhone && !this.cover);
  }

  build() {
    this.title = h("h2", { class: "title", id: "title" });
    this.status = h("p", { class: "status" });
    this.langButton = h("button", { type: "button", class: "lang-button", onclick: () => this.switchLang() });
    this.closeButton = iconButton("close", "", () => this.host.setOpen(false));
    this.banner = h("div", { class: "banner", role: "status", hidden: true });
    this.problem = h("div", { class: "problem", role: "alert", hidden: true });
    this.toast = h("div", { class: "toast", role: "status" });
    this.footnote = h("p", { class: "footnote" });
    this.main = h(
      "div",
      { class: "main" },
      h(
        "header",
        { class: "head" },
        h("span", { class: "mark" }, icon("chat")),
        h("div", { class: "names" }, this.title, this.status),
        h("div", { class: "head-buttons" }, this.langButton, this.menu.button, this.closeButton),
      ),
      this.menu.list, this.banner,
      h("div", { class: "log-frame" }, this.log.node, this.log.latest),
      this.problem, this.composer.node, this.footnote,
    );
    this.panel = h(
      "section",
      { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", hidden: true },
      this.main, this.toast,
    );
    this.panel.addEventListener("keydown", (event) => this.onKey(event));
    this.root = h("div", { class: "root" }, this.panel, this.launcher);
    this.root.addEventListener("mousedown", (event) => {
      if (!event.composedPath().includes(this.menu.list) && !event.composedPath().includes(this.menu.button)) {
        this.menu.close(false);
      }
    });
  }

  onKey(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    if (this.menu.isOpen) this.menu.close(true);
    else if (this.cover) this.closeCover();
    else this.host.setOpen(false);
  }

  render(view) {
    const { state } = this.session;
    const { t, lang } = view;
    applyProps(this.root, { lang, "data-theme": view.theme, "data-position": view.position });
    this.root.toggleAttribute("data-open", view.open);
    this.root.toggleAttribute("data-phone", this.shape.isPhone);
    this.panel.hidden = !view.open;
    this.panel.setAttribute("aria-modal", String(this.shape.isPhone));
    this.renderLauncher(view);
    this.title.textContent = view.heading || t("title");
    this.renderStatus(state, view);
    this.langButton.textContent = t("language");
    this.langButton.setAttribute("lang", lang === "zh" ? "en" : "zh");
    label(this.langButton, t("languageLabel"));
    label(this.closeButton, t("close"));
    label(this.shape.handle, t("resize"));
    this.menu.render(view);
    this.log.render(state, view);
    this.composer.render(state, view);
    this.footnote.textContent = t("note1");
  }

  renderLauncher({ open, t }) {
    const chat = this.session.conversation;
    const unread = open ? 0 : countUnread(this.session.state, (chat && chat.read) || 0);
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > 9 ? "9+" : String(unread);
    label(this.launcher, open ? t("close") : unread ? t("openUnread", { n: unread }) : t("open"));
    this.launcher.setAttribute("aria-expanded", String(open));
    this.launcher.setAttribute("aria-controls", "panel");
    if (open && chat && this.session.state.lastSeq > (chat.read || 0)) {
      this.session.remember({ read: this.session.state.lastSeq });
    }
  }

  renderStatus(state, { t, lang }) {
    const words = { idle: "statusReady", live: "statusLive", offline: "statusOffline" };
    this.status.textContent = t(words[state.phase] || "statusConnecting");
    this.status.setAttribute("class", `status is-${state.phase}`);
    this.swap(this.banner, state.phase === "offline" && state.items.length > 0, lang, () => [
      h("span", null, t("offline")),
      h("button", { type: "button", class: "text-button", onclick: () => this.session.connectNow() }, t("reconnect")),
    ]);
    this.swap(this.problem, Boolean(state.problem), [lang, state.problem], () => [
      icon("info"),
      h("span", null, problemText(lang, state.problem)),
      iconButton("close", t("dismiss"), () => this.session.dispatch({ type: "dismiss" })),
    ]);
  }

  /** Draw a notice when it appears or changes, so that it is read out once. */
  swap(node, shown, inputs, build) {
    const sign = JSON.stringify([shown, inputs]);
    if (node.sign === sign) return;
    node.sign = sign;
    node.replaceChildren(...(shown ? build() : []));
    node.hidden = !shown;
  }

  menuEntries({ t, themeChoice }) {
    const theme = (value, words, name) => ({
      icon: name, label: t(words), checked: themeChoice === value, act: () => this.host.setTheme(value),
    });
    const entries = [{ icon: "person", label: t("person"), act: () => this.openPerson() }];
    if (this.session.state.items.length) {
      entries.push(
        { icon: "copy", label: t("copy"), act: () => this.copyChat() },
        { icon: "save", label: t("download"), act: () => this.downloadChat() },
        { icon: "bin", label: t("remove"), danger: true, act: () => this.openDelete() },
      );
    }
    return [
      ...entries,
      { rule: true },
      theme("auto", "themeAuto", "auto"), theme("light", "themeLight", "sun"), theme("dark", "themeDark", "moon"),
    ];
  }

  send(text) {
    this.log.atEnd = true;
    this.session.submit(text, null);
  }

  choose(item, option) {
    this.log.atEnd = true;
    this.session.submit(option.label, null, { messageId: item.id, entryId: option.entry_id });
    this.composer.input.focus();
  }

  rate(item, value) {
    this.session.dispatch({ type: "rate", messageId: item.id, value });
    if (value) this.say(this.host.view().t("thanks"));
  }

  switchLang() {
    this.host.setLang(this.host.view().lang === "zh" ? "en" : "zh");
  }

  chatText() {
    const { lang, heading, t } = this.host.view();
    return transcript(this.session.state.items, lang, heading || t("title"));
  }

  async copyChat() {
    const done = await copyText(this.chatText());
    this.say(this.host.view().t(done ? "copied" : "copyFailed"));
  }

  downloadChat() {
    const day = new Date().toISOString().slice(0, 10);
    downloadText(`chat-${day}.txt`, this.chatText());
  }

  openDelete() {
    this.openCover((view, close) =>
      deleteSheet(view, close, async () => {
        await this.session.erase();
        this.say(view.t("removed"));
      }),
    );
  }

  openPerson() {
    const chat = this.session.conversation;
    const offer = Object.values(this.session.state.offers).pop();
    const desk = { ...this.desk, ...offer };
    const requests = (chat && chat.requests) || [];
    this.openCover((view, close) =>
      personSheet(view, desk, requests, close, (email, note) => this.session.askPerson(email, note)),
    );
  }

  openCover(build) {
    this.closeCover();
    this.opener = this.panel.getRootNode().activeElement;
    this.cover = build(this.host.view(), () => this.closeCover());
    this.panel.append(this.cover);
    this.main.inert = true;
    (this.cover.querySelector("[data-first]") || this.cover.querySelector("h2")).focus();
  }

  closeCover() {
    if (!this.cover) return;
    this.cover.remove();
    this.cover = null;
    this.main.inert = false;
    (this.opener && this.opener.isConnected ? this.opener : this.composer.input).focus();
  }

  /** A short word at the foot of the panel, read out politely. */
  say(words) {
    clearTimeout(this.toastTimer);
    this.toast.textContent = words;
    this.toast.classList.add("shown");
    this.toastTimer = setTimeout(() => {
      this.toast.classList.remove("shown");
      this.toast.textContent = "";
    }, 3500);
  }

  focusInside() {
    // On a touch screen the keyboard should not jump up before it is asked for.
    const touch = window.matchMedia("(pointer: coarse)").matches;
    (touch ? this.log.node : this.composer.input).focus({ preventScroll: true });
  }
}
