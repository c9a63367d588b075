import { h } from "../dom.js";
import { t, tl } from "../i18n.js";
import { doctorResult } from "../card-panel.js";
import { box, goto, heading, numbered, outside, steps } from "../parts.js";

/* Which browser this seems to be; only what is opened first depends on it. */
function browser()
{
	return /Firefox\//.test(navigator.userAgent) ? "firefox" : "chromium";
}

function part(key, ...children)
{
	return h("section.part", { id: "part-" + key },
		h("h2", {}, t(`prepare.${key}.title`)), ...children);
}

/* The same thing in each browser; the person's own stands open. */
function perBrowser(key)
{
	return ["chromium", "firefox"].map((name) => h("details", {
		open: name === browser() },
	h("summary", {}, t("prepare.browser." + name)),
	numbered(`prepare.${key}.${name}`)));
}

function commands(key)
{
	return h("pre.commands", { tabindex: "0",
		role: "group", "aria-label": t("prepare.commands") },
	h("code", {}, tl(key).join("\n")));
}

export function prepare(ctx)
{
	const { minimum, kenmend } = ctx.app.config;
	const found = h("div#found", {});
	const button = h("button#prepare-check.second", { type: "button",
		onclick: check }, t("prepare.check.go"));

	async function check()
	{
		if (button.getAttribute("aria-disabled") === "true")
			return;
		button.setAttribute("aria-disabled", "true");
		ctx.announce(t("prepare.check.busy"));
		found.replaceChildren(box("info", null,
			h("p", {}, t("prepare.check.busy"))));
		const error = await ctx.flow.diagnose().catch((e) => e);
		button.removeAttribute("aria-disabled");
		found.replaceChildren(doctorResult(error));
		found.firstChild.focus();
	}

	const onward = ctx.app.me.account !== null ? ["mypage", "nav.mypage"] :
		ctx.typed().email === "" ? ["account", "start.new.go"] :
			["link", "prepare.next"];

	return [
		steps("prepare"),
		heading(t("prepare.title")),
		h("p.lead", {}, t("prepare.lead")),
		part("kenmen", numbered("prepare.kenmen.install"),
			commands("prepare.kenmen.install_commands"),
			h("p", {}, t("prepare.kenmen.demo")),
			h("h3", {}, t("prepare.kenmen.update_title")),
			numbered("prepare.kenmen.update", { minimum }),
			commands("prepare.kenmen.update_commands")),
		part("reader", numbered("prepare.reader.steps"),
			commands("prepare.reader.commands"),
			h("p", {}, outside("https://www.jpki.go.jp/",
				t("prepare.reader.link")))),
		part("trust", h("p", {}, t("prepare.trust.text")),
			commands("prepare.trust.commands"),
			perBrowser("trust"),
			h("p", {}, t("prepare.trust.see"), " ",
				h("a", { href: kenmend + "/", target: "_blank",
					rel: "noopener noreferrer" }, kenmend + "/"),
				" ", h("small", {}, t("newtab")))),
		part("permission", h("p", {}, t("prepare.permission.text")),
			perBrowser("permission")),
		part("check", h("p", {}, t("prepare.check.text")),
			h("p.buttons", {}, button), found),
		h("p.buttons.forward", {}, goto(onward[0], t(onward[1]),
			"prepare-next")),
	];
}
