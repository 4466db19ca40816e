/* What stands under an answer: where it comes from, how sure we are, and what to know about it. */

const SOURCED_ROUTES = ["answer", "compose", "insight"];

function shownEntries(item) {
  const provenance = item.provenance;
  return provenance && SOURCED_ROUTES.includes(provenance.route) ? provenance.entries || [] : [];
}

/** The disclosure with the entries; `open` and `onToggle` keep its state across renderings. */
function sourceView(item, view, open, onToggle) {
  const entries = shownEntries(item);
  const { lang, t } = view;
  const first = entries[0];
  const label = entries.length > 1 ? t("sources", { n: entries.length }) : t("source");
  const id = `source-${item.key}`;
  const button = h(
    "button",
    {
      type: "button", class: "source-toggle", "aria-expanded": String(open), "aria-controls": id,
      "data-k": "source", onclick: () => onToggle(button, details),
    },
    icon("book"),
    h("span", { class: "source-label" }, label),
    h("span", { class: "source-name", lang: first.lang, dir: "auto" }, first.question),
    h("span", { class: "source-sure" }, `${percent(first.p)}%`),
    icon("down"),
  );
  const how = item.provenance.route === "answer" ? "verbatim" : "composed";
  const details = h(
    "div",
    { id, class: "source-details", hidden: !open },
    h("p", { class: "source-how" }, t(how)),
    entries.map((entry) => entryView(entry, view)),
  );
  return h("div", { class: "source", lang }, button, details);
}

function entryView(entry, { lang, t, faqUrl }) {
  const bar = h("span", { class: "sure-bar", "aria-hidden": "true" }, h("i"));
  bar.style.setProperty("--p", String(percent(entry.p) / 100));
  const href = faqHref(faqUrl, entry);
  return h(
    "div",
    { class: "entry" },
    h("p", { class: "entry-question", lang: entry.lang, dir: "auto" }, entry.question),
    h(
      "p",
      { class: "entry-sure" },
      bar,
      h("span", null, t("sure", { word: t(confidenceWord(entry.p)), n: percent(entry.p) })),
    ),
    h(
      "p",
      { class: "entry-facts" },
      entry.since && h("span", null, t("since", { date: dateText(lang, entry.since) })),
      Number.isInteger(entry.asked) && h("span", null, t("asked", { n: entry.asked })),
      href && h("a", { href }, t("openFaq")),
    ),
  );
}

/** "/{lang}/faq#{id}" filled in for an entry; null where the page gave no pattern. */
function faqHref(pattern, entry) {
  if (!pattern) return null;
  const path = pattern
    .replaceAll("{lang}", encodeURIComponent(entry.lang))
    .replaceAll("{id}", encodeURIComponent(entry.id));
  return /^(https?:)?\/\/|^\//i.test(path) ? path : null;
}

/** Notices above the source: another language than asked in, or answered with less than usual. */
function noticeTexts(item, { t }) {
  const provenance = item.provenance;
  if (!provenance) return [];
  const entry = shownEntries(item)[0];
  const other = entry && entry.lang !== provenance.lang;
  return [
    other && t("otherLang", { lang: t(entry.lang === "zh" ? "langZh" : "langEn") }),
    provenance.degraded && t("degraded"),
  ].filter(Boolean);
}
