/* The way to the card, with a stand-in for kenmen.js. */
import assert from "node:assert/strict";
import test from "node:test";
import { CardFlow } from "../../web-demo/site/card.js";

const READER = { id: "r1", model: "A reader", card_present: false,
	pinpad: false };

class Failure extends Error {
	constructor(code, extra = {})
	{
		super(code);
		Object.assign(this, { code, extra });
	}
}

function rig()
{
	const seen = { connects: [], phases: [], ended: 0, touched: 0 };
	const session = {
		list: [READER],
		listeners: {},
		readers: async () => session.list,
		on: (event, listener) => (session.listeners[event] = listener),
		touch: async () => seen.touched++,
		end: async () => seen.ended++,
		pending: async () => null,
		read: (kinds, options) => new Promise((resolve, reject) => {
			Object.assign(session, { kinds, options, resolve, reject });
			options.signal.addEventListener("abort",
				() => reject(new Failure("aborted")));
		}),
	};
	const kenmen = {
		connect: async (options) => {
			seen.connects.push(options);
			if (kenmen.fails)
				throw kenmen.fails;
			return session;
		},
		resume: async () => ({ session: null, ended: null }),
		diagnose: async () => null,
	};
	const flow = new CardFlow(kenmen, () => ({ lang: "ja" }));
	flow.addEventListener("change", () => seen.phases.push(flow.phase));
	return { flow, kenmen, session, seen };
}

const job = (more = {}) => ({ kinds: ["authenticate"],
	prepare: async () => ({ challenge: "Y2g=" }),
	submit: async (results) => results.authenticate.jws, ...more });
const turn = () => new Promise((done) => setImmediate(done));

test("nothing is asked before the person asks", () => {
	const { flow, seen } = rig();

	assert.equal(flow.phase, "idle");
	assert.deepEqual(seen.connects, []);
});

test("a reader is looked for, and one that comes is noticed", async () => {
	const { flow, session } = rig();

	session.list = [];
	await flow.check();
	assert.equal(flow.phase, "no_reader");
	session.list = [READER];
	session.listeners.reader({});
	await turn();
	assert.equal(flow.phase, "ready");
	assert.equal(flow.reader.model, "A reader");
});

test("a read, its progress, and what the server makes of it", async () => {
	const { flow, session, seen } = rig();

	await flow.check();
	const outcome = flow.run(job());
	await turn();
	assert.equal(session.options.challenge, "Y2g=");
	session.options.onprogress({ state: "waiting_for_pin" });
	assert.ok(flow.windowOpen);
	session.options.onprogress({ state: "reading" });
	assert.ok(!flow.windowOpen && flow.busy);
	session.resolve({ authenticate: { jws: "j" } });
	assert.equal(await outcome, "j");
	assert.deepEqual(seen.phases, ["connecting", "ready", "starting",
		"waiting_for_pin", "reading", "submitting", "done"]);
});

test("a stopped read is no failure", async () => {
	const { flow } = rig();

	await flow.check();
	const outcome = flow.run(job());
	await turn();
	flow.cancel();
	assert.equal(await outcome, null);
	assert.equal(flow.phase, "cancelled");
});

test("a server's refusal is told, and the session stays", async () => {
	const { flow, session } = rig();

	await flow.check();
	const outcome = flow.run(job({ submit: async () => {
		throw new Failure("already_linked");
	} }));
	await turn();
	session.resolve({ authenticate: { jws: "j" } });
	assert.equal(await outcome, null);
	assert.equal(flow.error.code, "already_linked");
	assert.equal(flow.session, session);
});

test("a session that is gone is not used again", async () => {
	const { flow, session, seen } = rig();

	await flow.check();
	const outcome = flow.run(job());
	await turn();
	session.reject(new Failure("session_unknown"));
	await outcome;
	assert.equal(flow.session, null);
	await flow.check();
	assert.equal(seen.connects.length, 2);
	session.listeners.ended({ why: "expired" });
	assert.equal(flow.phase, "idle");
	assert.equal(flow.lost, "expired");
});

test("a second tab is taken over only when asked", async () => {
	const { flow, kenmen, seen } = rig();

	kenmen.fails = new Failure("session_active");
	await flow.check();
	assert.equal(flow.error.code, "session_active");
	kenmen.fails = null;
	await flow.check(true);
	assert.deepEqual(seen.connects.map((c) => c.takeover), [false, true]);
	assert.equal(flow.phase, "ready");
});

test("after a reload the read goes on", async () => {
	const { flow, kenmen, session } = rig();
	const pending = { kinds: ["authenticate"],
		result: (options) => session.read(["authenticate"], options) };

	session.pending = async () => pending;
	kenmen.resume = async () => ({ session, ended: null });
	const outcome = flow.rejoin(await flow.resume(), job());
	await turn();
	assert.equal(session.options.challenge, undefined);
	session.resolve({ authenticate: { jws: "j" } });
	assert.equal(await outcome, "j");
});

test("a session lost before the reload is told", async () => {
	const { flow, kenmen } = rig();

	kenmen.resume = async () => ({ session: null, ended: "expired" });
	assert.equal(await flow.resume(), null);
	assert.equal(flow.lost, "expired");
});

test("the end closes the window and forgets", async () => {
	const { flow, seen } = rig();

	await flow.check();
	const outcome = flow.run(job());
	await turn();
	await flow.end();
	assert.equal(await outcome, null);
	assert.equal(seen.ended, 1);
	assert.equal(flow.session, null);
	assert.equal(flow.job, null);
});
