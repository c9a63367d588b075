/* Every way in that a page has, at `door` (https://127.0.0.1:PORT): each
 * function resolves with what the page could make of it. */

const within = (ms, promise) => Promise.race([promise,
	new Promise(done => setTimeout(done, ms, "pending"))]);
const told = response => response.type === "opaque"
	? `opaque ${response.status} ${[...response.headers].length}`
	: response.text().then(text =>
		`${response.status} ${JSON.stringify([...response.headers])} ${text}`);

/* An element that loads something: which event came. */
const element = (name, attributes) => new Promise(done => {
	const e = document.createElement(name);
	e.onload = () => done("load");
	e.onloadeddata = () => done("load");
	e.onerror = () => done("error");
	Object.assign(e, attributes);
	document.body.append(e);
});

/* What is to be seen of a document that came into a frame of ours. */
const inside = frame => new Promise(done => {
	frame.onload = () => {
		try {
			const seen = frame.contentDocument
				? frame.contentDocument.body.innerText : "closed";
			if (seen) /* "": about:blank, before it */
				done(seen);
		} catch (error) {
			done(error.name);
		}
	};
	document.body.append(frame);
});

const frame = attributes =>
	inside(Object.assign(document.createElement("iframe"), attributes));

const form = attributes => {
	const name = `t${document.forms.length}`;
	const e = Object.assign(document.createElement("form"),
		{ target: name, ...attributes });
	e.append(Object.assign(document.createElement("input"),
		{ name: '{"lang":"ja","x":"', value: '"}' }));
	document.body.append(e);
	const seen = inside(Object.assign(document.createElement("iframe"),
		{ name }));
	e.submit();
	return seen;
};

const socket = url => new Promise(done => {
	const s = new WebSocket(url);
	s.onopen = () => done("open");
	s.onmessage = event => done(event.data);
	s.onclose = event => done(`closed ${event.code} ${event.reason}`);
});

const events = url => new Promise(done => {
	const s = new EventSource(url);
	s.onopen = () => done("open");
	s.onmessage = event => done(event.data);
	s.onerror = () => {
		s.close();
		done("error");
	};
});

const inWorker = text => new Promise((done, fail) => {
	const w = new Worker(URL.createObjectURL(
		new Blob([text], { type: "text/javascript" })));
	w.onmessage = event => done(event.data);
	w.onerror = () => fail(new Error("worker"));
});

const json = { "Content-Type": "application/json" };
const session = { method: "POST", headers: json, body: '{"takeover":true}' };
const guess = () => btoa(String.fromCharCode(
	...crypto.getRandomValues(new Uint8Array(32))))
	.replaceAll("+", "-").replaceAll("/", "_").replace("=", "");

const ways = door => ({
	"fetch": () => fetch(`${door}/v1/health`).then(told),
	"fetch a session": () => fetch(`${door}/v1/sessions`, session).then(told),
	"fetch without preflight": () => fetch(`${door}/v1/sessions`,
		{ method: "POST", body: "{}" }).then(told),
	"fetch with cookies": () => fetch(`${door}/v1/health`,
		{ credentials: "include" }).then(told),
	"fetch without referrer": () => fetch(`${door}/v1/health`,
		{ referrerPolicy: "no-referrer" }).then(told),
	"fetch no-cors": () => fetch(`${door}/v1/health`,
		{ mode: "no-cors" }).then(told),
	"post no-cors": () => fetch(`${door}/v1/sessions`,
		{ method: "POST", mode: "no-cors", body: "{}" }).then(told),
	"fetch same-origin": () => fetch(`${door}/v1/health`,
		{ mode: "same-origin" }).then(told),
	"fetch a target space": () => fetch(`${door}/v1/health`,
		{ targetAddressSpace: "loopback" }).then(told),
	"XMLHttpRequest": () => new Promise(done => {
		const x = new XMLHttpRequest();
		x.onloadend = () => done(`${x.status} ${x.responseText}` +
			x.getAllResponseHeaders());
		x.open("GET", `${door}/v1/health`);
		x.send();
	}),
	"guess a token": () => fetch(`${door}/v1/session`, {
		headers: { Authorization: `Bearer ${guess()}` } }).then(told),
	"read with a guess": () => fetch(`${door}/v1/reads`, {
		method: "POST", body: '{"kinds":["attributes"]}',
		headers: { Authorization: `Bearer ${guess()}`, ...json } }).then(told),
	"beacon": () => navigator.sendBeacon(`${door}/v1/sessions`, "{}")
		? "sent or not" : "refused",
	"image": () => element("img", { src: `${door}/v1/health` }),
	"script": () => element("script", { src: `${door}/v1/health` }),
	"module": () => import(`${door}/v1/health`).then(m => Object.keys(m)),
	"style sheet": () => element("link",
		{ rel: "stylesheet", href: `${door}/v1/health` }),
	"sound": () => element("audio", { src: `${door}/v1/health` }),
	"text track": () => element("video", { src: `${door}/v1/health`,
		crossOrigin: "anonymous" }),
	"font": () => new FontFace("x", `url(${door}/v1/health)`).load(),
	"worker": () => new Promise(done => {
		new Worker(`${door}/v1/health`).onerror = () => done("error");
	}),
	"script of a worker": () => inWorker(
		`try { importScripts("${door}/v1/health"); postMessage("ran") }
		catch (e) { postMessage(e.name) }`),
	"fetch of a worker": () => inWorker(
		`fetch("${door}/v1/health").then(r => r.text(), e => e.name)
		.then(postMessage)`),
	"frame": () => frame({ src: `${door}/v1/health` }),
	"frame that may": () => frame({ src: `${door}/v1/health`,
		allow: "loopback-network" }),
	"fetch of a sandboxed frame": () => new Promise(done => {
		addEventListener("message", event => done(event.data));
		const e = document.createElement("iframe");
		e.sandbox = "allow-scripts";
		e.allow = "loopback-network *";
		e.srcdoc = `<script>fetch("${door}/v1/health").then(r => r.text(),
			e => e.name).then(t => parent.postMessage(t, "*"))</` + "script>";
		document.body.append(e);
	}),
	"object": () => element("object", { data: `${door}/v1/health` }),
	"form, GET": () => form({ method: "get", action: `${door}/v1/sessions` }),
	"form, POST": () => form({ method: "post", enctype: "text/plain",
		action: `${door}/v1/sessions` }),
	"events": () => events(`${door}/v1/events`),
	"socket": () => socket(`${door.replace("https", "wss")}/v1/events`),
	"plain socket": () => socket(`${door.replace("https", "ws")}/v1/events`),
});

/* Other names for the same door. */
const names = port => Object.fromEntries([
	"https://localhost", "https://localhost.", "https://[::1]",
	"https://127.1", "https://2130706433", "https://0.0.0.0",
	"https://[::ffff:127.0.0.1]", "https://rebind.example",
	"http://127.0.0.1", "http://localhost", "http://0.0.0.0",
	"http://rebind.example",
].map(name => [name,
	() => fetch(`${name}:${port}/v1/health`).then(told)]));

/* {way: what came of it within so many milliseconds} */
const tryAll = async (all, ms) => Object.fromEntries(await Promise.all(
	Object.entries(all).map(async ([name, way]) => [name,
		await within(ms, (async () => way())()).then(
			value => String(value), error => error.name)])));

/* From a click: another window at the door, and all that its opener can see
 * of it, until it seems closed. */
const popup = async url => {
	const other = open(url, "other", "popup"), seen = new Set();
	while (!other.closed) {
		for (const look of [() => other.document.body.innerText,
			() => other.location.href, () => other.length])
			try {
				seen.add(look());
			} catch (error) {
				seen.add(error.name);
			}
		await new Promise(done => setTimeout(done, 10));
	}
	return [...seen];
};

const submitAway = url => {
	const e = Object.assign(document.createElement("form"), { method: "post",
		enctype: "text/plain", action: url });
	e.append(Object.assign(document.createElement("input"),
		{ name: '{"takeover":true,"x":"', value: '"}' }));
	document.body.append(e);
	e.submit();
};

/* A listed page that asks for a window, in a session made for it. */
let held;
const pester = async door => {
	const { token } = await (await fetch(`${door}/v1/sessions`, session)).json();
	const headers = { Authorization: `Bearer ${token}`, ...json };
	const reply = await fetch(`${door}/v1/reads`,
		{ method: "POST", headers, body: '{"kinds":["attributes"]}' });
	const { id, code } = await reply.json();
	held = { id, headers };
	return [reply.status, code];
};
const relent = async door => (await fetch(`${door}/v1/reads/${held.id}`,
	{ method: "DELETE", headers: held.headers })).status;
