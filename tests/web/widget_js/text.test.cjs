const { test } = require("node:test");
const assert = require("node:assert/strict");
const core = require("./core.cjs");

const links = (text) => core.linkParts(text).filter((part) => part.href);

test("http, https and mail addresses become links, with no punctuation dragged along", () => {
  const cases = {
    "see https://tidewire.example/help/fibre-plans.": "https://tidewire.example/help/fibre-plans",
    "详情见 https://tidewire.example/a?b=1。谢谢": "https://tidewire.example/a?b=1",
    "请看https://tidewire.example/查询": "https://tidewire.example/",
    "(http://a.example/x_(y))": "http://a.example/x_(y)",
    "mail support@tidewire.example, please": "mailto:support@tidewire.example",
    "mailto:a@b.example": "mailto:a@b.example",
  };
  for (const [text, href] of Object.entries(cases)) assert.equal(links(text)[0].href, href, text);
});

test("nothing else becomes a link", () => {
  const hostile = [
    "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd",
    "https://good.example:pw@evil.example/", "https://user@evil.example/", "http://", "https://[", "//evil.example",
    "<a href=x>", "JaVaScRiPt:alert(1)",
  ];
  for (const text of hostile) {
    for (const part of links(text)) assert.match(part.href, /^mailto:/, text);
  }
});

test("the parts of a text, joined, are the text", () => {
  for (const text of ["", "a", "https://a.example b https://c.example", "x@y.example。", "😀 https://a.example/é"]) {
    assert.equal(core.linkParts(text).map((part) => part.text).join(""), text);
  }
});

test("lines are kept; list items are known in both languages", () => {
  const kinds = core.displayLines("Do this:\r\n1. one\n2、二\n- three\n\nend").map((line) => line.kind);
  assert.deepEqual(kinds, ["line", "item", "item", "item", "gap", "line"]);
});

test("the counter counts characters as people do", () => {
  assert.deepEqual(core.measure("👍👍", 2), { used: 2, limit: 2, near: true, over: false, blank: false });
  assert.equal(core.measure("👍👍👍", 2).over, true);
  assert.equal(core.measure(" \n\u3000", 10).blank, true);
  assert.equal(core.measure("a", 10).near, false);
});

test("Enter sends, but not while an input method composes, nor with Shift", () => {
  assert.equal(core.sendsMessage({ key: "Enter" }), true);
  assert.equal(core.sendsMessage({ key: "Enter", shiftKey: true }), false);
  assert.equal(core.sendsMessage({ key: "Enter", isComposing: true }), false);
  assert.equal(core.sendsMessage({ key: "Enter", keyCode: 229 }), false);
  assert.equal(core.sendsMessage({ key: "a" }), false);
});

test("how sure, in words and in percent that never promise certainty", () => {
  const words = [0.97, 0.8, 0.6, 0.2].map(core.confidenceWord);
  assert.deepEqual(words, ["sureVery", "sureQuite", "sureSome", "sureLittle"]);
  assert.deepEqual([1, 0.934, 0].map(core.percent), [99, 93, 1]);
});

test("both languages have the same words with the same blanks", () => {
  const blanks = (text) => (text.match(/\{\w+\}/g) || []).sort();
  assert.deepEqual(Object.keys(core.WORDS.en).sort(), Object.keys(core.WORDS.zh).sort());
  for (const key of Object.keys(core.WORDS.en)) {
    assert.deepEqual(blanks(core.WORDS.en[key]), blanks(core.WORDS.zh[key]), key);
  }
  assert.deepEqual(Object.keys(core.PROBLEMS.en).sort(), Object.keys(core.PROBLEMS.zh).sort());
});

test("problems are said in the visitor's language, unknown ones as the server says them", () => {
  assert.match(core.problemText("zh", { code: "rate-limited" }), /稍等/);
  assert.equal(core.problemText("en", { code: "other", detail: "Exactly this." }), "Exactly this.");
  assert.match(core.problemText("en", { network: true }), /connection/);
  assert.match(core.problemText("en", null), /not confirm/);
});

test("language tags of every shape", () => {
  const tags = { "zh-Hans-CN": "zh", zh_TW: "zh", "en-US": "en", EN: "en", fr: null, "": null, zhx: null };
  for (const [tag, lang] of Object.entries(tags)) assert.equal(core.knownLang(tag), lang, tag);
  assert.equal(core.guessLang("How do I reset my 路由器"), "zh");
  assert.equal(core.guessLang("router"), "en");
});

test("waits between attempts grow to a limit and are spread", () => {
  const longest = [0, 1, 2, 3, 20].map((attempt) => core.backoffMs(attempt, 1));
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 20000]);
  assert.equal(core.backoffMs(2, 0), 1000);
});

test("the transcript names who spoke, and the source of an answer", () => {
  const items = [
    { role: "user", text: "hi", at: "2026-02-01T10:00:00Z" },
    { role: "assistant", text: "hello", at: null, provenance: { entries: [{ question: "Q?" }] } },
  ];
  const text = core.transcript(items, "en", "Tidewire");
  assert.match(text, /^Tidewire\n\nYou \(.*2026.*\)\nhi\n\nTidewire\nhello\nSource: Q\?\n$/);
});
