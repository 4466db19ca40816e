/*
 * The machine's hands: HTTP, the socket, timers and what the browser remembers.
 * Decisions are the reducer's; this only carries out its effects.
 */

const PING_EVERY_S = 20;
const PONG_PATIENCE_MS = 10000;
const TICK_MS = 2000;
const CLOSED_TOKEN = 4401;

/** JSON kept in the browser; a browser that forbids storage simply forgets. */
class Memory {
  constructor(area, prefix) {
    this.area = area;
    this.prefix = prefix;
  }

  read(name) {
    try {
      return JSON.parse(window[this.area].getItem(this.prefix + name));
    } catch {
      return null;
    }
  }

  write(name, value) {
    try {
      if (value === null) window[this.area].removeItem(this.prefix + name);
      else window[this.area].setItem(this.prefix + name, JSON.stringify(value));
    } catch {
      /* private mode or a full store: the chat works without memory */
    }
  }
}

/** An HTTP answer that is not a success, as an RFC 9457 problem. */
class ProblemError extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || "problem");
    this.problem = problem;
  }
}

class Session extends EventTarget {
  constructor(server) {
    super();
    this.server = server;
    this.state = initialState();
    this.lasting = new Memory("localStorage", `grapevine:${server}:`);
    this.tab = new Memory("sessionStorage", `grapevine:${server}:`);
    this.socket = null;
    this.opening = null;
    this.attempt = 0;
    this.token = null;
    this.timers = {};
    this.wake = () => this.state.phase === "offline" && this.connectNow();
    this.otherTab = (event) => this.onOtherTab(event);
  }

  /** Start listening to the browser; reconnect a chat that exists already. */
  start() {
    window.addEventListener("online", this.wake);
    window.addEventListener("storage", this.otherTab);
    this.timers.tick = setInterval(() => this.dispatch({ type: "tick", now: Date.now() }), TICK_MS);
    const outbox = this.tab.read("outbox");
    if (outbox && outbox.length) this.dispatch({ type: "restore", items: outbox });
  }

  /** Let go of the socket and the timers; what waits stays in the tab's memory. */
  stop() {
    window.removeEventListener("online", this.wake);
    window.removeEventListener("storage", this.otherTab);
    Object.values(this.timers).forEach((timer) => {
      clearTimeout(timer);
      clearInterval(timer);
    });
    this.dropSocket();
  }

  get conversation() {
    return this.lasting.read("chat");
  }

  dispatch(event) {
    const { state, effects } = reduce(this.state, event);
    const changed = state !== this.state;
    this.state = state;
    if (changed) {
      const waiting = state.items.filter((item) => item.status === "pending");
      this.tab.write("outbox", waiting.length ? waiting : null);
    }
    effects.forEach((effect) => this.carryOut(effect));
    if (changed) this.dispatchEvent(new Event("change"));
  }

  carryOut(effect) {
    if (effect.type === "send") this.push(effect.frame);
    else if (effect.type === "reconnect") this.reconnectLater();
    else if (effect.type === "renew") this.renew();
    else if (effect.type === "restart") this.restart();
  }

  push(frame) {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(frame));
    }
  }

  /** Send a text, or a pressed button; the conversation is made with the first message. */
  submit(text, lang, choice) {
    const clientId = uuid();
    this.dispatch({ type: "submit", clientId, text, lang, choice, now: Date.now() });
    this.connectNow();
  }

  retry(key) {
    this.dispatch({ type: "retry", key, now: Date.now() });
    this.connectNow();
  }

  /** Join the stored conversation, if there is one, so that its history shows. */
  join() {
    if (this.conversation || this.state.items.length) this.connectNow();
  }

  connectNow() {
    clearTimeout(this.timers.reconnect);
    if (this.socket || this.opening) return;
    this.dispatch({ type: "connecting" });
    this.opening = this.connect().finally(() => {
      this.opening = null;
    });
  }

  async connect() {
    try {
      const chat = await this.ensureConversation();
      const token = this.token || (await this.freshToken(chat));
      this.openSocket(chat.id, token);
    } catch (error) {
      this.connectFailed(error);
    }
  }

  connectFailed(error) {
    const problem = error instanceof ProblemError ? error.problem : { network: true };
    const status = problem.status || 0;
    const lost = status === 401 || GONE.includes(problem.code);
    if (lost && this.conversation) this.restart();
    else if (status >= 400 && status < 500 && status !== 429) this.giveUp(problem);
    else this.dispatch({ type: "closed" });
  }

  /** Trying again would not help: say why, and wait for the visitor. */
  giveUp(problem) {
    this.dispatch({ type: "refused" });
    this.dispatch({ type: "fault", problem });
  }

  /** The stored conversation, or a new one: another tab may have made it a moment ago. */
  async ensureConversation() {
    if (this.conversation) return this.conversation;
    const made = await this.http("POST", "/v1/conversations", {});
    const chat = { id: made.conversation_id, resumeKey: made.resume_key, read: 0, requests: [] };
    this.lasting.write("chat", chat);
    this.token = made.token;
    return chat;
  }

  async freshToken(chat) {
    const path = `/v1/conversations/${encodeURIComponent(chat.id)}/token`;
    const body = { resume_key: chat.resumeKey };
    this.token = (await this.http("POST", path, body)).token;
    return this.token;
  }

  openSocket(conversationId, token) {
    const socket = new WebSocket(`${this.server.replace(/^http/, "ws")}/v1/chat`);
    this.socket = socket;
    socket.onopen = () => {
      this.dispatch({ type: "opened", conversationId, token });
      this.heartbeat();
    };
    socket.onmessage = (message) => this.onFrame(socket, message.data);
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      clearInterval(this.timers.ping);
      clearTimeout(this.timers.pong);
      if (event.code === CLOSED_TOKEN) this.token = null;
      this.dispatch({ type: "closed" });
    };
  }

  onFrame(socket, data) {
    if (this.socket !== socket) return;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return; // not of our protocol; the next frame may be
    }
    clearTimeout(this.timers.pong);
    this.dispatch({ type: "frame", frame });
    if (frame.type === "welcome") this.heartbeat();
    if (frame.type === "live") this.attempt = 0;
  }

  /** A ping at a steady beat tells the server that we live; silence after it ends the socket. */
  heartbeat() {
    const most = this.state.limits.heartbeat_s || PING_EVERY_S * 2;
    const every = Math.min(PING_EVERY_S, most / 2) * 1000;
    clearInterval(this.timers.ping);
    this.timers.ping = setInterval(() => {
      this.push({ type: "ping" });
      clearTimeout(this.timers.pong);
      this.timers.pong = setTimeout(() => this.cut(), PONG_PATIENCE_MS);
    }, every);
  }

  /** End the socket and count it as lost, without waiting for a dead peer's goodbye. */
  cut() {
    this.dropSocket();
    this.dispatch({ type: "closed" });
  }

  dropSocket() {
    clearInterval(this.timers.ping);
    clearTimeout(this.timers.pong);
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.close();
  }

  reconnectLater() {
    clearTimeout(this.timers.reconnect);
    const wait = backoffMs(this.attempt, Math.random());
    this.attempt += 1;
    this.timers.reconnect = setTimeout(() => this.connectNow(), wait);
  }

  /** The token was refused: take a fresh one with the resume key. */
  renew() {
    this.token = null;
    this.cut();
  }

  /** The conversation is gone on the server: begin a new one with what still waits. */
  restart() {
    const waiting = this.state.items.filter((item) => item.status === "pending");
    this.forget();
    if (!waiting.length) return;
    this.dispatch({ type: "restore", items: waiting });
    this.reconnectLater();
  }

  forget() {
    this.dropSocket();
    clearTimeout(this.timers.reconnect);
    this.token = null;
    this.lasting.write("chat", null);
    this.dispatch({ type: "reset" });
  }

  onOtherTab(event) {
    if (event.key !== `${this.lasting.prefix}chat`) return;
    if (!event.newValue) {
      this.dropSocket();
      clearTimeout(this.timers.reconnect);
      this.token = null;
      this.dispatch({ type: "reset" });
    } else if (!event.oldValue) this.join();
  }

  /** Erase the conversation on the server, then here. Raises ProblemError. */
  async erase() {
    const chat = this.conversation;
    if (chat) {
      await this.authorised("DELETE", `/v1/conversations/${encodeURIComponent(chat.id)}`);
    }
    this.forget();
  }

  /** Ask for a person; gives {reference, hours}. Raises ProblemError. */
  async askPerson(email, note) {
    const chat = await this.ensureConversation();
    const path = `/v1/conversations/${encodeURIComponent(chat.id)}/handoff`;
    const given = await this.authorised("POST", path, { email, note });
    this.remember({ requests: [...(chat.requests || []), given.reference].slice(-5) });
    this.connectNow();
    return given;
  }

  remember(changes) {
    const chat = this.conversation;
    if (chat) this.lasting.write("chat", { ...chat, ...changes });
  }

  /** A call with the token; refused once, it is tried again with a fresh one. */
  async authorised(method, path, body) {
    if (!this.token) await this.freshToken(this.conversation);
    try {
      return await this.http(method, path, body);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error;
      await this.freshToken(this.conversation);
      return this.http(method, path, body);
    }
  }

  async http(method, path, body) {
    const headers = { Accept: "application/json" };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const options = { method, headers, credentials: "omit", cache: "no-store" };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let answer;
    try {
      answer = await fetch(this.server + path, options);
    } catch {
      throw new ProblemError({ network: true });
    }
    const given = await answer.json().catch(() => null);
    if (!answer.ok) throw new ProblemError({ ...given, status: answer.status });
    return given;
  }
}

/** An id that no one else makes; randomUUID wants a secure page, getRandomValues does not. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
