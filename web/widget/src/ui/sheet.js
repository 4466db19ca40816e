/* Sheets over the chat: confirm deleting, and the way to a person. */

let sheetNumber = 0;

/** A dialog inside the panel; `close()` is given to what fills it. */
function sheet(title, lang, close, ...content) {
  sheetNumber += 1;
  const id = `sheet-${sheetNumber}`;
  const box = h(
    "div",
    { class: "sheet", role: "dialog", "aria-modal": "true", "aria-labelledby": id, lang },
    h("h2", { id, tabindex: "-1" }, title),
    content,
  );
  const node = h("div", { class: "sheet-cover" }, box);
  node.addEventListener("mousedown", (event) => event.target === node && close());
  keepFocus(box, () => true);
  return node;
}

function bigButton(kind, words, onclick, extra = {}) {
  return h("button", { type: "button", class: `big ${kind}`, onclick, ...extra }, words);
}

/** "Delete this chat?": says that it cannot be undone; shows the problem where it fails. */
function deleteSheet({ lang, t }, close, erase) {
  const error = h("p", { class: "sheet-error", role: "alert" });
  const yes = bigButton("danger", t("removeYes"), async () => {
    yes.disabled = true;
    try {
      await erase();
      close();
    } catch (failure) {
      error.textContent = problemText(lang, failure.problem || {});
      yes.disabled = false;
      yes.focus();
    }
  });
  const no = bigButton("quiet", t("cancel"), close, { "data-first": true });
  const buttons = h("div", { class: "sheet-buttons" }, no, yes);
  return sheet(t("removeTitle"), lang, close, h("p", null, t("removeText")), error, buttons);
}

/** Hours, address and a form; afterwards the reference number stands in their place. */
function personSheet(view, desk, requests, close, ask) {
  const { lang, t } = view;
  const facts = h("dl", { class: "desk" });
  if (desk.hours) facts.append(h("dt", null, t("hours")), h("dd", null, desk.hours));
  if (desk.email) {
    const link = h("a", { href: safeHref(desk.email) || "" }, desk.email);
    facts.append(h("dt", null, t("mail")), h("dd", null, link));
  }
  const earlier = requests.map((reference) => h("p", { class: "earlier" }, t("earlier", { reference })));
  const body = h("div", { class: "sheet-body" }, h("p", null, t("personText")), facts, earlier);
  const cover = sheet(t("person"), lang, close, body);
  body.append(personForm(view, close, ask, (given) => body.replaceChildren(...thanks(view, given, close))));
  return cover;
}

function personForm({ lang, t }, close, ask, show) {
  const mail = h("input", { type: "email", id: "mail", autocomplete: "email", required: true, "data-first": true });
  const note = h("textarea", { id: "note", rows: "3", maxlength: "1000", dir: "auto" });
  const error = h("p", { class: "sheet-error", role: "alert", id: "mail-error" });
  const yes = h("button", { type: "submit", class: "big primary" }, t("personSend"));
  const no = bigButton("quiet", t("cancel"), close);
  const form = h(
    "form",
    { novalidate: true },
    h("label", { for: "mail" }, t("yourMail")), mail,
    h("label", { for: "note" }, t("note")), note,
    error,
    h("div", { class: "sheet-buttons" }, no, yes),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.textContent = "";
    if (!mail.value.trim() || !mail.checkValidity()) {
      error.textContent = t("mailWrong");
      mail.setAttribute("aria-invalid", "true");
      mail.setAttribute("aria-describedby", "mail-error");
      mail.focus();
      return;
    }
    yes.disabled = true;
    try {
      show(await ask(mail.value.trim(), note.value.trim()));
    } catch (failure) {
      error.textContent = problemText(lang, failure.problem || {});
      yes.disabled = false;
    }
  });
  return form;
}

function thanks({ t }, given, close) {
  const number = h("output", { class: "reference", tabindex: "-1" }, given.reference);
  const copy = bigButton("quiet", t("copyReference"), async () => {
    if (await copyText(given.reference)) copy.textContent = t("copied");
  });
  const done = bigButton("primary", t("done"), close);
  queueMicrotask(() => done.focus());
  return [
    h("div", { role: "status" }, h("p", null, t("reference")), number, h("p", null, t("referenceText"))),
    given.hours ? h("p", { class: "hours" }, `${t("hours")}: ${given.hours}`) : "",
    h("div", { class: "sheet-buttons" }, copy, done),
  ];
}
