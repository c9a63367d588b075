/* The views that read the card: the link, the login, the signature. */
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { cardPanel } from "../card-panel.js";
import { box, bullets, heading, link as anchor, paragraphs, section, steps,
	terms, unlocking } from "../parts.js";
import * as jobs from "../jobs.js";
import { paper } from "./review.js";

/* What will be asked, in the order of the windows. */
function pins(list)
{
	return section(t("pin.title"),
		h("p", {}, t(list.length > 1 ? "pin.windows_many" :
			"pin.windows_one", { n: list.length })),
		terms(list.map((pin, i) => [
			(list.length > 1 ? `${i + 1}/${list.length} ` : "") +
			t("pin.name." + pin), paragraphs("pin.about." + pin)])),
		h("details", {}, h("summary", {}, t("pin.forgotten")),
			unlocking()));
}

function page(ctx, job, labels)
{
	const panel = cardPanel(ctx, job, labels);

	return { panel, notice: h("p.note", {}, t("notice.reading")) };
}

export function link(ctx)
{
	const { panel, notice } = page(ctx, jobs.link(ctx),
		{ start: t("link.go") });

	return [
		steps("link"),
		heading(t("link.title")),
		h("p.lead", {}, t("link.lead")),
		bullets("link.what"),
		pins(["auth", "attributes"]),
		panel, notice,
		h("p", {}, anchor("prepare", t("card.lead.prepare"))),
	];
}

export function login(ctx)
{
	const { panel, notice } = page(ctx, jobs.login(ctx),
		{ start: t("login.go") });

	return [
		heading(t("login.title")),
		h("p.lead", {}, t("login.lead")),
		box("warn", null, h("p", {}, t("login.elsewhere"))),
		pins(["auth"]),
		panel, notice,
		h("p", {}, anchor("account", t("card.lead.account"))),
		h("p", {}, anchor("prepare", t("card.lead.prepare"))),
	];
}

export function sign(ctx)
{
	const { panel, notice } = page(ctx, jobs.sign(ctx),
		{ start: t("sign.go") });

	return [
		steps("sign"),
		heading(t("sign.title")),
		h("p.lead", {}, t("sign.lead")),
		bullets("sign.what"),
		h("details", {}, h("summary", {}, t("sign.see")),
			paper(ctx.app.me.draft.document)),
		pins(["sign"]),
		panel, notice,
		h("p", {}, anchor("review", t("sign.back"))),
	];
}
