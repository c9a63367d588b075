/*
 * A browser that is not there, for kenmen.js's unit tests: its permissions,
 * policies, storage, locks, clock, and a kenmend that answers as a test says.
 * What real ones do is shown by tests/e2e/test_page.py and tests/browser.
 *
 *   const tab = await page({ permission: "granted" });
 *   tab.answer("GET /v1/health", { json: HEALTH });
 *   await tab.kenmen.diagnose();
 *   tab.requests        what was sent, in order: {method, path, body, ...}
 *   await tab.pass(1000)    lets time pass
 */
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { mock } from "node:test";

export const HEALTH = { service: "kenmend", version: "0.1.0", api: 1,
	pcsc: "ok", prompt: "ok" };
export const LIMITS = { idle_timeout: 3600, session_max: 43200,
	card_timeout: 60, prompt_timeout: 120, read_timeout: 30 };
export const ORIGIN = "https://drone.example";
export const NEW_SESSION = { token: "a".repeat(43), expires_in: 3600,
	origin: ORIGIN, kinds: ["attributes", "sign"], limits: LIMITS };
export const SESSION = { origin: ORIGIN, expires_in: 3000, lang: "ja",
	kinds: ["attributes", "sign"] };
export const problem = (status, code, more = {}) => ({ status, json: {
	type: `urn:kenmen:error:${code}`, title: code, status, code,
	detail: `${code} happened; do something.`,
	detail_ja: `${code} です。対処してください。`, retriable: false, ...more } });
/* As a browser fails: the same for all that is in the way. */
export const FAIL = { fail: true };
export const HANG = { hang: true };

const real = { setTimeout, setImmediate, URL };
/* What promises and streams have to do. */
async function settle()
{
	for (let i = 0; i < 20; i++)
		await new Promise((done) => real.setImmediate(done));
}

class Clock {
	now = 1_800_000_000_000;
	timers = new Map();
	serial = 0;

	/* What is due now needs no time to pass. */
	add(work, ms = 0, every = null)
	{
		if (ms === 0)
			return real.setImmediate(work);
		this.timers.set(++this.serial, { at: this.now + ms, work, every });
		return this.serial;
	}

	async pass(ms)
	{
		const end = this.now + ms;

		await settle();
		for (;;) {
			const due = [...this.timers].filter(([, t]) => t.at <= end)
				.sort(([a, s], [b, t]) => s.at - t.at || a - b)[0];
			if (!due)
				break;
			const [id, timer] = due;
			this.now = Math.max(this.now, timer.at);
			if (timer.every === null)
				this.timers.delete(id);
			else
				timer.at = this.now + timer.every;
			timer.work();
			await settle();
		}
		this.now = end;
	}
}

/* Locks of one browser: shared by its tabs. */
export class Locks {
	holders = new Map();

	tab()
	{
		return { request: (name, { signal }, work) => {
			const before = this.holders.get(name) ?? Promise.resolve();
			const turn = Promise.race([before, new Promise((_, fail) =>
				signal.addEventListener("abort",
					() => fail(signal.reason)))]);
			const mine = turn.then(work);
			this.holders.set(name, Promise.allSettled([before, mine]));
			return mine;
		} };
	}
}

let serial = 0;

/* A document in a tab; with `storage` and `locks` of one before. */
export async function page({ permission = "granted", names = undefined,
	policy = undefined, framed = false, secure = true, clicked = true,
	brands = undefined, firefox = false, storage = new Map(),
	locks = new Locks(), clock = new Clock() } = {})
{
	const target = new EventTarget(), document = new EventTarget();
	const known = names ?? ["loopback-network", "local-network-access"];
	const tab = { permission, storage, locks, clock, clicked, requests: [],
		asked: 0, thrown: [], routes: new Map(), document,
		pass: (ms) => clock.pass(ms), settle,
		emit: (type, more = {}) => target.dispatchEvent(
			Object.assign(new Event(type), more)) };

	/* One answer stays; of several, each serves once, the last stays. */
	tab.answer = (what, ...answers) => tab.routes.set(what, answers);
	tab.paths = () => tab.requests.map((r) => `${r.method} ${r.path}`);

	const globals = {
		crypto: webcrypto,	/* Debian 12's node has none of its own */
		isSecureContext: secure,
		self: globalThis,
		top: framed ? {} : globalThis,
		location: { origin: ORIGIN },
		document,
		navigator: {
			permissions: { query: async ({ name }) => {
				tab.asked++;
				if (!known.includes(name))
					throw new TypeError(name);
				return { state: tab.permission };
			} },
			locks: locks.tab(),
			get userActivation() {
				return { hasBeenActive: tab.clicked };
			},
			userAgentData: brands && { brands },
		},
		sessionStorage: {
			getItem: (key) => storage.get(key) ?? null,
			setItem: (key, value) => storage.set(key, value),
			removeItem: (key) => storage.delete(key),
		},
		addEventListener: target.addEventListener.bind(target),
		removeEventListener: target.removeEventListener.bind(target),
		setTimeout: (work, ms) => clock.add(() => {
			try {
				work();
			} catch (error) {
				tab.thrown.push(error);
			}
		}, ms),
		setInterval: (work, ms) => clock.add(work, ms, ms),
		clearTimeout: (id) => clock.timers.delete(id),
		clearInterval: (id) => clock.timers.delete(id),
		fetch: (url, options) => fetchOf(tab, url, options),
	};
	if (policy)
		document.featurePolicy = {
			features: () => Object.keys(policy),
			allowsFeature: (name) => policy[name],
		};
	if (firefox)
		globals.mozInnerScreenX = 0;
	else
		delete globalThis.mozInnerScreenX;
	for (const [name, value] of Object.entries(globals))
		Object.defineProperty(globalThis, name,
			{ value, configurable: true, writable: true });
	mock.restoreAll();
	mock.method(Date, "now", () => clock.now);
	mock.method(AbortSignal, "timeout", (ms) => {
		const cut = new AbortController();
		clock.add(() => cut.abort(
			new DOMException("late", "TimeoutError")), ms);
		return cut.signal;
	});
	tab.kenmen = await import(`../../web-demo/kenmen.js?${++serial}`);
	return tab;
}

function fetchOf(tab, url, options)
{
	const { host, pathname, search } = new real.URL(url);
	const path = pathname + search;
	const request = { host, path, method: options.method ?? "GET",
		mode: options.mode ?? "cors", headers: options.headers ?? {},
		body: options.body ? JSON.parse(options.body) : undefined,
		keepalive: !!options.keepalive, options, over: false };
	const answers = tab.routes.get(`${request.mode} ${request.method} ${path}`) ??
		tab.routes.get(`${request.method} ${path}`) ??
		tab.routes.get(`${request.method} ${pathname}`);

	tab.requests.push(request);
	assert.ok(answers, `nobody answers ${request.method} ${path}`);
	let answer = answers.length > 1 ? answers.shift() : answers[0];
	if (typeof answer === "function")
		answer = answer(request);
	return new Promise((done, fail) => {
		const settled = (how, what) => {
			request.over = true;
			how(what);
		};
		request.settle = (later) => settled(
			later.fail ? fail : done, later.fail ?
				new TypeError("Failed to fetch") : reply(later, url));
		const gone = () => {
			answer.broken?.(options.signal.reason);
			settled(fail, options.signal.reason);
		};
		options.signal?.addEventListener("abort", gone);
		if (options.signal?.aborted)
			gone();
		else if (!answer.hang)
			request.settle(answer);
	});
}

function reply({ status = 200, json, headers = {}, stream, text }, url)
{
	const body = stream ?? text ??
		(json === undefined ? null : JSON.stringify(json));
	const made = new Response(status === 204 ? null : body,
		{ status, headers });

	Object.defineProperty(made, "url", { value: url });
	return made;
}

/* The error of a promise that must fail. */
export async function failure(promise)
{
	try {
		await promise;
	} catch (error) {
		return error;
	}
	assert.fail("it did not fail");
}

/* A tab with a session. */
export async function connected(more)
{
	const tab = await page(more);

	tab.answer("GET /v1/health", { json: HEALTH });
	tab.answer("POST /v1/sessions", { status: 201, json: NEW_SESSION });
	tab.answer("GET /v1/session", { json: SESSION });
	tab.card = await tab.kenmen.connect();
	tab.requests.length = 0;
	return tab;
}
