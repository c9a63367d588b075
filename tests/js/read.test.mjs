/* Reads: followed to their end, cancelled, found again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAIL, HANG, connected, failure, page, problem } from "./fake.mjs";

const ID = "0123456789abcdef";
const at = (seq, state, more = {}) => ({ json: { id: ID, kinds: ["attributes"],
	seq, state, deadline_ms: 0, ...more } });
const DONE = at(9, "done", { results: { attributes: { name: "見本　花子" } },
	read_at: "2026-11-25T00:00:00Z" });

/* A tab whose next read goes through these answers. */
async function reading(...answers)
{
	const tab = await connected();
	tab.answer("POST /v1/reads", { status: 202, json:
		{ id: ID, state: "starting", seq: 1 } });
	tab.answer(`GET /v1/reads/${ID}`, ...answers);
	tab.answer(`DELETE /v1/reads/${ID}`, { status: 204 });
	return tab;
}

test("a read, its progress, and its result that kenmend forgets", async () => {
	const prompt = { pin: "attributes", tries_left: 3, step: 1, steps: 1 };
	const tab = await reading(at(2, "waiting_for_pin", { prompt }),
		at(5, "reading", { progress: { done: 1, total: 2 } }), DONE);
	const seen = [];
	const got = await tab.card.read(["attributes"],
		{ purpose: "test", onprogress: (p) => seen.push(p) });
	assert.deepEqual(got, { attributes: { name: "見本　花子" },
		read_at: "2026-11-25T00:00:00Z" });
	assert.deepEqual(seen.map((p) => p.state), ["waiting_for_pin", "reading"]);
	assert.deepEqual(seen[0].prompt, prompt);
	assert.deepEqual(tab.requests[0].body,
		{ kinds: ["attributes"], purpose: "test" });
	assert.deepEqual(tab.paths().slice(1), [
		`GET /v1/reads/${ID}?grace=10&wait=25&after=0`,
		`GET /v1/reads/${ID}?grace=10&wait=25&after=2`,
		`GET /v1/reads/${ID}?grace=10&wait=25&after=5`,
		`DELETE /v1/reads/${ID}`]);
});

test("a My Number is fetched once", async () => {
	const tab = await reading(at(9, "done", { read_at: "",
		results: { my_number: { my_number: "123456789018" } } }),
	problem(410, "gone"));
	tab.answer(`DELETE /v1/reads/${ID}`, problem(410, "gone"));
	const got = await tab.card.read(["my_number"]);
	assert.equal(got.my_number.my_number, "123456789018");
	assert.equal(tab.requests.filter((r) => r.method === "GET").length, 1);
});

test("bytes become base64, texts stay", async () => {
	const tab = await reading(DONE);
	await tab.card.read(["sign"], { hash: "sha256", titles: ["一"],
		digests: [new Uint8Array([0, 255, 128]), "AAAA"] });
	assert.deepEqual(tab.requests[0].body, { kinds: ["sign"], hash: "sha256",
		titles: ["一"], digests: ["AP+A", "AAAA"] });
	await tab.card.read(["authenticate"], { challenge: new Uint8Array(32) });
	assert.deepEqual(tab.requests.filter((r) => r.body).at(-1).body.challenge,
		"A".repeat(43) + "=");
});

test("a read that fails says why, in kenmend's words", async () => {
	const tab = await reading(at(4, "failed", { error: { code: "pin_wrong",
		detail: "The PIN was wrong; make sure of it.",
		detail_ja: "暗証番号が違います。続けて間違えるとロックされます。よく確かめてください。",
		retriable: true, tries_left: 1, pin: "attributes" } }));
	const error = await failure(tab.card.read(["attributes"]));
	assert.ok(error instanceof tab.kenmen.KenmenError);
	assert.equal(error.code, "pin_wrong");
	assert.equal(error.retriable, true);
	assert.equal(error.status, 200);
	assert.deepEqual({ ...error.extra }, { tries_left: 1, pin: "attributes" });
	assert.deepEqual(error.words("ja"), { title: "暗証番号が違います",
		detail: "続けて間違えるとロックされます。残り1回です。",
		next: "よく確かめてください。" });
	assert.deepEqual(error.words("en"), { title: "The PIN was wrong",
		detail: "Tries left: 1.", next: "Make sure of it." });
	assert.equal(tab.paths().at(-1), `DELETE /v1/reads/${ID}`,
		"so that pending() does not find it again");
});

test("cancelled by somebody else", async () => {
	const tab = await reading(at(4, "cancelled"));
	assert.equal((await failure(tab.card.read(["attributes"]))).code, "cancelled");
});

test("refused at the start", async () => {
	const tab = await reading();
	tab.answer("POST /v1/reads", { ...problem(429, "prompt_limited",
		{ retriable: true }), headers: { "Retry-After": "321" } });
	const error = await failure(tab.card.read(["attributes"]));
	assert.equal(error.code, "prompt_limited");
	assert.equal(error.extra.retry_after, 321);
	assert.equal(tab.requests.length, 1);
});

/* ---- AbortSignal ---- */

test("aborted before: nothing is sent", async () => {
	const tab = await reading();
	const error = await failure(tab.card.read(["attributes"],
		{ signal: AbortSignal.abort() }));
	assert.equal(error.code, "aborted");
	assert.deepEqual(tab.requests, []);
});

test("aborted while it is polled: the window closes", async () => {
	const tab = await reading(at(2, "waiting_for_pin"), HANG);
	const cut = new AbortController();
	const got = failure(tab.card.read(["attributes"], { signal: cut.signal }));
	await tab.settle();
	cut.abort();
	assert.equal((await got).code, "aborted");
	assert.equal(tab.paths().at(-1), `DELETE /v1/reads/${ID}`);
	assert.ok(tab.requests.every((r) => r.over));
});

test("aborted before it has a name: cancelled as soon as it has one", async () => {
	const tab = await reading(HANG);
	const cut = new AbortController();
	tab.answer("POST /v1/reads", HANG);
	const got = failure(tab.card.read(["attributes"], { signal: cut.signal }));
	await tab.settle();
	cut.abort();
	await tab.settle();
	tab.requests[0].settle({ status: 202, json: { id: ID, state: "starting", seq: 1 } });
	assert.equal((await got).code, "aborted");
	assert.ok(tab.paths().includes(`DELETE /v1/reads/${ID}`));
});

test("aborted too late: the result is dropped, not handed out", async () => {
	const tab = await reading(DONE);
	const cut = new AbortController();
	tab.answer(`DELETE /v1/reads/${ID}`, () => {
		cut.abort();
		return { status: 204 };
	});
	assert.equal((await failure(tab.card.read(["attributes"],
		{ signal: cut.signal }))).code, "aborted");
});

/* ---- lines that break ---- */

test("sleep cuts the line: it goes on", async () => {
	const tab = await reading(at(2, "waiting_for_pin"), FAIL, FAIL, DONE);
	tab.answer("no-cors GET /v1/health", FAIL);
	const got = tab.card.read(["attributes"]);
	await tab.pass(2000);
	assert.ok((await got).attributes);
});

test("a line that breaks now and then is no kenmend that is gone", async () => {
	const tab = await reading(...[2, 3, 4, 5].flatMap((seq) =>
		[FAIL, FAIL, at(seq, "waiting_for_card")]), DONE);
	tab.answer("no-cors GET /v1/health", FAIL);
	const got = tab.card.read(["attributes"]);
	await tab.pass(10_000);
	assert.ok((await got).attributes);
});

test("kenmend restarts: the session is over, and the page learns which", async () => {
	const tab = await reading(at(2, "waiting_for_pin"), FAIL,
		problem(401, "session_unknown"));
	const told = [];
	tab.answer("GET /v1/events", HANG);
	tab.answer("no-cors GET /v1/health", FAIL);
	tab.card.on("ended", (what) => told.push(what));
	const got = failure(tab.card.read(["attributes"]));
	await tab.pass(1000);
	assert.equal((await got).code, "session_unknown");
	assert.deepEqual(told, [{ why: "unknown" }]);
	assert.equal(tab.storage.size, 0);
});

test("kenmend is gone for good: not asked for ever", async () => {
	const tab = await reading(at(2, "waiting_for_pin"), FAIL);
	tab.answer("no-cors GET /v1/health", FAIL);
	tab.answer(`DELETE /v1/reads/${ID}`, FAIL);
	const got = failure(tab.card.read(["attributes"]));
	await tab.pass(60_000);
	assert.equal((await got).code, "unreachable");
	assert.equal(tab.requests.filter((r) => r.mode === "cors" &&
		r.method === "GET").length, 1 + 5);
});

test("the browser takes its permission back: said, not retried", async () => {
	const tab = await reading(at(2, "waiting_for_pin"), () => {
		tab.permission = "denied";
		return FAIL;
	});
	assert.equal((await failure(tab.card.read(["attributes"]))).code,
		"browser_denied");
});

/* ---- found again ---- */

test("pending: none", async () => {
	const tab = await connected();
	tab.answer("GET /v1/reads", { json: [] });
	assert.equal(await tab.card.pending(), null);
	tab.answer("GET /v1/reads", { json: [
		{ id: "a", kinds: ["sign"], seq: 3, state: "cancelled" }] });
	assert.equal(await tab.card.pending(), null, "that was meant");
});

test("pending: one that is under way, before one that is over", async () => {
	const tab = await reading(at(7, "reading"), DONE);
	tab.answer("GET /v1/reads", { json: [
		{ id: "a", kinds: ["sign"], seq: 3, state: "done" },
		{ id: ID, kinds: ["attributes"], seq: 7, state: "reading" },
		{ id: "b", kinds: ["sign"], seq: 3, state: "failed" }] });
	const found = await tab.card.pending();
	assert.equal(found.id, ID);
	assert.deepEqual(found.kinds, ["attributes"]);
	const seen = [];
	const got = await found.result({ onprogress: (p) => seen.push(p.state) });
	assert.equal(got.attributes.name, "見本　花子");
	assert.deepEqual(seen, ["reading"]);
	assert.equal(tab.paths().at(-1), `DELETE /v1/reads/${ID}`);
});

test("pending: one that was done meanwhile, the newest", async () => {
	const tab = await reading(DONE);
	tab.answer("GET /v1/reads", { json: [
		{ id: "a", kinds: ["sign"], seq: 3, state: "failed" },
		{ id: ID, kinds: ["attributes"], seq: 7, state: "done" }] });
	const found = await tab.card.pending();
	assert.ok((await found.result()).attributes);
});

test("pending: not what this page follows already", async () => {
	const tab = await reading(HANG);
	tab.card.read(["attributes"]).catch(() => {});
	await tab.settle();
	tab.answer("GET /v1/reads", { json: [
		{ id: ID, kinds: ["attributes"], seq: 1, state: "starting" }] });
	assert.equal(await tab.card.pending(), null);
});

test("a read that a Reload left behind makes way for a new one", async () => {
	const tab = await reading(DONE);
	const old = "fedcba9876543210";
	tab.answer("POST /v1/reads", problem(409, "busy", { id: old }),
		{ status: 202, json: { id: ID, state: "starting", seq: 1 } });
	tab.answer(`DELETE /v1/reads/${old}`, { status: 204 });
	tab.answer(`GET /v1/reads/${old}`, at(4, "cancelled"));
	assert.ok((await tab.card.read(["attributes"])).attributes);
	assert.deepEqual(tab.paths().slice(0, 4), ["POST /v1/reads",
		`DELETE /v1/reads/${old}`, `GET /v1/reads/${old}?wait=5`,
		"POST /v1/reads"]);
});

test("a read of this page is in nobody's way but its own", async () => {
	const tab = await reading(HANG);
	tab.card.read(["attributes"]).catch(() => {});
	await tab.settle();
	tab.answer("POST /v1/reads", problem(409, "busy", { id: ID }));
	/* A double click: another session object of the same session. */
	const again = await tab.kenmen.connect();
	for (const card of [tab.card, again])
		assert.equal((await failure(card.read(["attributes"]))).code, "busy");
	assert.ok(!tab.paths().includes(`DELETE /v1/reads/${ID}`));
});

test("another site's read: busy, and nothing is deleted", async () => {
	const tab = await reading();
	tab.answer("POST /v1/reads", problem(409, "busy", { retriable: true }));
	const error = await failure(tab.card.read(["attributes"]));
	assert.equal(error.code, "busy");
	assert.equal(tab.requests.length, 1);
});

test("into the back-forward cache and back: it goes on", async () => {
	const tab = await reading(at(2, "waiting_for_pin"), HANG, DONE);
	const got = tab.card.read(["attributes"]);
	await tab.settle();
	tab.emit("pagehide", { persisted: true });
	await tab.pass(5000);
	assert.ok(tab.requests.every((r) => r.over), "no line stays open");
	const before = tab.requests.length;
	await tab.pass(60_000);
	assert.equal(tab.requests.length, before, "and none is opened");
	tab.emit("pageshow", { persisted: true });
	assert.ok((await got).attributes);
});

test("a page that is closed sends nothing: kenmend notices", async () => {
	const tab = await reading(at(2, "waiting_for_pin"), HANG);
	tab.card.read(["attributes"]).catch(() => {});
	await tab.settle();
	const before = tab.requests.length;
	tab.emit("pagehide", { persisted: false });
	await tab.pass(100_000);
	assert.equal(tab.requests.length, before);
});

test("a listener that throws ends no read", async () => {
	const tab = await reading(at(2, "waiting_for_pin"), DONE);
	assert.ok((await tab.card.read(["attributes"], { onprogress: () => {
		throw new Error("the page's");
	} })).attributes);
	await tab.settle();
	assert.deepEqual(tab.thrown.map((e) => e.message), ["the page's"]);
});

test("a kind that is refused", async () => {
	const tab = await reading();
	tab.answer("POST /v1/reads", problem(403, "kind_not_allowed"));
	const error = await failure(tab.card.read(["my_number"]));
	assert.equal(error.code, "kind_not_allowed");
	assert.equal(error.retriable, false);
});
