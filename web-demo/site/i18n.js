/*
 * Words by key, in the language of the person. Each language is one table
 * (text/ja.js, text/en.js) with the same keys, held by tests/pages.
 */
import ja from "./text/ja.js";
import en from "./text/en.js";

export const TABLES = { ja, en };

let current = "ja";

/** The language now: "ja" or "en". */
export function lang()
{
	return current;
}

export function setLang(wanted)
{
	current = wanted in TABLES ? wanted : "ja";
}

function look(key)
{
	return key.split(".").reduce((at, part) => at?.[part], TABLES[current]);
}

/** Is there anything under this key? */
export function has(key)
{
	return look(key) !== undefined;
}

/** The text of a key, with {name} filled in from values. */
export function t(key, values = {})
{
	const text = look(key);

	if (typeof text !== "string")
		throw new Error("no text: " + key);
	return fill(text, values);
}

/** A key that holds several texts: paragraphs, steps, items. */
export function tl(key, values = {})
{
	return look(key).map((text) => fill(text, values));
}

function fill(text, values)
{
	return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

/** The one of a server's two texts: { detail, detail_ja }. */
export function pick(said)
{
	return (current === "ja" && said.detail_ja) || said.detail || "";
}

/** "1990-04-01" as one writes it; anything else as it is. */
export function date(text)
{
	const parts = /^(\d{4})-(\d{2})-(\d{2})/.exec(text ?? "");

	if (parts === null)
		return text ?? "";
	const [y, m, d] = parts.slice(1).map(Number);
	if (current === "ja")
		return `${y}年${m}月${d}日`;
	return new Intl.DateTimeFormat("en-GB", { dateStyle: "long",
		timeZone: "UTC" }).format(Date.UTC(y, m - 1, d));
}
