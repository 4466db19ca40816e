/* Text helpers without a DOM. Offsets on the wire are Unicode code points, never UTF-16 units. */

const URL_PATTERN =
  /\b(?:https?:\/\/|mailto:)[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/gi;
const LINE_ITEM = /^\s*(?:[-•*]\s+|\d{1,2}[.)]\s+|\d{1,2}、)/u;

/** Characters as a reader counts them: "👍" is one. */
function codePoints(text) {
  return Array.from(text);
}

/** An unfinished answer: the code points so far, and pieces that came before their turn. */
function emptyDraft() {
  return { points: [], held: [] };
}

/**
 * Lay a piece over a draft. A repeated piece changes nothing, one that leaves a gap is held
 * until the gap is filled, so loss, doubling and reordering never garble the text.
 */
function layPiece(draft, offset, text) {
  const points = draft.points.slice();
  const waiting = draft.held.concat([{ offset, text }]).sort((a, b) => a.offset - b.offset);
  const later = [];
  for (const piece of waiting) {
    if (piece.offset > points.length) {
      later.push(piece);
      continue;
    }
    codePoints(piece.text).forEach((point, i) => {
      points[piece.offset + i] = point;
    });
  }
  return { points, held: later };
}

/** Only http, https and mailto become links; anything else, or a link with a login in it, is text. */
function safeHref(candidate) {
  const address = /^[a-z]+:/i.test(candidate) ? candidate : `mailto:${candidate}`;
  try {
    const url = new URL(address);
    const known = ["http:", "https:", "mailto:"].includes(url.protocol);
    return known && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

/** Without the punctuation of the sentence around it: "(see https://x/a_(b))." keeps "a_(b)". */
function trimAddress(found) {
  const count = (text, sign) => text.split(sign).length - 1;
  let address = found.replace(/[.,;:!?'*]+$/, "");
  while (address.endsWith(")") && count(address, ")") > count(address, "(")) {
    address = address.slice(0, -1).replace(/[.,;:!?'*]+$/, "");
  }
  return address;
}

/** Split text into plain and linked parts: [{text, href?}]. Joined, they give the text again. */
function linkParts(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(URL_PATTERN)) {
    const found = trimAddress(match[0]);
    const href = safeHref(found);
    if (!href) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: found, href });
    from = match.index + found.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** Split text into lines for display: [{kind: "line" | "item" | "gap", text}]. */
function displayLines(text) {
  return text.split(/\r\n|\r|\n/).map((line) => {
    if (!line.trim()) return { kind: "gap", text: "" };
    return { kind: LINE_ITEM.test(line) ? "item" : "line", text: line };
  });
}

/** The language a screen reader should use for a text. */
function guessLang(text) {
  return /[\u3400-\u9fff]/u.test(text) ? "zh" : "en";
}

/** What the counter says: shown near the limit, and whether the message may be sent. */
function measure(text, limit) {
  const used = codePoints(text).length;
  const blank = !text.trim();
  return { used, limit, near: used >= limit * 0.8, over: used > limit, blank };
}

/** Calibrated probability in words: a key of the language table. */
function confidenceWord(p) {
  if (p >= 0.9) return "sureVery";
  if (p >= 0.75) return "sureQuite";
  return p >= 0.5 ? "sureSome" : "sureLittle";
}

/** Whole percent; never 100, which would promise certainty. */
function percent(p) {
  return Math.max(1, Math.min(99, Math.round(p * 100)));
}

/** Whether a key press sends the message: not while an input method is composing. */
function sendsMessage(event) {
  const composing = event.isComposing || event.keyCode === 229;
  return event.key === "Enter" && !event.shiftKey && !composing;
}
