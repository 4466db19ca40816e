/* The menu behind "More": a list of actions, walked with the arrow keys. */

class Menu {
  /** `entries(view)` gives [{icon, label, act, checked?, danger?}]. */
  constructor(entries) {
    this.entries = entries;
    this.drawn = "";
    this.button = iconButton("more", "", () => this.toggle(), {
      "aria-haspopup": "menu", "aria-expanded": "false",
    });
    this.list = h("div", { class: "menu", role: "menu", hidden: true });
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (to && to !== this.button && !this.list.contains(to)) this.close(false);
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  render(view) {
    label(this.button, view.t("menu"));
    this.list.setAttribute("aria-label", view.t("menu"));
    const entries = this.entries(view);
    // Drawn anew only where it reads differently: a press must not lose the button under it.
    const reads = JSON.stringify(entries);
    if (reads === this.drawn) return;
    this.drawn = reads;
    const items = entries.map((entry) => this.item(entry));
    const index = this.items().indexOf(this.list.getRootNode().activeElement);
    this.list.replaceChildren(...items);
    if (index >= 0 && this.items()[index]) this.items()[index].focus();
  }

  item(entry) {
    if (entry.rule) return h("div", { class: "menu-rule", role: "separator" });
    const radio = entry.checked !== undefined;
    const props = {
      type: "button", tabindex: "-1", class: entry.danger ? "danger" : "",
      role: radio ? "menuitemradio" : "menuitem", "aria-checked": radio ? String(entry.checked) : null,
      lang: entry.lang,
      onclick: () => {
        this.close(true);
        entry.act();
      },
    };
    return h("button", props, icon(entry.checked ? "check" : entry.icon), h("span", null, entry.label));
  }

  items() {
    return Array.from(this.list.querySelectorAll("button"));
  }

  toggle() {
    if (this.isOpen) this.close(true);
    else this.show();
  }

  show() {
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.items()[0].focus();
  }

  close(giveBack) {
    if (!this.isOpen) return;
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (giveBack) this.button.focus();
  }

  onKey(event) {
    const items = this.items();
    const here = items.indexOf(this.list.getRootNode().activeElement);
    const moves = {
      ArrowDown: (here + 1) % items.length,
      ArrowUp: (here - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    if (event.key === "Tab") this.close(false);
    else if (event.key in moves) {
      event.preventDefault();
      items[moves[event.key]].focus();
    }
  }
}
