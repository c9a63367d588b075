/* The connection doctor: every way in which a page may fail to reach kenmend,
 * and that nothing is asked of the person at the wrong time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAIL, HANG, HEALTH, failure, page, problem } from "./fake.mjs";

const GRANTED_CAUSES = ["not_running", "not_trusted"];
const PROMPT_CAUSES = [...GRANTED_CAUSES, "browser_dismissed",
	"origin_not_listed"];

async function diagnosed(tab, options)
{
	const error = await tab.kenmen.diagnose(options);
	assert.ok(error instanceof tab.kenmen.KenmenError, String(error?.stack));
	assert.ok(!JSON.stringify([error.words("ja"), error.words("en")])
		.match(/undefined|null|\{\w*\}/), JSON.stringify(error.words("ja")));
	return error;
}

test("all is well, with one plain request", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", { json: HEALTH });
	assert.equal(await tab.kenmen.diagnose(), null);
	assert.deepEqual(tab.paths(), ["GET /v1/health"]);
	assert.equal(tab.requests[0].host, "127.0.0.1:25366");
	assert.deepEqual(tab.requests[0].headers, {}, "no preflight before the answer");
	assert.equal(tab.requests[0].options.credentials, "omit");
	assert.equal(tab.requests[0].options.cache, "no-store");
});

test("another port", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", { json: HEALTH });
	await tab.kenmen.diagnose({ port: 4711 });
	assert.equal(tab.requests[0].host, "127.0.0.1:4711");
});

test("a page without TLS asks nothing", async () => {
	const tab = await page({ secure: false });
	assert.equal((await diagnosed(tab)).code, "not_secure_page");
	assert.deepEqual(tab.requests, []);
});

test("a page that its own policy forbids asks nothing", async () => {
	for (const policy of [
		{ "loopback-network": false, "local-network-access": true },
		{ "local-network-access": false }]) {
		const tab = await page({ policy });
		const error = await diagnosed(tab);
		assert.equal(error.code, "not_allowed_here");
		assert.deepEqual(error.causes, ["permissions_policy"]);
		assert.deepEqual(tab.requests, []);
	}
});

test("a frame without allow= asks nothing", async () => {
	const tab = await page({ framed: true, permission: "denied", policy:
		{ "loopback-network": false, "local-network-access": false } });
	const error = await diagnosed(tab);
	assert.equal(error.code, "not_allowed_here");
	assert.deepEqual(error.causes, ["iframe", "permissions_policy"]);
	assert.match(error.words("en").detail, /allow="loopback-network".*; or .*Permissions-Policy/);
	assert.deepEqual(tab.requests, []);
});

test("a frame with allow=\"loopback-network\" alone may ask", async () => {
	const tab = await page({ framed: true, policy:
		{ "loopback-network": true, "local-network-access": false } });
	tab.answer("GET /v1/health", { json: HEALTH });
	assert.equal(await tab.kenmen.diagnose(), null);
});

test("denied: by the state after the failure", async () => {
	const tab = await page({ permission: "prompt" });
	/* As a browser without a screen answers for the person. */
	tab.answer("GET /v1/health", () => {
		tab.permission = "denied";
		return FAIL;
	});
	const error = await diagnosed(tab);
	assert.equal(error.code, "browser_denied");
	assert.deepEqual(error.causes, ["browser_denied"]);
	assert.equal(error.check, null);
	assert.equal(error.retriable, false);
	assert.deepEqual(tab.paths(), ["GET /v1/health"], "and not once more");
});

test("how a denial is undone, in the words of each browser", async () => {
	for (const [browser, ja, en] of [
		[{ brands: [{ brand: "Not/A" }, { brand: "Chromium" }] },
			/「デバイス上のアプリ」/, /"Apps on device"/],
		[{ firefox: true }, /「この端末へのアクセス」/, /"Access this device"/],
		[{}, /ブラウザの設定/, /browser's settings/]]) {
		const tab = await page({ permission: "denied", ...browser });
		tab.answer("GET /v1/health", FAIL);
		const error = await diagnosed(tab);
		assert.match(error.words("ja").next, ja);
		assert.match(error.words("en").next, en);
	}
});

test("denied where the older name is forbidden: the page's own policy", async () => {
	const tab = await page({ permission: "denied", policy:
		{ "loopback-network": true, "local-network-access": false } });
	tab.answer("GET /v1/health", FAIL);
	const error = await diagnosed(tab);
	assert.equal(error.code, "not_allowed_here");
	assert.deepEqual(error.causes, ["permissions_policy"]);
});

test("denied in a frame: both causes where the browser tells no policy", async () => {
	const tab = await page({ permission: "denied", framed: true });
	tab.answer("GET /v1/health", FAIL);
	const error = await diagnosed(tab);
	assert.equal(error.code, "not_allowed_here");
	assert.deepEqual(error.causes, ["iframe", "browser_denied"]);
});

test("denied in a frame that may ask: the person's no", async () => {
	const tab = await page({ permission: "denied", framed: true, policy:
		{ "loopback-network": true, "local-network-access": false } });
	tab.answer("GET /v1/health", FAIL);
	assert.equal((await diagnosed(tab)).code, "browser_denied");
});

test("granted, and nobody answers: absent or not trusted, and what decides", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", FAIL);
	const error = await diagnosed(tab, { port: 4711 });
	assert.equal(error.code, "unreachable");
	assert.deepEqual(error.causes, GRANTED_CAUSES);
	assert.equal(error.check, "https://127.0.0.1:4711/");
	assert.equal(error.status, null);
	assert.equal(error.retriable, true);
	for (const lang of ["ja", "en"])
		assert.match(error.words(lang).next, /https:\/\/127\.0\.0\.1:4711\//);
	assert.match(error.words("ja").detail, /動いていない、または、.*証明書/);
});

test("granted, and an answer that may not be read: not listed", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", FAIL);
	tab.answer("no-cors GET /v1/health", { status: 403, text: "" });
	const error = await diagnosed(tab);
	assert.equal(error.code, "origin_not_listed");
	assert.match(error.words("en").detail, /https:\/\/drone\.example/);
	const probe = tab.requests[1];
	assert.deepEqual(probe.headers, {});
	assert.equal(probe.options.credentials, "omit");
});

test("a browser that asks nobody", async () => {
	for (const more of [{ names: [] }, { names: ["geolocation"] }]) {
		const tab = await page(more);
		tab.answer("GET /v1/health", FAIL);
		assert.deepEqual((await diagnosed(tab)).causes, GRANTED_CAUSES);
	}
	const tab = await page();
	navigator.permissions = undefined;
	tab.answer("GET /v1/health", { json: HEALTH });
	assert.equal(await tab.kenmen.diagnose(), null);
});

test("a browser that knows the older name alone", async () => {
	const tab = await page({ names: ["local-network-access"], permission: "denied" });
	tab.answer("GET /v1/health", FAIL);
	assert.equal((await diagnosed(tab)).code, "browser_denied");
});

test("prompt, and it fails at once: all that it may be, and no second request", async () => {
	const tab = await page({ permission: "prompt" });
	tab.answer("GET /v1/health", FAIL);
	const error = await diagnosed(tab);
	assert.equal(error.code, "unreachable");
	assert.deepEqual(error.causes, PROMPT_CAUSES);
	assert.equal(error.check, "https://127.0.0.1:25366/");
	assert.deepEqual(tab.paths(), ["GET /v1/health"],
		"another one would ask the person again");
});

/* A diagnosis that waits for the person. */
async function asking(tab)
{
	const seen = { questions: 0 };
	tab.answer("GET /v1/health", HANG);
	seen.got = tab.kenmen.diagnose({ onquestion: () => seen.questions++ });
	await tab.pass(900);
	assert.equal(seen.questions, 0, "not before a second");
	await tab.pass(1000);
	assert.equal(seen.questions, 1);
	return seen;
}

test("the question is on the screen, and is answered with yes", async () => {
	const tab = await page({ permission: "prompt" });
	const seen = await asking(tab);
	await tab.pass(290_000);
	assert.equal(seen.questions, 1, "told once");
	assert.equal(tab.requests.length, 1, "and waited for as long as it takes");
	tab.permission = "granted";
	tab.requests[0].settle({ json: HEALTH });
	assert.equal(await seen.got, null);
});

test("the question is answered with no", async () => {
	const tab = await page({ permission: "prompt" });
	const seen = await asking(tab);
	tab.permission = "denied";
	tab.requests[0].settle(FAIL);
	await tab.pass(0);
	assert.equal((await seen.got).code, "browser_denied");
});

test("the question is closed without an answer", async () => {
	const tab = await page({ permission: "prompt" });
	const seen = await asking(tab);
	tab.requests[0].settle(FAIL);
	await tab.pass(0);
	const error = await seen.got;
	assert.equal(error.code, "browser_dismissed");
	assert.deepEqual(error.causes, ["browser_dismissed", "origin_not_listed"]);
	assert.equal(error.retriable, true);
	assert.equal(tab.requests.length, 1, "nothing that asks again");
});

test("a yes to the question, and then nobody there (Firefox looks later)", async () => {
	const tab = await page({ permission: "prompt" });
	const seen = await asking(tab);
	tab.permission = "granted";
	tab.answer("GET /v1/health", FAIL);
	tab.requests[0].settle(FAIL);
	await tab.pass(0);
	assert.deepEqual((await seen.got).causes, GRANTED_CAUSES);
});

test("a kenmend that is slow is no question", async () => {
	const tab = await page();
	let questions = 0;
	tab.answer("GET /v1/health", HANG);
	const got = tab.kenmen.diagnose({ onquestion: () => questions++ });
	await tab.pass(14_500);
	assert.equal(tab.requests[0].over, false);
	tab.answer("GET /v1/health", FAIL);
	await tab.pass(1000);
	assert.equal(tab.requests[0].over, true);
	assert.equal((await got).code, "unreachable");
	assert.equal(questions, 0);
});

test("one that never answers", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", HANG);
	const got = tab.kenmen.diagnose();
	await tab.pass(31_000);
	assert.equal((await got).code, "unreachable");
});

test("given up while the question is open", async () => {
	const tab = await page({ permission: "prompt" });
	const cut = new AbortController();
	tab.answer("GET /v1/health", HANG);
	const got = tab.kenmen.diagnose({ signal: cut.signal });
	await tab.pass(5000);
	cut.abort();
	await tab.pass(0);
	assert.equal((await got).code, "aborted");
	assert.equal(tab.requests[0].over, true);
});

test("given up before", async () => {
	const tab = await page();
	const cut = new AbortController();
	cut.abort();
	tab.answer("GET /v1/health", { json: HEALTH });
	const got = tab.kenmen.diagnose({ signal: cut.signal });
	await tab.pass(0);
	assert.equal((await got).code, "aborted");
});

test("one request at a time until the person has answered", async () => {
	const tab = await page({ permission: "prompt" });
	tab.answer("GET /v1/health", HANG, { json: HEALTH });
	const first = tab.kenmen.diagnose(), second = tab.kenmen.diagnose();
	await tab.pass(3000);
	assert.equal(tab.requests.length, 1);
	tab.permission = "granted";
	tab.requests[0].settle({ json: HEALTH });
	assert.deepEqual(await Promise.all([first, second]), [null, null]);
	assert.equal(tab.requests.length, 2);
});

test("one that fails holds up none", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", FAIL, FAIL, { json: HEALTH });
	const first = tab.kenmen.diagnose(), second = tab.kenmen.diagnose();
	await tab.pass(0);
	assert.equal((await first).code, "unreachable");
	assert.equal(await second, null);
});

test("no question for a page that nobody has clicked on", async () => {
	const tab = await page({ permission: "prompt", clicked: false });
	assert.equal((await diagnosed(tab)).code, "needs_click");
	assert.equal((await failure(tab.kenmen.connect())).code, "needs_click");
	assert.deepEqual(tab.requests, []);
	tab.permission = "granted";
	tab.answer("GET /v1/health", { json: HEALTH });
	assert.equal(await tab.kenmen.diagnose(), null);
});

test("the page's own Content-Security-Policy", async () => {
	const tab = await page({ permission: "prompt" });
	tab.answer("GET /v1/health", () => {
		setTimeout(() => tab.document.dispatchEvent(Object.assign(
			new Event("securitypolicyviolation"),
			{ blockedURI: "https://127.0.0.1:25366/v1/health" })), 0);
		return FAIL;
	});
	const got = tab.kenmen.diagnose();
	await tab.pass(0);
	const error = await got;
	assert.equal(error.code, "not_allowed_here");
	assert.deepEqual(error.causes, ["csp"]);
	assert.match(error.words("ja").detail, /connect-src に https:\/\/127\.0\.0\.1:25366 がない/);
});

test("violations of something else", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", () => {
		tab.document.dispatchEvent(Object.assign(
			new Event("securitypolicyviolation"), { blockedURI: "inline" }));
		return FAIL;
	});
	const got = tab.kenmen.diagnose();
	await tab.pass(0);
	assert.equal((await got).code, "unreachable");
});

test("too old, by numbers and not by letters", async () => {
	for (const [version, minimum, old] of [
		["0.1.0", undefined, false], ["0.1.0", "0.1.0", false],
		["0.1.0", "0.1", false], ["0.1", "0.1.0", false],
		["0.1.0", "0.1.1", true], ["0.9.9", "0.10.0", true],
		["0.10.0", "0.9.9", false], ["1.0.0", "0.9.9", false],
		["0.9.9", "1", true], ["0.1.0", "0.1.0.1", true]]) {
		const tab = await page();
		tab.answer("GET /v1/health", { json: { ...HEALTH, version } });
		const error = await tab.kenmen.diagnose({ minimum });
		assert.equal(error?.code ?? null, old ? "too_old" : null,
			`${version} ${minimum}`);
		if (!old)
			continue;
		assert.deepEqual({ ...error.extra }, { version, minimum });
		assert.ok(error.words("ja").detail.includes(version));
		assert.ok(error.words("en").detail.includes(minimum));
	}
});

test("kenmend is there, but what it needs is not", async () => {
	for (const part of ["pcsc", "prompt"]) {
		const tab = await page();
		tab.answer("GET /v1/health", { json: { ...HEALTH, [part]: "unavailable" } });
		assert.equal((await diagnosed(tab)).code, part + "_unavailable");
	}
});

test("a refusal that may be read", async () => {
	for (const [code, ours] of [["other_user", "other_user"],
		["origin_not_allowed", "origin_not_listed"]]) {
		const tab = await page();
		tab.answer("GET /v1/health", problem(403, code));
		const error = await diagnosed(tab);
		assert.equal(error.code, ours);
		assert.equal(error.status, 403);
		assert.deepEqual(tab.paths(), ["GET /v1/health"]);
	}
});

test("an answer that is cut", async () => {
	const tab = await page();
	tab.answer("GET /v1/health", { text: "{\"service\":\"ken" });
	const error = await diagnosed(tab);
	assert.equal(error.code, "unreachable");
	assert.equal(error.check, "https://127.0.0.1:25366/");
});

test("a function of the page that throws is the page's affair", async () => {
	const tab = await page({ permission: "prompt" });
	tab.answer("GET /v1/health", HANG);
	const got = tab.kenmen.diagnose({ onquestion: () => {
		throw new Error("the page's");
	} });
	await tab.pass(2000);
	assert.deepEqual(tab.thrown.map((e) => e.message), ["the page's"]);
	tab.requests[0].settle({ json: HEALTH });
	assert.equal(await got, null);
});
