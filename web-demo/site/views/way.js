import { h } from "../dom.js";
import { t } from "../i18n.js";
import { heading, steps } from "../parts.js";

/* The manual's three ways; what is not built cannot be taken, and says so. */
const WAYS = [
	["reader", true],
	["qr", false],
	["phone", false],
];

function way(ctx, name, built)
{
	const note = "way-note-" + name;

	return h("section.way", { class: built ? null : "unbuilt" },
		h("h2", {}, t(`way.${name}.title`)),
		h("p", {}, t(`way.${name}.text`)),
		!built && h("p.reason", { id: note }, t("way.unbuilt")),
		h("button#way-" + name, {
			type: "button",
			class: built ? "main" : "second",
			"aria-disabled": built ? null : "true",
			"aria-describedby": built ? null : note,
			onclick: () => built ? ctx.go("prepare") :
				ctx.announce(t("way.unbuilt")),
		}, t(`way.${name}.go`)));
}

export function chooseWay(ctx)
{
	return [
		steps("way"),
		heading(t("way.title")),
		h("p.lead", {}, t("way.lead")),
		h("div.ways", {}, WAYS.map(([name, built]) =>
			way(ctx, name, built))),
	];
}
