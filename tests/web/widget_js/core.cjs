/* Loads the widget's protocol logic, as served, without a browser. */
const { readFileSync } = require("node:fs");

const NAMES = [
  "reduce", "initialState", "beingMade", "optionsOpen", "countUnread", "layPiece", "emptyDraft",
  "linkParts", "displayLines", "guessLang", "measure", "confidenceWord", "percent", "sendsMessage",
  "backoffMs", "transcript", "translate", "problemText", "knownLang", "WORDS", "PROBLEMS",
  "codePoints",
];

const source = readFileSync(process.env.WIDGET_CORE, "utf8");
module.exports = new Function(`"use strict";\n${source}\nreturn { ${NAMES.join(", ")} };`)();
