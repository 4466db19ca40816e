/*
 * The list of messages. Each message is made of slots; a slot is drawn again only when what it
 * shows has changed, so that focus stays and a screen reader is not told the same twice.
 */

class MessageList {
  /** `acts`: choose(item, option), rate(item, value), retry(item), discard(item), person(). */
  constructor(acts) {
    this.acts = acts;
    this.node = h("ol", { class: "messages" });
    this.rows = new Map();
    this.openSources = new Set();
  }

  render(state, view) {
    const wanted = new Set(state.items.map((item) => item.key));
    for (const [key, row] of this.rows) {
      if (!wanted.has(key)) {
        row.node.remove();
        this.rows.delete(key);
      }
    }
    state.items.forEach((item, index) => {
      const row = this.rows.get(item.key) || this.addRow(item);
      const here = this.node.children[index];
      if (here !== row.node) this.node.insertBefore(row.node, here || null);
      this.fill(row, item, state, view);
    });
  }

  addRow(item) {
    const slots = {};
    const slot = (name, tag = "div") => (slots[name] = h(tag, { class: `slot-${name}`, hidden: true }));
    const card = h("div", { class: "card" }, slot("who", "span"), slot("body"), slot("notices"), slot("source"));
    const node = h("li", { class: `row ${item.role}` }, card, slot("options"), slot("person"), slot("meta"));
    const row = { node, slots, drawn: {} };
    this.rows.set(item.key, row);
    return row;
  }

  fill(row, item, state, view) {
    const { lang } = view;
    row.node.setAttribute("class", `row ${item.role} is-${item.status}`);
    const draw = (name, inputs, build) => this.draw(row, name, inputs, build);
    draw("who", [lang, item.role], () => [view.t(item.role === "user" ? "you" : "assistant")]);
    draw("body", [item.text], () => this.body(row, item));
    draw("notices", [lang, item.provenance], () => this.notices(item, view));
    draw("source", [lang, item.provenance, view.faqUrl], () => this.source(item, view));
    const open = item.options.length > 0 && optionsOpen(state, item);
    draw("options", [lang, item.options, open], () => this.options(item, open, view));
    const person = state.offers[item.id] || (item.provenance && item.provenance.route === "handoff");
    draw("person", [lang, Boolean(person)], () => (person ? this.person(view) : []));
    const offline = state.phase !== "live";
    const meta = [lang, item.status, item.at, item.feedback, item.stopped, item.problem, offline];
    draw("meta", meta, () => this.meta(item, offline, view));
  }

  draw(row, name, inputs, build) {
    const sign = JSON.stringify(inputs);
    if (row.drawn[name] === sign) return;
    row.drawn[name] = sign;
    const slot = row.slots[name];
    const focused = slot.contains(slot.getRootNode().activeElement)
      ? slot.getRootNode().activeElement.dataset.k
      : null;
    const nodes = build();
    slot.replaceChildren(...nodes);
    slot.hidden = nodes.length === 0;
    if (focused) {
      const again = slot.querySelector(`[data-k="${focused}"]`);
      if (again) again.focus();
    }
  }

  body(row, item) {
    const entry = shownEntries(item)[0];
    const verbatim = item.provenance && item.provenance.route === "answer" && entry;
    row.slots.body.setAttribute("lang", verbatim ? entry.lang : guessLang(item.text));
    return textNodes(item.text);
  }

  notices(item, view) {
    return noticeTexts(item, view).map((text) => h("p", { class: "notice" }, icon("info"), text));
  }

  source(item, view) {
    if (!shownEntries(item).length) return [];
    const toggle = (button, details) => {
      const open = details.hidden;
      details.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      if (open) this.openSources.add(item.key);
      else this.openSources.delete(item.key);
      if (open) details.scrollIntoView({ block: "nearest" });
    };
    return [sourceView(item, view, this.openSources.has(item.key), toggle)];
  }

  options(item, open, { t }) {
    if (!item.options.length) return [];
    const buttons = item.options.map((option) =>
      h(
        "button",
        {
          type: "button", class: "option", disabled: !open, lang: guessLang(option.label),
          "data-k": option.entry_id, onclick: () => this.acts.choose(item, option),
        },
        option.label,
      ),
    );
    return [h("div", { role: "group", class: "option-group", "aria-label": t("options") }, buttons)];
  }

  person({ t }) {
    const onclick = () => this.acts.person();
    return [h("button", { type: "button", class: "option person", onclick }, icon("person"), t("person"))];
  }

  meta(item, offline, view) {
    return item.role === "user" ? this.userMeta(item, offline, view) : this.answerMeta(item, view);
  }

  userMeta(item, offline, { lang, t }) {
    if (item.status === "pending") return [h("span", null, t(offline ? "waiting" : "pending"))];
    if (item.status === "done") return [timeNode(item.at, lang)];
    const retry = { type: "button", class: "text-button", "data-k": "retry", onclick: () => this.acts.retry(item) };
    const discard = { type: "button", class: "text-button", "data-k": "discard", onclick: () => this.acts.discard(item) };
    return [
      h("span", { class: "failed" }, icon("info"), `${t("failed")}. ${problemText(lang, item.problem)}`),
      h("button", retry, icon("retry"), t("retry")),
      item.seq === null ? h("button", discard, t("discard")) : "",
    ];
  }

  answerMeta(item, { lang, t }) {
    if (item.status !== "done") return [];
    const thumb = (value, name) =>
      iconButton(name, t(value), () => this.acts.rate(item, item.feedback === value ? null : value), {
        class: "thumb", "aria-pressed": String(item.feedback === value), "data-k": value,
      });
    return [
      timeNode(item.at, lang),
      item.stopped && h("span", { class: "stopped" }, t("stopped")),
      h("span", { class: "thumbs" }, thumb("up", "up"), thumb("down", "nope")),
    ].filter(Boolean);
  }
}

function timeNode(at, lang) {
  if (!at) return h("span");
  const when = new Date(at);
  const today = when.toDateString() === new Date().toDateString();
  const time = { hour: "2-digit", minute: "2-digit" };
  const style = today ? time : { ...time, day: "numeric", month: "short" };
  const words = when.toLocaleString(lang === "zh" ? "zh-CN" : "en-GB", style);
  return h("time", { datetime: at, title: transcriptTime(at, lang) }, words);
}
