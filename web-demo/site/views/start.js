import { h } from "../dom.js";
import { t } from "../i18n.js";
import { box, bullets, goto, heading, link, outside, paragraphs, section }
	from "../parts.js";

export function start(ctx)
{
	const member = ctx.app.me.account !== null;

	return [
		heading(t("start.title")),
		h("div.lead", {}, paragraphs("start.lead")),
		h("div.choices", {},
			h("section.choice", {}, h("h2", {}, t("start.new.title")),
				h("p", {}, t("start.new.text")),
				member ? goto("mypage", t("nav.mypage"), "go-mypage") :
					goto("account", t("start.new.go"), "go-new")),
			!member && h("section.choice", {},
				h("h2", {}, t("start.login.title")),
				h("p", {}, t("start.login.text")),
				goto("login", t("start.login.go"), "go-login",
					"second"))),
		section(t("start.need.title"), bullets("start.need.items"),
			h("p", {}, link("prepare", t("start.need.link")))),
		box("warn", t("notice.title"), bullets("notice.items")),
		section(t("start.corporate.title"),
			h("p", {}, t("start.corporate.text"))),
		section(t("start.rules.title"), h("p", {}, t("start.rules.text")),
			h("p", {}, outside("https://www.mlit.go.jp/",
				t("start.rules.link")))),
	];
}
