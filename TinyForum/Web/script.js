const find = (css, from = document) => from.querySelector(css);
const all = (css, from = document) => [...from.querySelectorAll(css)];
const make = (tag, its) => Object.assign(document.createElement(tag), its);
const on = (kind, f, from = window) => from.addEventListener(kind, f);
const news = find(".news"), { event, stream, user = "" } = find("main").dataset, { lang } = document.documentElement, { title } = document;
const [here] = location.href.split("#");

const store = kind => { try { return window[kind + "Storage"]; } catch { return {}; } };
const local = store("local"), ofTab = store("session");

const ask = async path => (await fetch(`${stream}/../${path}`)).json();
const counts = () => all("[data-count]").map(a => [a.dataset.count, +find(".count", a)?.textContent || 0]);
function setCount(kind, n) {
	const link = find(`[data-count="${kind}"]`);
	link?.replaceChildren(link.firstChild, " ", n ? make("span", { className: "count", innerText: n }) : "");
	const sum = counts().reduce((sum, [, n]) => sum + n, 0);
	document.title = sum ? `(${sum}) ${title}` : title;
}
setCount();

// News: one tab has the stream and tells the others.
const kinds = ["thread.created", "reply.created", "post.deleted", "message.created", "notification.created"];
const fresh = new Set();
let seen = +event, last, source, bus, lease, timer, hiding, delay = 5e3;

function take({ at, kind, unread, post }) {
	if (at <= seen && kind !== "resync")
		return;
	seen = at;
	if (unread >= 0)
		setCount(kind, unread);
	if (!news || post?.author?.username === user)
		return;
	const { one, many, thread } = news.dataset;
	if (kind === "resync")
		fresh.add("");
	else if (kind === "post.deleted")
		fresh.delete(post.id);
	else if (thread ? +thread === post?.thread && kind[0] === "r" : post)
		fresh.add(thread ? post.id : post.thread);
	const [first] = fresh, n = fresh.size, text = n === 1 && first ? one : many.replace("#", fresh.has("") ? "…" : n);
	if (news.textContent !== text)
		news.replaceChildren(n ? make("a", { href: thread && first || here, text }) : "");
}

function tell({ type, lastEventId, data }) {
	const told = { ...JSON.parse(data), at: +lastEventId, kind: type };
	bus?.postMessage({ after: last, told });
	last = told.at;
	take(told);
}

function open(after) {
	close();
	last = after;
	source = new EventSource(`${stream}?after=${after}&kinds=${kinds}`);
	on("hello", () => delay = 5e3, source);
	for (const kind of [...kinds, "resync"])
		on(kind, tell, source);
	source.onerror = e => {
		if (e.target.readyState === 2)
			timer = setTimeout(open, delay * (.5 + Math.random()), last);
		delay = Math.min(delay * 2, 3e5);
	};
}

function close() {
	source?.close();
	clearTimeout(timer);
}

function hear({ data: { after, told, counts, isNew } }) {
	if (told && after <= seen)
		take(told);
	else if (told || isNew)
		bus.postMessage({ after: seen });
	else {
		if (after >= seen)
			counts?.map(c => setCount(...c));
		if (source && after < last)
			open(after);
	}
}

function lead() {
	const { signal } = lease = new AbortController();
	if (!bus)
		return open(seen);
	navigator.locks.request(stream + user, { signal }, () => new Promise(done => {
		signal.onabort = done;
		open(seen);
		bus.postMessage({ isNew: 1 });
	})).catch(() => { });
}

function rest() {
	close();
	lease?.abort();
	lease = source = null;
}

const tellCounts = () => bus?.postMessage({ after: seen, counts: counts() });

function listen() {
	if (navigator.locks) {
		bus = new BroadcastChannel(stream + user);
		bus.onmessage = hear;
		tellCounts();
	}
	lead();
}

if (event) {
	listen();
	on("visibilitychange", () => {
		clearTimeout(hiding);
		if (document.hidden)
			hiding = setTimeout(rest, 6e4);
		else
			lease ?? lead();
	});
	on("online", () => source && open(last));
	on("pagehide", () => { rest(); bus?.close(); });
}

// Drafts, until their form is done.
const answer = find(".mistakes, .preview");
function clear() {
	let done;
	for (const [name, key] of document.cookie.matchAll(/tinyforum_sent_(\w+)/g)) {
		ofTab.done = done = key;
		document.cookie = name + "=; Max-Age=0; Path=/";
	}
	for (const slot in local) {
		const { at, key } = slot.startsWith("draft ") && JSON.parse(local[slot]);
		if (at && key === done || Date.now() - at > 2592e6)
			delete local[slot];
	}
	if (!answer && find(`[name=key][value="${ofTab.done}"]`)) { // gone back to
		ofTab.done = "";
		location.replace(here);
	}
}
clear();
on("pageshow", e => e.persisted && (clear(), event && listen()));
for (const form of all("form.sheet:has(textarea)")) {
	const { action, key, revision, to } = form, fields = all("textarea, [type=text]:not(#username)", form);
	const own = ["draft", user, action, revision?.value, to?.defaultValue].join(" ");
	const slot = answer && ofTab.sent?.split(" ")[2] === action ? ofTab.sent : own;
	if (!user && slot === own)
		continue;
	const isFresh = () => !answer && fields.every(f => f.value === f.defaultValue);
	const save = () => {
		local[slot] = JSON.stringify({ at: Date.now(), key: key?.value, texts: Object.fromEntries(fields.map(f => [f.name, f.value])) });
		if (isFresh())
			delete local[slot];
	};
	const texts = isFresh() && JSON.parse(local[slot] ?? "{}").texts;
	for (const field of fields) {
		field.autocomplete = "off";
		field.value = texts?.[field.name] ?? field.value;
	}
	on("input", save, form);
	on("submit", () => { ofTab.sent = slot; save(); }, form);
}

// Seen is read.
for (const end of all(".seen"))
	new IntersectionObserver(async ([e], o) => {
		if (!e.isIntersecting)
			return;
		o.disconnect();
		await fetch(end.action, { method: "POST", redirect: "manual" });
		for (const a of all("[data-count]"))
			setCount(a.dataset.count, (await ask(a.pathname.split("/").pop() + "?limit=1")).unread);
		tellCounts();
	}).observe(end);

// Times in words.
const ages = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
const units = [["second", 45, 1 / 0], ["minute", 3570, 60], ["hour", 84600, 3600], ["day", 604800, 86400]];
function showAges() {
	for (const time of all("time")) {
		const at = new Date(time.dateTime), age = (at - Date.now()) / 1e3, unit = units.find(([, most]) => Math.abs(age) < most);
		time.title ||= at.toLocaleString(lang);
		time.textContent = unit ? ages.format(Math.round(age / unit[2]), unit[0]) : at.toLocaleDateString(lang, { dateStyle: "medium" });
	}
}
showAges();
setInterval(showAges, 3e4);

const box = find("section textarea");
for (const link of all("a.quote")) {
	link.onmousedown = () => false; // keeps the selection
	link.onclick = async e => {
		e.preventDefault();
		const text = find(".text", link.closest("article")), part = getSelection(), { form } = box, value = link.search.slice(7);
		const chosen = text.contains(part.anchorNode) && text.contains(part.focusNode) && `${part}`;
		const { post } = await ask("posts/" + value);
		form.reply_to ?? form.append(make("input", { type: "hidden", name: "reply_to", value }));
		box.value = `${box.value}\n\n${`${post.author.username}:\n\n${chosen || post.body}`.replace(/^/gm, "> ")}\n\n`.trimStart();
		form.dispatchEvent(new Event("input"));
		box.focus();
	};
}

const help = find("dialog"), isOn = find("input", help), onclick = () => help.showModal();
isOn.checked = !local.noKeys;
isOn.onchange = () => local.noKeys = isOn.checked ? "" : 1;
find("footer").append(make("button", { className: "link", textContent: find("h2", help).textContent, onclick }));
function step(by) {
	const items = all("article[id], .threads li"), at = items.findIndex(i => i.contains(document.activeElement));
	find("a", items[at < 0 ? 0 : at + by] ?? help)?.focus();
}
const go = (field, link) => field ? field.focus() : link?.click();
const keys = {
	j: () => step(1),
	k: () => step(-1),
	u: () => go(null, find("h1 a") ?? all("header a").findLast(a => location.pathname.startsWith(a.pathname + "/")) ?? find(".home")),
	r: () => go(find("main textarea"), find("section a")),
	"/": () => go(find("[type=search]"), find("header [href$='#q']")),
	"?": onclick,
};
on("keydown", e => {
	if (isOn.checked && !(e.ctrlKey || e.altKey || e.metaKey) && !e.target.closest("input,textarea,select,dialog") && keys[e.key]) {
		e.preventDefault();
		keys[e.key]();
	}
});
