/* Every word of the interface, in English and Chinese. */

const WORDS = {
  en: {
    open: "Open chat", openUnread: "Open chat, {n} unread", close: "Close chat",
    title: "Support", assistant: "Assistant", you: "You",
    welcome: "Hello. How can we help?",
    welcomeHint: "Ask in your own words, in English or Chinese. Every answer shows where it comes from.",
    starters: "People often ask", log: "Conversation", placeholder: "Ask a question…", message: "Your message",
    send: "Send", stop: "Stop writing", count: "{used} of {limit} characters",
    over: "Too long by {n} characters. Shorten it to send.",
    statusReady: "Answers at once", statusLive: "Online", statusConnecting: "Connecting…",
    statusOffline: "Reconnecting…",
    offline: "You are offline. We keep trying, and what you write is sent when the connection is back.",
    reconnect: "Try now", typing: "Writing an answer", pending: "Sending…", waiting: "Waiting for the connection",
    failed: "Not sent", retry: "Try again", discard: "Discard", stopped: "Stopped",
    source: "Source", sources: "{n} sources", verbatim: "Word for word from our help base",
    composed: "Written from these answers", sure: "{word}, {n}%", sureVery: "Very sure", sureQuite: "Fairly sure",
    sureSome: "Somewhat sure", sureLittle: "Not so sure", since: "In our answers since {date}",
    asked: "Asked by {n} customers", openFaq: "Open in the FAQ",
    otherLang: "This answer exists in {lang} only.", langEn: "English", langZh: "Chinese",
    degraded: "Some of our systems are resting. This is the best answer from our help base.",
    options: "Did you mean", up: "Helpful", down: "Not helpful", thanks: "Thank you, noted",
    menu: "More", language: "中文", languageLabel: "Switch to Chinese", theme: "Appearance", themeAuto: "As the device", themeLight: "Light",
    themeDark: "Dark", copy: "Copy my chat", copied: "Copied", download: "Download as text",
    copyFailed: "The browser did not allow copying. Download the chat instead.",
    person: "Talk to a person", remove: "Delete my chat",
    removeTitle: "Delete this chat?",
    removeText: "All its messages are erased from this device and from our servers. This cannot be undone.",
    removeYes: "Delete for good", cancel: "Cancel", removed: "Your chat was deleted",
    personText: "Leave your e-mail and a colleague will write to you.", hours: "Hours", mail: "E-mail",
    yourMail: "Your e-mail", note: "What is it about? (optional)", personSend: "Ask for a reply",
    mailWrong: "Write an e-mail address such as name@example.com.",
    reference: "Your reference number", referenceText: "We wrote it down with this chat. Keep it if you call or write.",
    earlier: "Earlier request: {reference}", done: "Done", copyReference: "Copy the number",
    resize: "Resize: arrow keys change the size", latest: "Latest message", dismiss: "Dismiss",
    note1: "Answers come from a help base. Check what matters.",
    errorNetwork: "We could not reach the server. Check your connection and try again.",
    errorOther: "That did not work. Please try again.", errorTimeout: "The server did not confirm this message.",
    newMessage: "New answer",
  },
  zh: {
    open: "打开聊天", openUnread: "打开聊天，{n} 条未读", close: "关闭聊天",
    title: "在线客服", assistant: "助手", you: "我",
    welcome: "您好，有什么可以帮您？",
    welcomeHint: "请直接用自己的话提问，中英文都可以。每个回答都会注明出处。",
    starters: "大家常问", log: "对话", placeholder: "请输入您的问题…", message: "您的消息",
    send: "发送", stop: "停止回答", count: "{used} / {limit} 字",
    over: "超出 {n} 个字，请精简后再发送。",
    statusReady: "即时回答", statusLive: "在线", statusConnecting: "连接中…", statusOffline: "重新连接中…",
    offline: "网络已断开，我们正在重新连接。您写下的内容会在恢复后自动发送。",
    reconnect: "立即重试", typing: "正在回答", pending: "发送中…", waiting: "等待网络恢复",
    failed: "未发送", retry: "重试", discard: "放弃", stopped: "已停止",
    source: "出处", sources: "{n} 个出处", verbatim: "逐字引自帮助库", composed: "根据以下条目写成",
    sure: "{word}，{n}%", sureVery: "非常确定", sureQuite: "比较确定", sureSome: "有些把握", sureLittle: "不太确定",
    since: "自 {date} 起收录", asked: "{n} 位客户问过", openFaq: "在常见问题中查看",
    otherLang: "此回答目前只有{lang}版本。", langEn: "英文", langZh: "中文",
    degraded: "部分系统暂不可用，以下是帮助库中最合适的回答。",
    options: "您是想问", up: "有帮助", down: "没帮助", thanks: "已记录，谢谢",
    menu: "更多", language: "EN", languageLabel: "切换到英文", theme: "外观", themeAuto: "跟随设备", themeLight: "浅色", themeDark: "深色",
    copy: "复制聊天记录", copied: "已复制", download: "下载为文本",
    copyFailed: "浏览器不允许复制，请改用下载。", person: "转人工客服", remove: "删除聊天记录",
    removeTitle: "删除这段聊天？",
    removeText: "所有消息将从本设备和我们的服务器上清除，删除后无法恢复。",
    removeYes: "永久删除", cancel: "取消", removed: "聊天记录已删除",
    personText: "请留下邮箱，客服同事会给您回信。", hours: "服务时间", mail: "邮箱",
    yourMail: "您的邮箱", note: "想咨询什么？（选填）", personSend: "请求回复",
    mailWrong: "请填写邮箱地址，例如 name@example.com。",
    reference: "您的受理编号", referenceText: "编号已随本次聊天记录在案，致电或来信时请提供。",
    earlier: "此前的申请：{reference}", done: "完成", copyReference: "复制编号",
    resize: "调整大小：可用方向键", latest: "最新消息", dismiss: "关闭提示",
    note1: "回答来自帮助库，重要事项请再核实。",
    errorNetwork: "无法连接服务器，请检查网络后重试。", errorOther: "操作没有成功，请重试。",
    errorTimeout: "服务器没有确认这条消息。", newMessage: "新回答",
  },
};

/** Problems of the catalogue that a visitor may meet, in words for a visitor. */
const PROBLEMS = {
  en: {
    "empty-message": "Write at least one visible character.",
    "message-too-long": "The message is too long. Shorten it or split it.",
    "text-not-allowed": "The text holds a character that cannot be sent.",
    "rate-limited": "Many messages in a short time. Wait a moment, then try again.",
    "too-many-connections": "Too many chats are open. Close other tabs or try again in a minute.",
    "message-conflict": "This message was changed after sending. Please send it as a new one.",
    "option-not-offered": "This choice is no longer open. Please ask again in your own words.",
    "log-unavailable": "The message could not be stored, so it was not answered. Try again in a moment.",
    "not-ready": "The chat is just starting. Try again in a few seconds.",
    "answer-failed": "The answer could not be finished. Try again.",
    "shutting-down": "The chat is restarting. Your message will be sent again.",
    "internal-error": "Something went wrong on our side. Try again in a moment.",
    "origin-refused": "This page is not allowed to use the chat.",
    "unsupported-protocol": "This page is older than the chat. Reload it.",
  },
  zh: {
    "empty-message": "请至少输入一个可见的字符。",
    "message-too-long": "消息太长，请缩短或分几次发送。",
    "text-not-allowed": "内容中有无法发送的字符。",
    "rate-limited": "短时间内消息过多，请稍等片刻再试。",
    "too-many-connections": "打开的聊天过多，请关闭其他页面或稍后再试。",
    "message-conflict": "这条消息发送后被改动过，请作为新消息发送。",
    "option-not-offered": "该选项已失效，请直接输入您的问题。",
    "log-unavailable": "消息暂时无法保存，因此没有得到回答，请稍后重试。",
    "not-ready": "聊天服务正在启动，请几秒后再试。",
    "answer-failed": "回答没有完成，请重试。",
    "shutting-down": "聊天服务正在重启，您的消息会自动重发。",
    "internal-error": "服务出现问题，请稍后重试。",
    "origin-refused": "当前页面无权使用此聊天。",
    "unsupported-protocol": "页面版本过旧，请刷新页面。",
  },
};

/** The words of `key` in `lang`, with {names} filled in. */
function translate(lang, key, values = {}) {
  const words = WORDS[lang][key];
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** "zh-Hans-CN" and the like to one of our two languages; null where it is neither. */
function knownLang(tag) {
  const start = String(tag || "").toLowerCase().split(/[-_]/)[0];
  return start === "zh" || start === "en" ? start : null;
}

/** An RFC 9457 problem in words a visitor can act on. */
function problemText(lang, problem) {
  if (!problem) return translate(lang, "errorTimeout");
  if (problem.network) return translate(lang, "errorNetwork");
  const words = PROBLEMS[lang][problem.code];
  return words || problem.detail || problem.title || translate(lang, "errorOther");
}

/** A date in the words of a language. */
function dateText(lang, at) {
  const options = { year: "numeric", month: "long", day: "numeric" };
  return new Date(at).toLocaleDateString(lang === "zh" ? "zh-CN" : "en-GB", options);
}
