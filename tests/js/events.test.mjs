/* The event stream: parsed from whatever pieces it comes in, taken up again
 * without hammering, closed when nobody listens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAIL, HANG, SESSION, connected, problem } from "./fake.mjs";

const SNAPSHOT = { readers: [{ id: "r1", model: "読み取り機", card_present: true,
	pinpad: false }], reads: [], expires_in: 1234 };
const event = (n, name, data) =>
	`id: ${n}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const TEXT = event(1, "snapshot", SNAPSHOT) + ": still here\n\n" +
	event(2, "card", { reader: "r1", present: false }) +
	event(3, "reader", { id: "r1", model: "読み取り機", present: false }) +
	event(4, "read", { id: "a", seq: 2, state: "reading" }) +
	event(5, "session", { expires_in: 999 }) + event(6, "unheard of", {});
const NAMES = ["snapshot", "card", "reader", "read", "session", "ended"];

/* A stream of these pieces; it stays open until it is told to end. */
function stream(pieces, end = false)
{
	const answer = { headers: { "Content-Type": "text/event-stream" } };

	answer.stream = new ReadableStream({ start(to) {
		answer.push = (text) => to.enqueue(new TextEncoder().encode(text));
		answer.close = () => to.close();
		answer.broken = (why) => to.error(why);
		for (const piece of pieces)
			to.enqueue(piece);
		if (end)
			to.close();
	} });
	return answer;
}

const bytes = (text) => new TextEncoder().encode(text);

function listen(tab)
{
	const told = [];
	const stops = NAMES.map((name) => tab.card.on(name,
		(data) => told.push([name, data])));
	return { told, stop: () => stops.forEach((stop) => stop()) };
}

const streams = (tab) => tab.paths().filter((p) => p === "GET /v1/events").length;

test("events, whole and in single bytes", async () => {
	const all = [...bytes(TEXT)].map((b) => new Uint8Array([b]));
	for (const pieces of [[bytes(TEXT)], all]) {
		const tab = await connected();
		tab.answer("GET /v1/events", stream(pieces));
		const { told, stop } = listen(tab);
		for (let i = 0; i < 50; i++)
			await tab.settle();
		assert.deepEqual(told, [
			["snapshot", SNAPSHOT],
			["card", { reader: "r1", present: false }],
			["reader", { id: "r1", model: "読み取り機", present: false }],
			["read", { id: "a", seq: 2, state: "reading" }],
			["session", { expires_in: 999 }]]);
		assert.equal(tab.card.expiresIn, 999);
		assert.equal(streams(tab), 1, "one stream for all listeners");
		stop();
	}
});

test("nobody listens: no stream; the last one gone: closed", async () => {
	const tab = await connected();
	await tab.pass(60_000);
	assert.deepEqual(tab.requests, []);
	tab.answer("GET /v1/events", HANG);
	const off = [tab.card.on("card", () => {}), tab.card.on("card", () => {})];
	await tab.settle();
	off[0]();
	assert.equal(tab.requests[0].over, false);
	off[1]();
	await tab.settle();
	assert.equal(tab.requests[0].over, true);
	await tab.pass(600_000);
	assert.equal(tab.requests.length, 1);
	tab.card.on("card", () => {});
	await tab.settle();
	assert.equal(streams(tab), 2, "and again for the next one");
});

test("a listener that is gone is not told", async () => {
	const tab = await connected(), told = [];
	const answer = stream([]);
	tab.answer("GET /v1/events", answer);
	const off = tab.card.on("card", () => told.push(1));
	tab.card.on("card", () => told.push(2));
	await tab.settle();
	off();
	answer.push(event(1, "card", {}));
	await tab.settle();
	assert.deepEqual(told, [2]);
});

test("a stream that breaks comes back: soon, then ever later", async () => {
	const tab = await connected();
	tab.answer("GET /v1/events", FAIL);
	tab.answer("no-cors GET /v1/health", FAIL);
	listen(tab);
	await tab.pass(10_000);
	assert.ok(streams(tab) >= 3, "soon");
	await tab.pass(590_000);
	assert.ok(streams(tab) <= 26, `${streams(tab)} in ten minutes`);
	tab.answer("GET /v1/events", stream([bytes(TEXT)], true));
	await tab.pass(31_000);
	const before = streams(tab);
	tab.answer("GET /v1/events", stream([bytes(TEXT)]));
	await tab.pass(2000);
	assert.equal(streams(tab), before + 1, "soon again, once it had come");
});

test("a stream that has fallen silent is a dead one", async () => {
	const tab = await connected();
	const first = stream([bytes(TEXT)]);
	tab.answer("GET /v1/events", first, stream([bytes(TEXT)]));
	listen(tab);
	for (let i = 0; i < 4; i++) {
		await tab.pass(15_000);
		first.push(": still here\n\n");
	}
	assert.equal(streams(tab), 1);
	await tab.pass(45_000);
	assert.equal(streams(tab), 2);
});

test("a stream that never begins is a dead one, too", async () => {
	const tab = await connected();
	tab.answer("GET /v1/events", HANG);
	listen(tab);
	await tab.pass(45_000);
	assert.equal(streams(tab), 2);
});

test("the session's end: told with its reason, and no more is sent", async () => {
	for (const [code, why] of [["session_expired", "expired"],
		["session_unknown", "unknown"]]) {
		const tab = await connected();
		const answer = stream([bytes(event(1, "snapshot", SNAPSHOT))]);
		tab.answer("GET /v1/events", answer);
		const { told } = listen(tab);
		await tab.settle();
		tab.answer("GET /v1/session", problem(401, code));
		answer.push(event(2, "session", { expires_in: 0 }));
		answer.close();
		await tab.settle();
		assert.deepEqual(told.slice(1), [["session", { expires_in: 0 }],
			["ended", { why }]]);
		assert.equal(tab.storage.size, 0);
		const before = tab.requests.length;
		await tab.pass(600_000);
		assert.equal(tab.requests.length, before);
	}
});

test("refused with 401: over", async () => {
	const tab = await connected();
	tab.answer("GET /v1/events", problem(401, "session_unknown"));
	const { told } = listen(tab);
	await tab.settle();
	assert.deepEqual(told, [["ended", { why: "unknown" }]]);
});

test("no question by the stream: a permission that is gone is waited for", async () => {
	const tab = await connected();
	tab.answer("GET /v1/events", FAIL);
	tab.answer("no-cors GET /v1/health", FAIL);
	listen(tab);
	await tab.settle();
	tab.permission = "prompt";
	const before = tab.requests.length;
	await tab.pass(600_000);
	assert.equal(tab.requests.length, before);
});

test("into the back-forward cache and back", async () => {
	const tab = await connected();
	tab.answer("GET /v1/events", HANG);
	tab.card.on("card", () => {});
	await tab.settle();
	tab.emit("pagehide", { persisted: true });
	await tab.pass(60_000);
	assert.ok(tab.requests.every((r) => r.over));
	assert.equal(streams(tab), 1);
	tab.answer("GET /v1/session", { json: SESSION });
	tab.emit("pageshow", { persisted: true });
	await tab.settle();
	assert.equal(streams(tab), 2);
});

test("a listener that throws stops no other", async () => {
	const tab = await connected(), told = [];
	tab.answer("GET /v1/events", stream([bytes(TEXT)]));
	tab.card.on("card", () => {
		throw new Error("the page's");
	});
	tab.card.on("card", () => told.push(1));
	await tab.settle();
	await tab.settle();
	assert.deepEqual(told, [1]);
	assert.deepEqual(tab.thrown.map((e) => e.message), ["the page's"]);
});

test("no such event", async () => {
	const tab = await connected();
	assert.throws(() => tab.card.on("cards", () => {}), TypeError);
});
