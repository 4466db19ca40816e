/*
 * The conversation as a pure state machine: reduce(state, event) -> {state, effects}.
 * No DOM, no clock, no socket. The wire is at-least-once; the screen is exactly-once, because
 * every message is kept by its id and every piece of text by its offset.
 *
 * Effects: send{frame} · renew (token refused) · restart (conversation gone) · reconnect.
 */

const ACK_PATIENCE_MS = 20000;
const PROTOCOL = 1;
/** Problems after which only a new conversation helps. */
const GONE = ["conversation-not-found", "conversation-gone", "token-mismatch"];

function initialState() {
  return {
    phase: "idle", // idle · connecting · replaying · live · offline
    items: [],
    lastSeq: 0,
    typing: false,
    problem: null,
    ratings: {}, // thumbs not yet confirmed, by message id
    offers: {}, // ways to a person, by the id of the answer that offered them
    limits: {},
  };
}

function reduce(state, event) {
  const handler = EVENTS[event.type];
  return handler ? handler(state, event) : { state, effects: [] };
}

function next(state, changes, effects = []) {
  return { state: { ...state, ...changes }, effects };
}

function send(frame) {
  return { type: "send", frame };
}

function patchItem(items, key, changes) {
  return items.map((item) => (item.key === key ? { ...item, ...changes } : item));
}

function pendingFrame(item) {
  if (item.choice) {
    return {
      type: "choice",
      client_message_id: item.clientId,
      message_id: item.choice.messageId,
      entry_id: item.choice.entryId,
    };
  }
  const frame = { type: "message", client_message_id: item.clientId, text: item.text };
  if (item.lang) frame.lang = item.lang;
  return frame;
}

/** Stored messages in the order of the log; what is not stored yet stands behind them. */
function ordered(items) {
  const rank = (item) => (item.seq === null ? Infinity : item.seq);
  return items
    .map((item, index) => ({ item, index }))
    .sort((a, b) => (rank(a.item) === rank(b.item) ? a.index - b.index : rank(a.item) - rank(b.item)))
    .map((pair) => pair.item);
}

/** The highest seq below which nothing is missing: what may be skipped when resuming. */
function contiguous(items, from) {
  const seen = new Set(items.map((item) => item.seq));
  let last = from;
  while (seen.has(last + 1)) last += 1;
  return last;
}

/** Put a StoredMessage on the screen, in place of whatever already stands for it. */
function upsert(items, message) {
  const mine = (item) =>
    item.id === message.id ||
    (message.role === "user" && item.clientId && item.clientId === message.client_message_id);
  const old = items.find(mine);
  const item = {
    key: old ? old.key : message.client_message_id || message.id,
    id: message.id,
    role: message.role,
    text: message.text,
    seq: message.seq,
    at: message.created_at,
    clientId: message.client_message_id || null,
    replyTo: message.reply_to || null,
    options: message.options || [],
    provenance: message.provenance || null,
    stopped: Boolean(message.stopped),
    feedback: message.feedback || null,
    status: "done",
    problem: null,
  };
  return ordered(old ? items.map((other) => (other === old ? item : other)) : [...items, item]);
}

function storeAll(state, messages) {
  let items = state.items;
  for (const message of messages) items = upsert(items, message);
  return { items, lastSeq: contiguous(items, state.lastSeq) };
}

function draftItem(frame) {
  return {
    key: frame.message_id,
    id: frame.message_id,
    role: "assistant",
    text: "",
    seq: null,
    at: null,
    clientId: null,
    replyTo: frame.reply_to || null,
    options: [],
    provenance: null,
    stopped: false,
    feedback: null,
    status: "writing",
    problem: null,
    draft: emptyDraft(),
  };
}

function writeDraft(state, frame, write) {
  const old = state.items.find((item) => item.id === frame.message_id);
  if (old && old.status === "done") return next(state, {});
  // What is left from before a cut is begun anew: the answer is sent again from 0.
  const item = old && !old.stale ? old : draftItem(frame);
  const draft = write(item.draft);
  const written = { ...item, draft, text: draft.points.join("") };
  const items = old
    ? state.items.map((other) => (other === old ? written : other))
    : [...state.items, written];
  return next(state, { items });
}

/** Mark messages of the visitor as failed; also stored ones, whose answer could not be made. */
function fail(state, clientIds, problem) {
  return state.items.map((item) =>
    item.role === "user" && clientIds.includes(item.clientId)
      ? { ...item, status: "failed", problem }
      : item,
  );
}

const FRAMES = {
  welcome(state, frame) {
    const limits = { ...state.limits, ...(frame.limits || {}) };
    const resume = send({ type: "resume", last_seq: state.lastSeq });
    return next(state, { phase: "replaying", limits, problem: null }, [resume]);
  },

  replay: (state, frame) => next(state, storeAll(state, frame.messages || [])),

  live(state, frame) {
    // An unfinished answer is sent again from 0, so what was left of it makes room.
    const items = state.items.filter((item) => !item.stale);
    const lastSeq = Math.max(state.lastSeq, frame.last_seq || 0);
    const waiting = items.filter((item) => item.status === "pending").map(pendingFrame).map(send);
    const ratings = Object.entries(state.ratings).map(([id, value]) =>
      send({ type: "feedback", message_id: id, value }),
    );
    return next(state, { phase: "live", items, lastSeq, typing: false }, [...ratings, ...waiting]);
  },

  ack(state, frame) {
    const items = ordered(
      state.items.map((item) =>
        item.clientId === frame.client_message_id && item.status !== "done"
          ? { ...item, id: frame.message_id, seq: frame.seq, status: "done", problem: null }
          : item,
      ),
    );
    return next(state, { items, lastSeq: contiguous(items, state.lastSeq) });
  },

  message: (state, frame) => next(state, storeAll(state, [frame.message])),

  typing: (state, frame) => next(state, { typing: Boolean(frame.on) }),

  delta: (state, frame) =>
    writeDraft(state, frame, (draft) => layPiece(draft, frame.offset, frame.text)),

  replace: (state, frame) =>
    writeDraft(state, frame, () => ({ points: codePoints(frame.text), held: [] })),

  done: (state, frame) => next(state, { ...storeAll(state, [frame.message]), typing: false }),

  feedback(state, frame) {
    const ratings = { ...state.ratings };
    delete ratings[frame.message_id];
    const items = state.items.map((item) =>
      item.id === frame.message_id ? { ...item, feedback: frame.value || null } : item,
    );
    return next(state, { items, ratings });
  },

  handoff(state, frame) {
    const offer = { hours: frame.hours, email: frame.email };
    return next(state, { offers: { ...state.offers, [frame.message_id]: offer } });
  },

  error(state, frame) {
    const problem = frame.problem || {};
    if (problem.status === 401) return next(state, {}, [{ type: "renew" }]);
    if (GONE.includes(problem.code)) return next(state, {}, [{ type: "restart" }]);
    if (frame.client_message_id) {
      return next(state, { items: fail(state, [frame.client_message_id], problem), typing: false });
    }
    return next(state, { problem, typing: false });
  },
};

const EVENTS = {
  connecting: (state) => next(state, { phase: state.phase === "offline" ? "offline" : "connecting" }),

  opened: (state, { conversationId, token }) =>
    next(state, {}, [
      send({ type: "hello", protocol: PROTOCOL, conversation_id: conversationId, token }),
    ]),

  frame(state, { frame }) {
    const handler = frame && FRAMES[frame.type];
    return handler ? handler(state, frame) : next(state, {});
  },

  closed(state) {
    const items = state.items.map((item) =>
      item.status === "writing" ? { ...item, stale: true } : item,
    );
    return next(state, { phase: "offline", items, typing: false }, [{ type: "reconnect" }]);
  },

  refused: (state) => next(state, { phase: "idle", typing: false }),

  submit(state, { clientId, text, lang, now, choice }) {
    const item = {
      key: clientId,
      id: null,
      role: "user",
      text,
      seq: null,
      at: new Date(now).toISOString(),
      clientId,
      replyTo: null,
      options: [],
      provenance: null,
      stopped: false,
      feedback: null,
        status: "pending",
      problem: null,
      sentAt: now,
      lang: lang || null,
      choice: choice || null,
    };
    const effects = state.phase === "live" ? [send(pendingFrame(item))] : [];
    return next(state, { items: [...state.items, item], problem: null }, effects);
  },

  retry(state, { key, now }) {
    const item = state.items.find((one) => one.key === key && one.status === "failed");
    if (!item) return next(state, {});
    const items = patchItem(state.items, key, { status: "pending", problem: null, sentAt: now });
    return next(state, { items }, state.phase === "live" ? [send(pendingFrame(item))] : []);
  },

  discard: (state, { key }) =>
    next(state, {
      items: state.items.filter((item) => item.key !== key || item.status !== "failed"),
    }),

  rate(state, { messageId, value }) {
    const items = state.items.map((item) =>
      item.id === messageId ? { ...item, feedback: value } : item,
    );
    const frame = { type: "feedback", message_id: messageId, value };
    const effects = state.phase === "live" ? [send(frame)] : [];
    return next(state, { items, ratings: { ...state.ratings, [messageId]: value } }, effects);
  },

  stop(state) {
    const ids = beingMade(state);
    const frames = ids.map((id) => send({ type: "stop", message_id: id }));
    return next(state, {}, state.phase === "live" ? frames : []);
  },

  /** While live, a message without an ack in time is marked failed; offline ones keep waiting. */
  tick(state, { now }) {
    if (state.phase !== "live") return next(state, {});
    const late = state.items
      .filter((item) => item.status === "pending" && now - item.sentAt > ACK_PATIENCE_MS)
      .map((item) => item.clientId);
    return late.length ? next(state, { items: fail(state, late, null) }) : next(state, {});
  },

  /** Something over HTTP went wrong: shown on the waiting messages, or above the composer. */
  fault(state, { problem }) {
    const waiting = state.items.filter((item) => item.status === "pending");
    if (!waiting.length) return next(state, { problem });
    const ids = waiting.map((item) => item.clientId);
    return next(state, { items: fail(state, ids, problem) });
  },

  limits: (state, { limits }) => next(state, { limits: { ...limits, ...state.limits } }),

  dismiss: (state) => next(state, { problem: null }),

  /** Messages that were waiting when the page was left; sent again under the same id. */
  restore(state, { items }) {
    const known = new Set(state.items.map((item) => item.clientId));
    return next(state, { items: [...state.items, ...items.filter((i) => !known.has(i.clientId))] });
  },

  reset: () => ({ state: initialState(), effects: [] }),
};

function isWriting(item) {
  return item.status === "writing" && !item.stale;
}

/** Ids by which the answers in the making can be stopped: their own, or of the question. */
function beingMade(state) {
  const writing = state.items.filter(isWriting).map((item) => item.id);
  if (writing.length || !state.typing) return writing;
  const answered = new Set(state.items.map((item) => item.replyTo));
  const asked = state.items.filter((item) => item.role === "user" && item.seq !== null);
  return asked.filter((item) => !answered.has(item.id)).map((item) => item.id).slice(-1);
}

/** Whether a clarification's buttons may still be pressed: only while nothing was said after it. */
function optionsOpen(state, item) {
  const index = state.items.indexOf(item);
  return !state.items.slice(index + 1).some((other) => other.role === "user");
}

/** Answers with a seq above the last one read. */
function countUnread(state, lastRead) {
  return state.items.filter((item) => item.role === "assistant" && item.seq > lastRead).length;
}
