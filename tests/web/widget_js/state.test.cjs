const { test } = require("node:test");
const assert = require("node:assert/strict");
const core = require("./core.cjs");

/** Run events through the machine; gives the last state and every frame that was sent. */
function run(events, state = core.initialState()) {
  const sent = [];
  for (const event of events) {
    const result = core.reduce(state, event);
    state = result.state;
    sent.push(...result.effects);
  }
  return { state, effects: sent, frames: sent.filter((e) => e.type === "send").map((e) => e.frame) };
}

const frame = (type, fields = {}) => ({ type: "frame", frame: { type, ...fields } });
const stored = (seq, role, text, more = {}) => ({
  id: `m-${seq}`, conversation_id: "c-1", seq, role, text, created_at: "2026-02-01T10:00:00Z",
  client_message_id: null, reply_to: null, options: [], provenance: null, stopped: false,
  feedback: null, ...more,
});
const live = (last = 0) => [
  { type: "connecting" },
  { type: "opened", conversationId: "c-1", token: "t" },
  frame("welcome", { conversation_id: "c-1", last_seq: last, limits: { max_message_chars: 10 } }),
  frame("replay", { messages: [] }),
  frame("live", { last_seq: last }),
];
const submit = (clientId, text = "hello") => ({ type: "submit", clientId, text, now: 0 });
const texts = (state) => state.items.map((item) => item.text);

test("hello, then resume from the last message known, then live", () => {
  const { state, frames } = run([...live(), frame("message", { message: stored(1, "user", "a") }), { type: "closed" }, ...live(1)]);
  assert.deepEqual(frames.map((f) => f.type), ["hello", "resume", "hello", "resume"]);
  assert.equal(frames[0].protocol, 1);
  assert.equal(frames[1].last_seq, 0);
  assert.equal(frames[3].last_seq, 1);
  assert.equal(state.phase, "live");
  assert.equal(state.limits.max_message_chars, 10);
});

test("a message written before the connection stands waits and is sent once it does", () => {
  const { state, frames } = run([submit("a"), ...live()]);
  assert.deepEqual(frames.at(-1), { type: "message", client_message_id: "a", text: "hello" });
  assert.equal(state.items[0].status, "pending");
});

test("an ack puts the message in its place; the same id is never on the screen twice", () => {
  const mine = stored(1, "user", "hello", { client_message_id: "a" });
  const { state } = run([
    ...live(), submit("a"), frame("ack", { client_message_id: "a", message_id: "m-1", seq: 1 }),
    frame("message", { message: mine }), frame("replay", { messages: [mine] }),
    frame("ack", { client_message_id: "a", message_id: "m-1", seq: 1 }),
  ]);
  assert.equal(state.items.length, 1);
  assert.equal(state.items[0].key, "a");
  assert.equal(state.items[0].status, "done");
  assert.equal(state.lastSeq, 1);
});

test("without an ack the same message goes out again under the same id after a cut", () => {
  const { frames } = run([...live(), submit("a"), { type: "closed" }, ...live()]);
  const sent = frames.filter((f) => f.type === "message");
  assert.deepEqual(sent.map((f) => f.client_message_id), ["a", "a"]);
});

test("resume asks from where nothing is missing, not from the newest seen", () => {
  const { frames } = run([
    ...live(), frame("message", { message: stored(1, "user", "a") }),
    frame("message", { message: stored(3, "user", "c") }), { type: "closed" }, ...live(3),
  ]);
  assert.equal(frames.filter((f) => f.type === "resume").at(-1).last_seq, 1);
});

test("messages stand in the order of the log whatever order they come in", () => {
  const { state } = run([
    ...live(), submit("mine", "mine"), frame("message", { message: stored(3, "user", "c") }),
    frame("done", { message: stored(2, "assistant", "b") }),
    frame("message", { message: stored(1, "user", "a") }),
  ]);
  assert.deepEqual(texts(state), ["a", "b", "c", "mine"]);
});

test("streamed text counts code points and survives doubling and reordering", () => {
  const delta = (offset, text) => frame("delta", { message_id: "m-2", reply_to: "m-1", offset, text });
  const pieces = [delta(0, "👍🏽 好"), delta(4, "的,"), delta(6, " yes")];
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 0, 2, 1], [0, 2, 1, 2, 0]]) {
    const { state } = run([...live(), ...order.map((i) => pieces[i])]);
    assert.equal(state.items[0].text, "👍🏽 好的, yes", `order ${order}`);
    assert.equal(state.items[0].status, "writing");
  }
});

test("done replaces the streamed text, and pieces that come late change nothing", () => {
  const delta = frame("delta", { message_id: "m-2", reply_to: "m-1", offset: 0, text: "draft" });
  const { state } = run([...live(), delta, frame("done", { message: stored(2, "assistant", "final") }), delta]);
  assert.deepEqual(texts(state), ["final"]);
  assert.equal(state.items[0].status, "done");
});

test("replace puts its text in place of what was streamed", () => {
  const { state } = run([
    ...live(), frame("delta", { message_id: "m-2", reply_to: "m-1", offset: 0, text: "a wrong claim" }),
    frame("replace", { message_id: "m-2", text: "不知道" }),
    frame("delta", { message_id: "m-2", reply_to: "m-1", offset: 3, text: "。" }),
  ]);
  assert.deepEqual(texts(state), ["不知道。"]);
});

test("an unfinished answer is begun anew after a cut", () => {
  const delta = (offset, text) => frame("delta", { message_id: "m-2", reply_to: "m-1", offset, text });
  const before = run([...live(), delta(0, "Hello wor"), { type: "closed" }]);
  assert.deepEqual(texts(before.state), ["Hello wor"], "what was read stays while offline");
  const early = run([...live().slice(0, 4), delta(0, "Hel"), frame("live", { last_seq: 0 })], before.state);
  assert.deepEqual(texts(early.state), ["Hel"], "pieces may come before live");
  const after = run([...live(), delta(0, "Hel"), delta(3, "lo world")], before.state);
  assert.deepEqual(texts(after.state), ["Hello world"]);
});

test("an error with a message id fails that message alone, and it can be tried again", () => {
  const problem = { code: "rate-limited", status: 429 };
  const failed = run([...live(), submit("a"), submit("b"), frame("error", { problem, client_message_id: "a" })]);
  assert.deepEqual(failed.state.items.map((item) => item.status), ["failed", "pending"]);
  const again = run([{ type: "retry", key: "a", now: 1 }], failed.state);
  assert.equal(again.frames[0].client_message_id, "a");
  assert.equal(again.state.items[0].status, "pending");
  const gone = run([{ type: "discard", key: "a" }, { type: "discard", key: "b" }], failed.state);
  assert.deepEqual(gone.state.items.map((item) => item.key), ["b"], "only failed ones are discarded");
});

test("an answer that could not be made marks the stored message, and its retry is acked again", () => {
  const ack = frame("ack", { client_message_id: "a", message_id: "m-1", seq: 1 });
  const problem = { code: "answer-failed", status: 503 };
  const failed = run([...live(), submit("a"), ack, frame("error", { problem, client_message_id: "a" })]);
  assert.equal(failed.state.items[0].status, "failed");
  const again = run([{ type: "retry", key: "a", now: 1 }, ack], failed.state);
  assert.equal(again.state.items[0].status, "done");
  assert.equal(again.frames.length, 1);
});

test("a refused token is renewed, a conversation that is gone is begun anew", () => {
  const effects = (problem) => run([...live(), frame("error", { problem })]).effects.map((e) => e.type).at(-1);
  assert.equal(effects({ status: 401, code: "token-expired" }), "renew");
  assert.equal(effects({ status: 410, code: "conversation-gone" }), "restart");
  assert.equal(effects({ status: 404, code: "conversation-not-found" }), "restart");
  assert.equal(run([...live(), frame("error", { problem: { status: 404, code: "message-not-found" } })]).state.problem.code, "message-not-found");
});

test("a message that nobody acknowledges is marked after a while, but not while offline", () => {
  const late = run([...live(), submit("a"), { type: "tick", now: 60000 }]);
  assert.equal(late.state.items[0].status, "failed");
  const offline = run([...live(), submit("a"), { type: "closed" }, { type: "tick", now: 60000 }]);
  assert.equal(offline.state.items[0].status, "pending");
});

test("a choice names its message and entry, and its buttons close once something is said", () => {
  const options = [{ entry_id: "e-1", label: "This?" }];
  const asked = run([...live(), frame("done", { message: stored(1, "assistant", "which?", { options }) })]);
  assert.equal(core.optionsOpen(asked.state, asked.state.items[0]), true);
  const chosen = run([{ ...submit("a", "This?"), choice: { messageId: "m-1", entryId: "e-1" } }], asked.state);
  assert.deepEqual(chosen.frames[0], { type: "choice", client_message_id: "a", message_id: "m-1", entry_id: "e-1" });
  assert.equal(core.optionsOpen(chosen.state, chosen.state.items[0]), false);
});

test("a thumb given offline is sent when live again, and forgotten once it is stored", () => {
  const answer = frame("done", { message: stored(1, "assistant", "x") });
  const rated = run([...live(), answer, { type: "closed" }, { type: "rate", messageId: "m-1", value: "up" }]);
  assert.equal(rated.state.items[0].feedback, "up");
  const again = run(live(1), rated.state);
  assert.deepEqual(again.frames.at(-1), { type: "feedback", message_id: "m-1", value: "up" });
  const kept = run([frame("feedback", { message_id: "m-1", value: "up" })], again.state);
  assert.deepEqual(kept.state.ratings, {});
  const back = run([{ type: "rate", messageId: "m-1", value: null }], kept.state);
  assert.equal(back.state.items[0].feedback, null);
});

test("stop names the answer being written, or the question while nothing is written yet", () => {
  const ack = frame("ack", { client_message_id: "a", message_id: "m-1", seq: 1 });
  const early = run([...live(), submit("a"), ack, frame("typing", { on: true }), { type: "stop" }]);
  assert.deepEqual(early.frames.at(-1), { type: "stop", message_id: "m-1" });
  const delta = frame("delta", { message_id: "m-2", reply_to: "m-1", offset: 0, text: "x" });
  const later = run([delta, { type: "stop" }], early.state);
  assert.deepEqual(later.frames.at(-1), { type: "stop", message_id: "m-2" });
  assert.deepEqual(core.beingMade(run([frame("done", { message: stored(2, "assistant", "x", { reply_to: "m-1" }) })], later.state).state), []);
});

test("what waited when the page was left is taken up once", () => {
  const item = run([submit("a")]).state.items[0];
  const restored = run([{ type: "restore", items: [item] }, { type: "restore", items: [item] }, ...live()]);
  assert.equal(restored.state.items.length, 1);
  assert.equal(restored.frames.at(-1).client_message_id, "a");
});

test("unknown frames and frames without sense change nothing", () => {
  const { state } = run([...live(), frame("surprise"), { type: "frame", frame: null }, { type: "nothing" }]);
  assert.equal(state.phase, "live");
  assert.deepEqual(state.items, []);
});

test("unread counts answers above the last one read", () => {
  const { state } = run([...live(), frame("replay", { messages: [stored(1, "user", "a"), stored(2, "assistant", "b"), stored(3, "assistant", "c")] })]);
  assert.equal(core.countUnread(state, 0), 2);
  assert.equal(core.countUnread(state, 2), 1);
});

/* A small generator with a seed, so that a failure can be seen again. */
function dice(seed) {
  let x = seed;
  return () => {
    x = (x * 1664525 + 1013904223) % 4294967296;
    return x / 4294967296;
  };
}

/** A server that keeps a log, and a wire that loses, doubles and reorders until the end. */
function chaos(seed) {
  const random = dice(seed);
  const log = [];
  let state = core.initialState();
  let wire = [];
  const apply = (event) => {
    const result = core.reduce(state, event);
    state = result.state;
    result.effects.filter((e) => e.type === "send").forEach((e) => serve(e.frame));
  };
  const push = (f) => wire.push({ type: "frame", frame: f });
  const commit = (fields) => {
    const message = stored(log.length + 1, fields.role, fields.text, fields);
    log.push(message);
    return message;
  };
  function serve(f) {
    if (f.type === "hello") push({ type: "welcome", last_seq: log.length, limits: {} });
    if (f.type === "resume") {
      push({ type: "replay", messages: log.slice(f.last_seq) });
      push({ type: "live", last_seq: log.length });
    }
    if (f.type !== "message") return;
    let message = log.find((m) => m.client_message_id === f.client_message_id);
    const known = Boolean(message);
    message = message || commit({ role: "user", text: f.text, client_message_id: f.client_message_id });
    push({ type: "ack", client_message_id: f.client_message_id, message_id: message.id, seq: message.seq });
    if (known) return;
    const text = `re: ${f.text} 👍`;
    core.codePoints(text).forEach((point, offset) => {
      push({ type: "delta", message_id: `m-${log.length + 1}`, reply_to: message.id, offset, text: point });
    });
    push({ type: "done", message: commit({ role: "assistant", text, reply_to: message.id }) });
  }
  const connect = () => {
    wire = [];
    apply({ type: "connecting" });
    apply({ type: "opened", conversationId: "c", token: "t" });
  };
  connect();
  for (let step = 0; step < 120; step += 1) {
    const roll = random();
    if (roll < 0.12) apply(submit(`a-${step}`, `text ${step}`));
    else if (roll < 0.17) {
      apply({ type: "closed" });
      connect();
    } else if (wire.length) {
      const event = wire.shift();
      apply(event);
      if (random() < 0.2) apply(event);
    }
  }
  apply({ type: "closed" });
  connect();
  while (wire.length) apply(wire.shift());
  return { state, log };
}

test("whatever is cut or doubled, in the end the screen shows the log, once and in order", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const { state, log } = chaos(seed);
    assert.deepEqual(texts(state), log.map((m) => m.text), `seed ${seed}`);
    assert.equal(state.lastSeq, log.length, `seed ${seed}`);
    assert.ok(state.items.every((item) => item.status === "done"), `seed ${seed}`);
    assert.equal(new Set(state.items.map((item) => item.key)).size, log.length, `seed ${seed}`);
  }
});
