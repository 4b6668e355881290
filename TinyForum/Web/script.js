const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (tag, members) => Object.assign(document.createElement(tag), members);
const on = (kind, handle, from = window) => from.addEventListener(kind, handle);
const news = find(".news"), { event, stream, user = "" } = find("main").dataset, { lang } = document.documentElement, { title } = document;
const [address] = location.href.split("#");

const storage = kind => { try { return window[kind]; } catch { return {}; } };
const lasting = storage("localStorage"), ofTab = storage("sessionStorage");

const counts = () => all("[data-count]").map(a => [a.dataset.count, +find(".count", a)?.textContent || 0]);
function setCount(kind, n) {
	const link = `[data-count="${kind}"]`;
	find(link + " .count")?.remove();
	if (n)
		find(link).append(" ", make("span", { className: "count", textContent: n }));
	const sum = counts().reduce((sum, [, n]) => sum + n, 0);
	document.title = sum ? `(${sum}) ${title}` : title;
}
setCount();

// News: one tab has the stream and tells the others.
const kinds = ["thread.created", "reply.created", "post.deleted", "message.created", "notification.created"];
const fresh = new Set();
let seen = +event, last, source, bus, lease, timer, hiding, delay = 5e3;

function take({ number, kind, unread, post }) {
	if (number <= seen && kind !== "resync")
		return;
	seen = number;
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
	const [first] = fresh, n = fresh.size, textContent = n === 1 && first ? one : many.replace("#", fresh.has("") ? "…" : n);
	if (news.textContent !== textContent)
		news.replaceChildren(...n ? [make("a", { href: thread && first || address, textContent })] : []);
}

function tell({ type, lastEventId, data }) {
	const told = { ...JSON.parse(data), number: +lastEventId, kind: type };
	bus?.postMessage({ after: last, told });
	last = told.number;
	take(told);
}

function open(after) {
	close();
	last = after;
	const opened = source = new EventSource(`${stream}?after=${after}&kinds=${kinds}`);
	on("hello", () => delay = 5e3, opened);
	for (const kind of [...kinds, "resync"])
		on(kind, tell, opened);
	opened.onerror = () => {
		if (opened.readyState === 2)
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
			counts?.forEach(count => setCount(...count));
		if (source && after < last)
			open(after);
	}
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
	close();
	lease?.abort();
	lease = source = null;
}

function listen() {
	if (navigator.locks) {
		bus = new BroadcastChannel(stream + user);
		bus.onmessage = hear;
		bus.postMessage({ after: seen, counts: counts() });
	}
	lead();
}

if (event) {
	listen();
	on("visibilitychange", () => {
		clearTimeout(hiding);
		if (document.hidden)
			hiding = setTimeout(rest, 6e4);
		else if (!lease)
			lead();
	});
	on("online", () => source && open(last));
	on("pagehide", () => { rest(); bus?.close(); });
}

// Drafts, until their form is done.
const isAnswer = find(".mistakes, .preview");
function clear() {
	for (const [name, key] of document.cookie.matchAll(/tinyforum_sent_(\w+)/g)) {
		ofTab.done = key;
		document.cookie = name + "=; Max-Age=0; Path=/";
	}
	for (const slot in lasting) {
		const { at, key } = slot.startsWith("draft ") && JSON.parse(lasting[slot]);
		if (at && key === ofTab.done || Date.now() - at > 2592e6)
			delete lasting[slot];
	}
	if (all("[name=key]").some(key => key.value === ofTab.done)) { // gone back to
		ofTab.done = "";
		location.replace(address);
	}
}
clear();
on("pageshow", e => e.persisted && (clear(), event && listen()));
for (const form of all("form.sheet:has(textarea)")) {
	const { key, revision, to } = form, action = form.getAttribute("action"), fields = all("textarea, [type=text]:not([name=username])", form);
	const own = ["draft", user, action, revision?.value, to?.defaultValue].join(" ");
	const slot = isAnswer && ofTab.sent?.split(" ")[2] === action ? ofTab.sent : own;
	if (!user && slot === own)
		continue;
	const isFresh = () => !isAnswer && fields.every(field => field.value === field.defaultValue);
	const save = () => {
		if (isFresh())
			delete lasting[slot];
		else
			lasting[slot] = JSON.stringify({ at: Date.now(), key: key?.value, texts: fields.map(field => field.value) });
	};
	if (lasting[slot] && isFresh())
		JSON.parse(lasting[slot]).texts.forEach((text, i) => fields[i].value = text);
	fields.forEach(field => field.autocomplete = "off");
	on("input", save, form);
	on("submit", () => { ofTab.sent = slot; save(); }, form);
}

// Seen is read.
for (const end of all(".seen"))
	new IntersectionObserver(([e], o) => e.isIntersecting && (o.disconnect(), fetch(end.action, { method: "POST", redirect: "manual" }))).observe(end);

// Times in words.
const ages = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
const units = [["second", 45, 1 / 0], ["minute", 3570, 60], ["hour", 84600, 3600], ["day", 604800, 86400]];
function showAges() {
	for (const time of all("time")) {
		const at = new Date(time.dateTime), age = (at - Date.now()) / 1000, unit = units.find(([, most]) => Math.abs(age) < most);
		time.title ||= at.toLocaleString(lang);
		time.textContent = unit ? ages.format(Math.round(age / unit[2]), unit[0]) : at.toLocaleDateString(lang, { dateStyle: "medium" });
	}
}
showAges();
setInterval(showAges, 3e4);

const box = find("section textarea");
for (const link of box ? all("a.quote") : []) {
	link.onmousedown = () => false; // keeps the selection
	link.onclick = async e => {
		e.preventDefault();
		const text = find(".text", link.closest("article")), chosen = getSelection(), { form } = box, value = link.search.slice(7);
		const part = text.contains(chosen.anchorNode) && text.contains(chosen.focusNode) && `${chosen}`;
		const { post } = await (await fetch(stream.replace(/events$/, "posts/" + value))).json();
		form.reply_to ?? form.append(make("input", { type: "hidden", name: "reply_to", value }));
		box.value = `${box.value}\n\n${`${post.author.username}:\n\n${part || post.body}`.replace(/^/gm, "> ")}\n\n`.trimStart();
		form.dispatchEvent(new Event("input"));
		box.focus();
	};
}

const help = find("dialog"), isOn = find("input", help), onclick = () => help.showModal();
isOn.checked = lasting.keys !== "off";
isOn.onchange = () => lasting.keys = isOn.checked ? "on" : "off";
find("footer").append(make("button", { className: "link", textContent: find("h2", help).textContent, onclick }));
function step(by) {
	const items = all("article[id], .threads li"), at = items.findIndex(item => item.contains(document.activeElement));
	find("a", items[at < 0 ? 0 : at + by] ?? help)?.focus();
}
const go = (field, link) => field ? field.focus() : link?.click();
const actions = {
	j: () => step(1),
	k: () => step(-1),
	u: () => go(null, find("h1 a") ?? all("header a").findLast(a => location.pathname.startsWith(a.pathname + "/")) ?? find(".home")),
	r: () => go(find("main textarea"), find("section a")),
	"/": () => go(find("[type=search]"), find("header [href$='/search']")),
	"?": onclick,
};
on("keydown", e => {
	if (isOn.checked && !(e.ctrlKey || e.altKey || e.metaKey) && !e.target.closest("input, textarea, select, dialog") && actions[e.key]) {
		e.preventDefault();
		actions[e.key]();
	}
});
