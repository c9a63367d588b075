/* Every code has words for a person, in Japanese and English: with what
 * kenmend itself says of it (daemon/codes.c), or without. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { page } from "./fake.mjs";

const file = (name) => readFileSync(
	new URL("../../" + name, import.meta.url), "utf8");
/* {code, status, detail, detail_ja, retriable} */
const SAID = [...file("daemon/codes.c").matchAll(
	/\{ "(\w+)", (\d+), "[^"]+",\s*"((?:[^"\\]|\\.)+)",\s*"((?:[^"\\]|\\.)+)",\s*(true|false) \}/g)]
	.map(([, code, status, detail, detail_ja, retriable]) => ({ code,
		status: Number(status), detail, detail_ja,
		retriable: retriable === "true" }));
const types = file("web-demo/kenmen.d.ts").replace(/\/\/.*/g, "");
const listed = (name) => [...types.match(
	new RegExp(`export type ${name} =([^;]+);`))[1].matchAll(/"(\w+)"/g)]
	.map((m) => m[1]);

/* Codes that kenmen.js has another name for. */
const RENAMED = ["session_active", "origin_not_allowed"];

function check(words, what)
{
	assert.deepEqual(Object.keys(words), ["title", "detail", "next"]);
	assert.ok(words.title, `${what}: no title`);
	assert.ok(words.next, `${what}: nothing to do`);
	for (const text of Object.values(words))
		assert.ok(!/undefined|null|NaN|\{\w+\}|\.\.|。。/.test(text), `${what}: ${text}`);
}

test("all codes of kenmend are there", () => {
	assert.ok(SAID.length > 30);
	const ours = new Set([...listed("ApiCode"), ...listed("Cause")]);
	for (const { code } of SAID)
		assert.ok(ours.has(code) || RENAMED.includes(code),
			`kenmen.d.ts lacks ${code}`);
	const theirs = new Set(SAID.map((s) => s.code));
	for (const code of listed("ApiCode"))
		assert.ok(theirs.has(code), `kenmend has no ${code}`);
});

for (const lang of ["ja", "en"])
	test(`words of kenmend's codes: ${lang}`, async () => {
		const { kenmen } = await page();
		for (const { code, ...more } of SAID) {
			const words = new kenmen.KenmenError(code, more).words(lang);
			check(words, code);
			if (lang === "ja")
				assert.match(words.title + words.next, /[぀-ヿ]/);
			else
				assert.doesNotMatch(Object.values(words).join(), /[぀-ヿ]/);
		}
	});

for (const lang of ["ja", "en"])
	test(`words of our own: ${lang}`, async () => {
		const { kenmen } = await page();
		const codes = [...listed("Cause"), ...listed("Code"), "no_such_code"];
		for (const code of codes)
			check(new kenmen.KenmenError(code, {
				check: "https://127.0.0.1:25366/",
				causes: ["not_running", "csp"],
				extra: { base: "B", version: "1", minimum: "2" },
			}).words(lang), code);
		const all = listed("Reason").filter((c) => c !== "Cause");
		for (const cause of all)
			assert.ok(!new kenmen.KenmenError("unreachable",
				{ causes: [cause] }).words(lang).detail.includes(cause),
			`${cause} has no words`);
	});

test("what a person needs of a wrong PIN and a locked one", async () => {
	const { kenmen } = await page();
	const error = (code, extra) => new kenmen.KenmenError(code,
		{ ...SAID.find((s) => s.code === code && s.status === 0), extra });
	assert.match(error("pin_wrong", { tries_left: 2 }).words("ja").detail, /残り2回/);
	assert.match(error("pin_wrong", { tries_left: 2 }).words("en").detail, /Tries left: 2/);
	assert.doesNotMatch(error("pin_wrong", { tries_left: null }).words("ja").detail, /残り/);
	assert.match(error("pin_blocked").words("ja").next, /市区町村の窓口/);
	assert.match(error("pin_blocked").words("en").next, /municipal office/);
});

test("a log's line has code and detail, and no more", async () => {
	const { kenmen } = await page();
	assert.equal(String(new kenmen.KenmenError("busy", { detail: "why" })),
		"KenmenError: busy: why");
	assert.equal(String(new kenmen.KenmenError("aborted")), "KenmenError: aborted");
});
