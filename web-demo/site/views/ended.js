import { h } from "../dom.js";
import { t } from "../i18n.js";
import { box, heading, paragraphs } from "../parts.js";

/** why: "idle", "elsewhere" or "closed". */
export function ended(ctx)
{
	const why = ctx.app.ended;

	return [
		heading(t(`ended.${why}.title`)),
		box(why === "elsewhere" ? "warn" : "info", null,
			paragraphs(`ended.${why}.text`)),
		why === "elsewhere" && h("p", {}, t("ended.not_you")),
		h("p.buttons", {}, h("button#restart.main", { type: "button",
			onclick: () => ctx.restart() }, t("ended.restart"))),
	];
}
