/* Sessions: how one is kept by its tab, and how it ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAIL, HANG, HEALTH, LIMITS, Locks, NEW_SESSION, ORIGIN, SESSION,
	connected, failure, page, problem } from "./fake.mjs";

const KEY = "kenmen:25366";
const kept = (tab) => JSON.parse(tab.storage.get(KEY) ?? "null");
/* The same tab after Reload: the page before it has let go of its lock. */
const reload = (tab, more = {}) => {
	tab.emit("pagehide", { persisted: false });
	return page({ storage: tab.storage, locks: tab.locks, clock: tab.clock,
		...more });
};

test("a session is made and kept", async () => {
	const tab = await connected();
	assert.equal(tab.card.origin, ORIGIN);
	assert.equal(tab.card.lang, "ja");
	assert.deepEqual(tab.card.kinds, NEW_SESSION.kinds);
	assert.deepEqual(tab.card.limits, LIMITS);
	assert.equal(tab.card.expiresIn, 3600);
	assert.equal(kept(tab).token, NEW_SESSION.token);
	assert.ok(!JSON.stringify(Object.keys(tab.card)).includes("token"),
		"a page that prints its session prints no token");
});

test("what is asked for it", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", { json: HEALTH });
	tab.answer("POST /v1/sessions", { status: 201, json: NEW_SESSION });
	await tab.kenmen.connect({ lang: "en", port: 4711 });
	const { body, headers } = tab.requests[1];
	assert.deepEqual(body, { lang: "en", takeover: false });
	assert.deepEqual(headers, { "Content-Type": "application/json" });
	assert.deepEqual([...tab.storage.keys()], ["kenmen:4711"]);
});

test("the token goes nowhere but into its header", async () => {
	const tab = await connected();
	tab.answer("GET /v1/readers", { json: [] });
	assert.deepEqual(await tab.card.readers(), []);
	assert.equal(tab.requests[0].headers.Authorization,
		"Bearer " + NEW_SESSION.token);
	assert.ok(!tab.paths().join().includes(NEW_SESSION.token));
});

test("connect finds the kept one again, in the page and after Reload", async () => {
	const tab = await connected();
	await tab.kenmen.connect();
	assert.deepEqual(tab.paths(), ["GET /v1/health", "GET /v1/session"]);
	const next = await reload(tab);
	next.answer("GET /v1/health", { json: HEALTH });
	next.answer("GET /v1/session", { json: SESSION });
	const card = await next.kenmen.connect();
	assert.equal(card.expiresIn, 3000, "as kenmend says now");
	assert.deepEqual(card.limits, LIMITS);
	assert.equal(next.requests[1].headers.Authorization,
		"Bearer " + NEW_SESSION.token);
});

test("a kept one that is over makes room for a new one", async () => {
	for (const code of ["session_unknown", "session_expired"]) {
		const tab = await reload(await connected());
		tab.answer("GET /v1/health", { json: HEALTH });
		tab.answer("GET /v1/session", problem(401, code));
		tab.answer("POST /v1/sessions", { status: 201, json:
			{ ...NEW_SESSION, token: "b".repeat(43) } });
		await tab.kenmen.connect();
		assert.equal(tab.requests.at(-1).body.takeover, false);
		assert.equal(kept(tab).token, "b".repeat(43));
	}
});

test("a kenmend that goes away between two requests costs no session", async () => {
	const tab = await reload(await connected());
	tab.answer("GET /v1/health", { json: HEALTH }, FAIL);
	tab.answer("no-cors GET /v1/health", FAIL);
	tab.answer("GET /v1/session", FAIL);
	assert.equal((await failure(tab.kenmen.connect())).code, "unreachable");
	assert.equal(kept(tab).token, NEW_SESSION.token);
	assert.ok(!tab.paths().includes("POST /v1/sessions"));
});

test("another language: our own session is replaced", async () => {
	const tab = await connected();
	await tab.kenmen.connect({ lang: "en" });
	assert.deepEqual(tab.requests.at(-1).body, { lang: "en", takeover: true });
	assert.equal(kept(tab).lang, "en");
});

test("another language while a window is open: in the old one, then", async () => {
	const tab = await connected();
	tab.answer("POST /v1/sessions", problem(409, "busy"));
	const card = await tab.kenmen.connect({ lang: "en" });
	assert.equal(card.lang, "ja");
	assert.equal(kept(tab).token, NEW_SESSION.token);
});

test("a second tab is offered the takeover", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", { json: HEALTH });
	tab.answer("POST /v1/sessions", problem(409, "session_active"),
		{ status: 201, json: NEW_SESSION });
	const error = await failure(tab.kenmen.connect());
	assert.equal(error.code, "session_elsewhere");
	assert.equal(error.status, 409);
	assert.match(error.words("ja").next, /引き継いで/);
	assert.match(error.words("en").next, /take over/);
	assert.equal(tab.storage.size, 0);
	await tab.kenmen.connect({ takeover: true });
	assert.equal(tab.requests.at(-1).body.takeover, true);
});

test("a takeover while the other tab's window is open", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", { json: HEALTH });
	tab.answer("POST /v1/sessions", problem(409, "busy", { retriable: true }));
	const error = await failure(tab.kenmen.connect({ takeover: true }));
	assert.equal(error.code, "busy");
	assert.equal(error.retriable, true);
});

test("a duplicated tab has a copy of the token, and not the session", async () => {
	const locks = new Locks();
	const first = await connected({ locks });
	const copy = await page({ storage: new Map(first.storage), locks,
		clock: first.clock });
	const got = copy.kenmen.resume();
	await copy.pass(1000);
	assert.deepEqual(await got, { session: null, ended: null });
	assert.equal(copy.storage.size, 0, "the copy is dropped");
	assert.deepEqual(copy.requests, [], "and never used");
	copy.answer("GET /v1/health", { json: HEALTH });
	copy.answer("POST /v1/sessions", problem(409, "session_active"));
	assert.equal((await failure(copy.kenmen.connect())).code,
		"session_elsewhere");
});

test("a page that is slow to let go, as in Reload, is waited for", async () => {
	const first = await connected();
	const next = await page({ storage: first.storage, locks: first.locks,
		clock: first.clock });
	next.answer("GET /v1/session", { json: SESSION });
	const got = next.kenmen.resume();
	await next.pass(400);
	assert.equal(next.requests.length, 0);
	first.emit("pagehide", { persisted: false });
	await next.pass(0);
	assert.ok((await got).session);
});

test("a browser without locks", async () => {
	const tab = await page();
	navigator.locks = undefined;
	tab.answer("GET /v1/health", { json: HEALTH });
	tab.answer("POST /v1/sessions", { status: 201, json: NEW_SESSION });
	assert.ok(await tab.kenmen.connect());
});

test("a fault of our own is not called the network's", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", { json: HEALTH });
	tab.answer("POST /v1/sessions", { status: 201, json: null });
	assert.equal((await failure(tab.kenmen.connect())).name, "TypeError");
});

test("a browser that keeps nothing", async () => {
	const tab = await page();
	for (const name of ["getItem", "setItem", "removeItem"])
		sessionStorage[name] = () => {
			throw new DOMException("no", "SecurityError");
		};
	tab.answer("GET /v1/health", { json: HEALTH });
	tab.answer("POST /v1/sessions", { status: 201, json: NEW_SESSION });
	tab.answer("DELETE /v1/session", { status: 204 });
	const card = await tab.kenmen.connect();
	assert.deepEqual(await tab.kenmen.resume(), { session: null, ended: null });
	await card.end();
});

/* ---- resume ---- */

test("resume: nothing was kept, nothing is sent, nothing is asked", async () => {
	const tab = await page({ permission: "prompt" });
	assert.deepEqual(await tab.kenmen.resume(), { session: null, ended: null });
	assert.deepEqual(tab.requests, []);
});

test("resume: found again, with one request", async () => {
	const tab = await reload(await connected(), { clicked: false });
	tab.answer("GET /v1/session", { json: SESSION });
	const { session, ended } = await tab.kenmen.resume();
	assert.equal(session.expiresIn, 3000);
	assert.equal(ended, null);
	assert.deepEqual(tab.paths(), ["GET /v1/session"]);
});

test("resume: the page learns why it is over", async () => {
	for (const [code, why] of [["session_expired", "expired"],
		["session_unknown", "unknown"]]) {
		const tab = await reload(await connected());
		tab.answer("GET /v1/session", problem(401, code));
		assert.deepEqual(await tab.kenmen.resume(),
			{ session: null, ended: why });
		assert.equal(tab.storage.size, 0);
		assert.deepEqual(await tab.kenmen.resume(),
			{ session: null, ended: null }, "told once");
	}
});

test("resume: kenmend is not there now, the session may be", async () => {
	const tab = await reload(await connected());
	tab.answer("GET /v1/session", FAIL, { json: SESSION });
	tab.answer("GET /v1/health", FAIL);
	const { session, ended } = await tab.kenmen.resume();
	assert.equal(ended, null);
	assert.equal(await session.refresh(), 3000);
});

test("resume: where the browser would ask, nothing is sent before a click", async () => {
	const tab = await reload(await connected(),
		{ permission: "prompt", clicked: false });
	tab.answer("GET /v1/health", { json: HEALTH });
	tab.answer("GET /v1/reads", { json: [] });
	const { session } = await tab.kenmen.resume();
	assert.ok(session);
	assert.equal(await session.pending(), null);
	session.on("card", () => {});
	await tab.pass(60_000);
	assert.equal((await failure(session.readers())).code, "needs_click");
	assert.deepEqual(tab.requests, []);
	tab.clicked = true;
	assert.equal(await session.pending(), null);
	assert.deepEqual(tab.paths(), ["GET /v1/health", "GET /v1/reads"]);
});

test("resume: a browser that lets the site through and still says prompt", async () => {
	const tab = await reload(await connected({ permission: "prompt" }),
		{ permission: "prompt", clicked: false });
	tab.answer("GET /v1/session", { json: SESSION });
	assert.ok((await tab.kenmen.resume()).session);
	assert.deepEqual(tab.paths(), ["GET /v1/session"]);
});

/* ---- time ---- */

test("touch: at most one request in 15 seconds, and what is left", async () => {
	const tab = await connected();
	tab.answer("POST /v1/session/touch", { json: { expires_in: 3600 } });
	await tab.pass(60_000);
	assert.equal(tab.card.expiresIn, 3540);
	assert.equal(await tab.card.touch(), 3600);
	for (let i = 0; i < 14; i++) {
		await tab.pass(1000);
		await tab.card.touch();
	}
	assert.equal(tab.requests.length, 1);
	assert.equal(tab.card.expiresIn, 3586);
	await tab.pass(1000);
	await tab.card.touch();
	assert.equal(tab.requests.length, 2);
});

test("touch: a clock that was set back stops it for no hour", async () => {
	const tab = await connected();
	tab.answer("POST /v1/session/touch", { json: { expires_in: 3600 } });
	await tab.card.touch();
	tab.clock.now -= 3_600_000;
	await tab.card.touch();
	assert.equal(tab.requests.length, 2);
});

test("no timer speaks for the person", async () => {
	const tab = await connected();
	await tab.pass(3_600_000);
	assert.deepEqual(tab.requests, []);
	assert.equal(tab.card.expiresIn, 0);
});

test("what a person does extends what is shown, up to the session's end", async () => {
	const tab = await connected();
	tab.answer("POST /v1/reads", problem(409, "busy"));
	await tab.pass(1000_000);
	await failure(tab.card.read(["attributes"]));
	assert.equal(tab.card.expiresIn, 2600, "a refusal is no sign of more time");
	tab.answer("POST /v1/reads", { status: 202, json: { id: "1", state: "starting", seq: 1 } });
	tab.answer("GET /v1/reads/1", HANG);
	const cut = new AbortController();
	tab.answer("DELETE /v1/reads/1", { status: 204 });
	const got = failure(tab.card.read(["attributes"], { signal: cut.signal }));
	await tab.settle();
	assert.equal(tab.card.expiresIn, 3600);
	await tab.pass(41_000_000);
	cut.abort();
	await got;
	assert.equal(tab.card.expiresIn, 43200 - 42000);
});

/* ---- the end ---- */

test("end: told to kenmend, forgotten here, and over", async () => {
	const tab = await connected(), told = [];
	tab.card.on("ended", (what) => told.push(what));
	tab.answer("GET /v1/events", HANG);
	tab.answer("DELETE /v1/session", { status: 204 });
	await tab.settle();
	await tab.card.end();
	assert.equal(tab.storage.size, 0);
	assert.equal(tab.card.expiresIn, 0);
	assert.deepEqual(told, [{ why: "ended" }]);
	const before = tab.requests.length;
	for (const late of [() => tab.card.readers(), () => tab.card.touch(),
		() => tab.card.read(["attributes"]), () => tab.card.pending()])
		assert.equal((await failure(late())).code, "session_unknown");
	await tab.card.end();
	await tab.pass(120_000);
	assert.equal(tab.requests.length, before, "nothing more is sent");
});

test("end: a page that goes meanwhile says it once more", async () => {
	const tab = await connected();
	tab.answer("DELETE /v1/session", HANG);
	tab.card.end();
	tab.emit("pagehide");
	tab.emit("pagehide");
	assert.deepEqual(tab.requests.map((r) => [r.method, r.keepalive]),
		[["DELETE", false], ["DELETE", true]]);
});

test("end: it arrived, and is not said again", async () => {
	const tab = await connected();
	tab.answer("DELETE /v1/session", { status: 204 });
	await tab.card.end();
	tab.emit("pagehide");
	assert.equal(tab.requests.length, 1);
});

test("end: kenmend is not there", async () => {
	const tab = await connected();
	tab.answer("DELETE /v1/session", FAIL);
	await tab.card.end();
	assert.equal(tab.storage.size, 0);
});

test("any request may tell that it is over", async () => {
	for (const [code, why] of [["session_expired", "expired"],
		["session_unknown", "unknown"]]) {
		const tab = await connected(), told = [];
		tab.answer("GET /v1/events", HANG);
		tab.answer("GET /v1/readers", problem(401, code));
		tab.card.on("ended", (what) => told.push(what));
		const error = await failure(tab.card.readers());
		assert.equal(error.code, code);
		assert.match(error.words("ja").next, /最初からやり直して/);
		assert.deepEqual(told, [{ why }]);
		assert.equal(tab.storage.size, 0);
	}
});

test("the end of an old session takes no newer one along", async () => {
	const tab = await connected();
	const old = tab.card;
	tab.answer("POST /v1/sessions", { status: 201, json:
		{ ...NEW_SESSION, token: "b".repeat(43) } });
	await tab.kenmen.connect({ lang: "en" });
	tab.answer("GET /v1/readers", problem(401, "session_unknown"));
	await failure(old.readers());
	assert.equal(kept(tab).token, "b".repeat(43));
});

/* ---- the back-forward cache ---- */

test("back from the cache: looked at, and how long it lasts", async () => {
	const tab = await connected();
	tab.emit("pagehide", { persisted: true });
	await tab.pass(500_000);
	tab.emit("pageshow", { persisted: true });
	await tab.settle();
	assert.deepEqual(tab.paths(), ["GET /v1/session"]);
	assert.equal(tab.card.expiresIn, 3000);
});

test("back from the cache: the tab has another session by now", async () => {
	const tab = await connected(), told = [];
	tab.answer("GET /v1/events", HANG);
	tab.card.on("ended", (what) => told.push(what));
	await tab.settle();
	tab.requests.length = 0;
	tab.emit("pagehide", { persisted: true });
	tab.storage.set(KEY, JSON.stringify({ ...kept(tab), token: "c" }));
	tab.emit("pageshow", { persisted: true });
	await tab.settle();
	assert.deepEqual(tab.requests, []);
	assert.deepEqual(told, [{ why: "unknown" }]);
	assert.equal(kept(tab).token, "c");
});

test("a page that was not in the cache sends nothing by itself", async () => {
	const tab = await connected();
	tab.emit("pageshow", { persisted: false });
	await tab.settle();
	assert.deepEqual(tab.requests, []);
});
