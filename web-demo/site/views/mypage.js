import { h } from "../dom.js";
import { date, t } from "../i18n.js";
import { box, goto, heading, link, section, terms } from "../parts.js";
import { particulars } from "./result.js";

function registration(entry)
{
	return h("li.card", {},
		h("h3", {}, h("span.note", {}, t("done.symbol")), " ",
			h("span.symbol", {}, entry.symbol)),
		particulars(entry));
}

export function mypage(ctx)
{
	const { account, registrations, draft } = ctx.app.me;

	return [
		heading(t("mypage.title")),
		h("p.lead", {}, t("mypage.lead", { name: account.name })),
		draft?.document && box("info", t("mypage.draft"),
			h("p", {}, link("review", t("mypage.draft_go")))),
		section(t("mypage.drones"), registrations.length === 0 ?
			h("p", {}, t("mypage.none")) :
			h("ul.cards", {}, registrations.map(registration)),
		h("p.buttons", {}, goto("form", t("mypage.add"), "mypage-add"))),
		section(t("mypage.account"), terms([
			[t("form.name.label"), account.name],
			[t("form.email.label"), account.email],
			[t("account.kind.legend"), t("account.kind.individual")],
			[t("mypage.linked"), date(account.linked_at)],
		])),
	];
}
