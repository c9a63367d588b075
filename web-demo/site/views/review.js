import { h } from "../dom.js";
import { t } from "../i18n.js";
import { box, goto, heading, link, steps } from "../parts.js";

/** The document itself, as it is signed. */
export function paper(document)
{
	return h("pre#document.paper", { tabindex: "0", role: "group", lang: "ja",
		"aria-label": document.title }, document.text);
}

export function review(ctx)
{
	const { document } = ctx.app.me.draft;

	return [
		steps("review"),
		heading(t("review.title")),
		h("p.lead", {}, t("review.lead")),
		h("h2", {}, document.title),
		paper(document),
		h("p.note", {}, t("review.digest"), " ",
			h("code.digest", {}, document.sha256)),
		box("info", null, h("p", {}, t("review.what"))),
		h("p.buttons", {}, goto("sign", t("review.next"), "review-next"),
			link("form", t("review.back"), { id: "review-back",
				class: "button quiet" })),
	];
}
