/* The chat as plain text, for copying and for the downloaded file. */

function transcriptTime(at, lang) {
  if (!at) return "";
  const options = { dateStyle: "medium", timeStyle: "short" };
  return new Date(at).toLocaleString(lang === "zh" ? "zh-CN" : "en-GB", options);
}

/** One block a message: who and when, the text, and for an answer the entries it stands on. */
function transcript(items, lang, title) {
  const blocks = items
    .filter((item) => item.text)
    .map((item) => {
      const who = item.role === "user" ? translate(lang, "you") : title;
      const when = transcriptTime(item.at, lang);
      const entries = (item.provenance && item.provenance.entries) || [];
      const sources = entries.map((entry) => `${translate(lang, "source")}: ${entry.question}`);
      return [when ? `${who} (${when})` : who, item.text, ...sources].join("\n");
    });
  return `${[title, ...blocks].join("\n\n")}\n`;
}
