/* What stands around every view: header, session line, footer. */
import { h, say } from "./dom.js";
import { lang, t } from "./i18n.js";
import { link } from "./parts.js";

const NAV = ["start", "prepare", "mypage", "developers"];

function menu(view, account)
{
	return h("nav.menu", { "aria-label": t("nav.label") }, h("ul", {},
		NAV.filter((name) => name !== "mypage" || account !== null)
			.map((name) => h("li", {}, link(name, t("nav." + name), {
				"aria-current": name === view ? "page" : null })))));
}

/** The top of the page: a banner, the site's name, the menu. */
export function top(ctx, view)
{
	return [
		h("a.skip", { href: "#main", onclick: (event) => {
			event.preventDefault();
			document.getElementById("heading").focus();
		} }, t("skip")),
		h("header.head", {},
			h("p.simulated", {}, t("simulated")),
			h("div.bar", {},
				h("a.site", { href: "#start" }, t("site")),
				h("button#lang.quiet", { type: "button",
					lang: lang() === "ja" ? "en" : "ja",
					onclick: () => ctx.switchLang() },
				t("other_lang"))),
			menu(view, ctx.app.me.account)),
		sessionLine(ctx),
	];
}

/* Who, which reader, how long still, and out. */
function sessionLine(ctx)
{
	return h("section#session-line", { "aria-label": t("session.label"),
		hidden: true },
	h("ul", {}, h("li#session-who", {}), h("li#session-reader", {}),
		h("li#session-left", {})),
	h("button#session-end.quiet", { type: "button",
		onclick: () => ctx.end("closed") }, t("session.end")));
}

/** Brings the session line up to date; it is there when there is a session. */
export function updateSession(ctx)
{
	const line = document.getElementById("session-line");
	const { account } = ctx.app.me;
	const { reader } = ctx.flow;

	line.hidden = !ctx.holding();
	if (line.hidden)
		return;
	say(line.querySelector("#session-who"), account === null ?
		t("session.guest") : t("session.who", { name: account.name }));
	say(line.querySelector("#session-reader"), reader === null ?
		t("session.no_reader") :
		t("session.reader", { model: reader.model }));
	say(line.querySelector("#session-left"), t("session.left",
		{ n: Math.ceil(ctx.idle.left(ctx.clock.now()) / 60) }));
}

export function bottom()
{
	return h("footer.foot", {}, h("p", {}, t("site")),
		h("p", {}, t("simulated")));
}
