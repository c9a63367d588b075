import assert from "node:assert/strict";
import test from "node:test";
import { allowed, step, STEPS, VIEWS, wantedIn }
	from "../../web-demo/site/router.js";

const NOBODY = { account: null, email: "", document: null, verdict: null,
	ended: null };
const MEMBER = { ...NOBODY, account: { name: "見本　花子" } };

test("a stranger is led to where one begins", () => {
	const led = { account: "account", way: "account", link: "account",
		form: "start", review: "start", sign: "start", verdict: "start",
		done: "start", mypage: "login", login: "login", prepare: "prepare",
		nonsense: "start", developers: "developers", ended: "start" };

	for (const [wanted, view] of Object.entries(led))
		assert.equal(allowed(wanted, NOBODY), view, wanted);
	assert.equal(allowed("link", { ...NOBODY, email: "a@b.c" }), "link");
});

test("one who is logged in does not link or log in again", () => {
	for (const view of ["account", "way", "login"])
		assert.equal(allowed(view, MEMBER), "mypage");
	assert.equal(allowed("link", MEMBER), "form");
	assert.equal(allowed("sign", MEMBER), "form");
	assert.equal(allowed("sign", { ...MEMBER, document: {} }), "sign");
	assert.equal(allowed("verdict", MEMBER), "mypage");
	assert.equal(allowed("done", { ...MEMBER,
		verdict: { accepted: false } }), "mypage");
	assert.equal(allowed("done", { ...MEMBER,
		verdict: { accepted: true } }), "done");
});

test("what has ended shows nothing else", () => {
	for (const view of VIEWS)
		assert.equal(allowed(view, { ...MEMBER, ended: "idle" }), "ended");
});

test("every state leads somewhere, from every address", () => {
	for (const wanted of VIEWS)
		for (let bits = 0; bits < 64; bits++) {
			const view = allowed(wanted, {
				account: bits & 1 ? {} : null,
				email: bits & 2 ? "a@b.c" : "",
				document: bits & 4 ? {} : null,
				verdict: bits & 8 ? { accepted: !!(bits & 16) } : null,
				ended: bits & 32 ? "closed" : null,
			});
			assert.ok(VIEWS.includes(view));
		}
});

test("steps and addresses", () => {
	assert.equal(step("account"), 1);
	assert.equal(step("done"), STEPS.length);
	assert.equal(step("mypage"), 0);
	assert.equal(wantedIn("#form"), "form");
	assert.equal(wantedIn(""), "start");
});
