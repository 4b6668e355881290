// What pages have besides what works without scripts: news as it happens, drafts, times, quotes, keys. Nothing is written as HTML.
const find = selector => document.querySelector(selector), all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (tag, members) => Object.assign(document.createElement(tag), members);
const news = find(".news"), { event, stream, user = "" } = find("main").dataset, { lang } = document.documentElement, { title } = document;

// Storage may be forbidden, or full.
const storage = kind => { try { return window[kind]; } catch { return {}; } };
const lasting = storage("localStorage"), ofTab = storage("sessionStorage");
const put = (store, name, text) => { try { store[name] = text; } catch { } };

// Counts in the header and the title.
const counts = () => all("[data-count]").map(a => [a.dataset.count, +a.querySelector(".count")?.textContent || 0]);
function setCount(kind, n) {
  const link = find(`[data-count="${kind}"]`);
  link?.querySelector(".count")?.remove();
  if (n && link)
    link.append(" ", make("span", { className: "count", textContent: n }));
  const sum = counts().reduce((sum, [, n]) => sum + n, 0);
  document.title = sum ? `(${sum}) ${title}` : title;
}
setCount();

// News: one tab holds the stream and tells the others; each knows what it has seen, from the making of its page on.
const kinds = ["thread.created", "reply.created", "post.deleted", "message.created", "notification.created"];
const fresh = new Set(); // replies of this thread, or threads
let seen = +event, last, source, bus, lease, timer, patience = 5000;

function take({ number, kind, unread, id, thread, by }) {
  if (number <= seen)
    return;
  seen = number;
  if (unread >= 0)
    setCount(kind, unread);
  if (!news || by === user)
    return;
  const here = +news.dataset.thread;
  if (kind === "resync")
    fresh.add("");
  else if (kind === "post.deleted")
    fresh.delete(id);
  else if (here ? here === thread && kind === "reply.created" : thread)
    fresh.add(here ? id : thread);
  const [first] = fresh, { one, many } = news.dataset;
  const textContent = fresh.size === 1 && first ? one : many.replace("#", fresh.has("") ? "…" : fresh.size);
  if (news.textContent !== textContent)
    news.replaceChildren(...fresh.size ? [make("a", { href: here && first || location.pathname + location.search, textContent })] : []);
}

function tell({ type, lastEventId, data }) {
  const { unread, post } = JSON.parse(data);
  const told = { number: +lastEventId, kind: type, unread, id: post?.id, thread: post?.thread, by: post?.author?.username };
  bus?.postMessage({ after: last, told });
  last = told.number;
  take(told);
}

function open(after) {
  leave(source);
  last = after;
  const opened = source = new EventSource(`${stream}?after=${after}&kinds=${kinds}`);
  opened.addEventListener("hello", () => patience = 5000);
  for (const kind of [...kinds, "resync"])
    opened.addEventListener(kind, tell);
  opened.onerror = () => {
    if (opened.readyState !== 2) // else it comes back by itself
      return;
    timer = setTimeout(() => open(last), patience * (0.5 + Math.random()));
    patience = Math.min(patience * 2, 300000);
  };
}

function leave() {
  source?.close();
  clearTimeout(timer);
}

function hear({ data: { after, told, counts, isNew } }) {
  if (told && after <= seen)
    take(told);
  else if (told || isNew)
    bus.postMessage({ after: seen }); // what was missed is told again
  else if (counts)
    after >= seen && counts.forEach(count => setCount(...count));
  else if (source && after < last)
    open(after);
}

function lead() {
  const { signal } = lease = new AbortController();
  if (bus)
    navigator.locks.request(stream + user, { signal }, () => new Promise(done => {
      signal.onabort = done;
      open(seen);
      bus.postMessage({ isNew: 1 });
    })).catch(() => { });
  else
    open(seen);
}

function rest() {
  leave();
  lease?.abort();
  lease = source = null;
}

function listen() {
  if (navigator.locks && window.BroadcastChannel) {
    bus = new BroadcastChannel(stream + user);
    bus.onmessage = hear;
    bus.postMessage({ after: seen, counts: counts() });
    bus.postMessage({ after: seen });
  }
  lead();
}

let hiding;
if (event) {
  listen();
  addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden)
      hiding = setTimeout(rest, 60000);
    else if (!lease)
      lead();
  });
  addEventListener("online", () => source && open(last));
  addEventListener("pagehide", () => { rest(); bus?.close(); });
  addEventListener("pageshow", e => e.persisted && listen());
}

// Drafts: what is written lasts until its form has been done, which a cookie with the form's key says.
const drafts = () => Object.keys(lasting).filter(slot => slot.startsWith("draft ")).map(slot => [slot, JSON.parse(lasting[slot])]);
const isAnswer = find(".mistakes, .preview"); // to a form, with its text
function clear() {
  for (const [name, key] of document.cookie.matchAll(/tinyforum_sent_(\w+)/g)) {
    ofTab.done = key;
    document.cookie = name + "=; Max-Age=0; Path=/";
  }
  for (const [slot, { at, key }] of drafts()) {
    if (key === ofTab.done || Date.now() - at > 2592e6) // 30 days
      delete lasting[slot];
  }
  if (all("[name=key]").some(key => key.value === ofTab.done)) { // gone back to, a form that was done is another one
    ofTab.done = "";
    location.reload();
  }
}
clear();
addEventListener("pageshow", e => e.persisted && clear());
for (const form of all("form.sheet:has(textarea)")) {
  const { key, revision, to } = form, action = form.getAttribute("action"), fields = all("textarea, [type=text]:not([name=username])", form);
  const own = ["draft", user, action, revision?.value, to?.defaultValue].join(" ");
  const slot = isAnswer && ofTab.sent?.split(" ")[2] === action ? ofTab.sent : own;
  if (!user && slot === own)
    continue;
  const save = () => {
    if (isAnswer || fields.some(field => field.value !== field.defaultValue))
      put(lasting, slot, JSON.stringify({ at: Date.now(), key: key?.value, texts: fields.map(field => field.value) }));
    else
      delete lasting[slot];
  };
  if (!isAnswer && lasting[slot])
    JSON.parse(lasting[slot]).texts.forEach((text, i) => fields[i] && (fields[i].value = text));
  form.addEventListener("input", save);
  form.addEventListener("submit", () => { save(); put(ofTab, "sent", slot); });
}

// Times as the reader would say them.
const ages = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
const units = [["second", 45, Infinity], ["minute", 3570, 60], ["hour", 84600, 3600], ["day", 604800, 86400]];
function showAges() {
  for (const time of all("time")) {
    const at = new Date(time.dateTime), age = (Date.now() - at) / 1000, unit = units.find(([, most]) => age < most);
    time.title ||= at.toLocaleString(lang, { dateStyle: "long", timeStyle: "short" });
    time.textContent = unit ? ages.format(-Math.round(age / unit[2]), unit[0]) : at.toLocaleDateString(lang, { dateStyle: "medium" });
  }
}
showAges();
setInterval(showAges, 30000);

// Quotes.
const box = find("[data-quote] textarea");
for (const text of box ? all("article[id] .text") : []) {
  const button = make("button", { className: "link", textContent: box.closest("section").dataset.quote });
  button.onmousedown = () => false; // which would end the selection
  button.onclick = () => {
    const chosen = getSelection(), isHere = !chosen.isCollapsed && text.contains(chosen.anchorNode) && text.contains(chosen.focusNode);
    box.value = `${box.value}\n\n${(isHere ? chosen + "" : text.innerText).trim().replace(/^/gm, "> ")}\n\n`.trimStart();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  };
  text.closest("article").querySelector(".tools").append(button);
}

// Keys.
const help = find("#keys"), isOn = help.querySelector("input"), showHelp = () => help.showModal();
isOn.checked = lasting.keys !== "off";
isOn.onchange = () => put(lasting, "keys", isOn.checked ? "on" : "off");
find("footer").append(make("button", { className: "link", textContent: help.firstElementChild.textContent, onclick: showHelp }));
function step(by) {
  const items = all("article[id], .threads li"), at = items.findIndex(item => item.contains(document.activeElement)), item = items[at < 0 ? 0 : at + by];
  item?.scrollIntoView({ block: "nearest" });
  item?.querySelector("a")?.focus();
}
const actions = {
  j: () => step(1),
  k: () => step(-1),
  u: () => (find("h1 a") ?? all("header a").findLast(a => location.pathname.startsWith(a.pathname + "/")) ?? find(".home")).click(),
  r: () => find("section :is(textarea, a), main textarea")?.focus(),
  "/": () => (find("[type=search]") ?? find("header [href$='/search']")).focus(),
  "?": showHelp,
};
addEventListener("keydown", e => {
  if (!isOn.checked || e.ctrlKey || e.altKey || e.metaKey || e.isComposing || e.target.closest("input, textarea, select, dialog") || !actions[e.key])
    return;
  e.preventDefault();
  actions[e.key]();
});
