/* Both languages say the same things. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { date, has, pick, setLang, t, TABLES }
	from "../../web-demo/site/i18n.js";

const SITE = new URL("../../web-demo/site/", import.meta.url);

/* [key, text] of all, lists by number. */
function all(table, prefix = "")
{
	return Object.entries(table).flatMap(([key, value]) =>
		typeof value === "string" ? [[prefix + key, value]] :
			all(value, prefix + key + "."));
}

const ja = new Map(all(TABLES.ja)), en = new Map(all(TABLES.en));

test("the same keys", () => {
	assert.deepEqual([...ja.keys()].sort(), [...en.keys()].sort());
});

test("the same values are filled in", () => {
	const holes = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

	for (const [key, text] of ja)
		assert.deepEqual(holes(en.get(key)), holes(text), key);
});

test("nothing is empty, and nothing is left in the other language", () => {
	/* Names that English keeps stand in brackets. */
	for (const [key, text] of en) {
		assert.notEqual(text.trim(), "", key);
		if (key !== "other_lang")
			assert.doesNotMatch(text.replace(/\([^)]*\)/g, ""),
				/[\u3040-\u30ff\u4e00-\u9fff]/, key);
	}
	for (const [key, text] of ja)
		if (key !== "other_lang" && !key.includes("commands"))
			assert.match(text, /[\u3000-\u9fff、。／…（）]|^\d|Firefox/, key);
});

test("the manual's words", () => {
	for (const words of ["ICカードリーダー認証", "2次元バーコード認証"])
		assert.ok([...ja.values()].includes(words), words);
	assert.equal(TABLES.ja.outside, "※リンクを押すと外部サイトが開きます");
	assert.equal(TABLES.ja.ended.restart, "やり直し");
});

test("every key that the pages name is there", () => {
	const named = /\b(?:t|tl|paragraphs|bullets|numbered)\("([\w.-]+)"/g;

	for (const name of readdirSync(SITE, { recursive: true })
		.filter((name) => name.endsWith(".js"))) {
		const source = readFileSync(new URL(name, SITE), "utf8");
		for (const [, key] of source.matchAll(named))
			if (!key.endsWith("."))
				assert.ok(has(key), `${name}: ${key}`);
	}
});

test("filling in, picking, dates", () => {
	setLang("ja");
	assert.equal(t("steps.where", { now: 2, all: 6 }), "手順 2／6");
	assert.equal(pick({ detail: "d", detail_ja: "ん" }), "ん");
	assert.equal(date("1990-04-01"), "1990年4月1日");
	setLang("en");
	assert.equal(pick({ detail: "d", detail_ja: "ん" }), "d");
	assert.equal(date("1990-04-01"), "1 April 1990");
	assert.equal(date("99900000"), "99900000");
	assert.throws(() => t("no.such"));
});

test("no page reads text as markup, none has a style or script of its own",
	() => {
		for (const name of readdirSync(SITE, { recursive: true })
			.filter((name) => /\.(js|html)$/.test(name))) {
			const source = readFileSync(new URL(name, SITE), "utf8");
			assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function| style="|<style|https?:\/\/(?!127|www\.(jpki|mlit)\.go\.jp\/)/,
				name);
		}
	});
