/* Parts of which several views are made. */
import { h } from "./dom.js";
import { t, tl } from "./i18n.js";
import { step, STEPS } from "./router.js";

/** The heading of a view: focus goes here when the view comes. */
export function heading(text)
{
	return h("h1#heading", { tabindex: "-1" }, text);
}

/** Where one is: "手順 3／6" and the steps by name. */
export function steps(view)
{
	const now = step(view);

	if (now === 0)
		return null;
	const item = (_, i) => h("li", {
		class: i + 1 < now ? "past" : i + 1 === now ? "now" : null,
		"aria-current": i + 1 === now ? "step" : null,
	}, h("span.number", { "aria-hidden": "true" }, String(i + 1)),
	h("span.name", {}, t("steps." + (i + 1)),
		i + 1 < now && h("span.unseen", {}, t("steps.past"))));

	return h("nav.steps", { "aria-label": t("steps.label") },
		h("p.where", {}, t("steps.where", { now, all: STEPS.length }),
			h("span", {}, t("steps." + now))),
		h("ol", {}, STEPS.map(item)));
}

/** To another view of this site. */
export function link(view, text, more = {})
{
	return h("a", { href: "#" + view, ...more }, text);
}

/** A button-like link to another view. */
export function goto(view, text, id, look = "main")
{
	return h("a.button" + (id ? "#" + id : ""),
		{ href: "#" + view, class: look }, text);
}

/** To another site, in the manual's manner. */
export function outside(href, text)
{
	return h("span.outside", {},
		h("a", { href, target: "_blank", rel: "noopener noreferrer" },
			text), " ",
		h("small", {}, t("outside")));
}

export function paragraphs(key, values)
{
	return tl(key, values).map((text) => h("p", {}, text));
}

export function bullets(key, values)
{
	return h("ul", {}, tl(key, values).map((text) => h("li", {}, text)));
}

export function numbered(key, values)
{
	return h("ol.plain", {}, tl(key, values).map((text) => h("li", {}, text)));
}

/** A box that stands out. tone: "info", "warn", "error" or "ok". */
export function box(tone, title, ...children)
{
	return h("div.box", { class: tone },
		title && h("h2.box-title", {}, h("span.tone", {},
			t("tone." + tone)), title),
		...children);
}

export function section(title, ...children)
{
	return h("section", {}, h("h2", {}, title), ...children);
}

/** [[term, description…], …] */
export function terms(rows)
{
	return h("dl", {}, rows.map(([term, ...rest]) =>
		h("div", {}, h("dt", {}, term), h("dd", {}, ...rest))));
}

const OK = new Map([[true, "ok"], [false, "bad"], [null, "unsure"]]);

/** What the server checked: one line each, the verdict in words. */
export function checks(list, words)
{
	return h("ul.checks", {}, list.map((check) => {
		const how = OK.get(check.ok) ?? "unsure";

		return h("li", { class: how, "data-check": check.name,
			"data-ok": String(check.ok) },
		h("span.verdict", {}, t("verdict.mark." + how)), " ",
		words(check));
	}));
}

/** How a lock is undone: the manual's words, and what a shop can do. */
export function unlocking()
{
	return [h("p", {}, t("pin.unlock")), h("p", {}, t("pin.shop")),
		h("p", {}, outside("https://www.jpki.go.jp/", t("pin.shop_link")))];
}
