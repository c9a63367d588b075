import { h } from "../dom.js";
import { t, tl } from "../i18n.js";
import { heading, section, terms } from "../parts.js";

const SAMPLE = `<button id="read">カードを読み取る</button>
<script type="module">
import { connect } from "./kenmen.js";

read.onclick = async () => {
  try {
    const card = await connect({ lang: "ja", minimum: "0.1.0" });
    const { authenticate, attributes } = await card.read(
      ["authenticate", "attributes"],
      { challenge: await fromYourServer(),
        onprogress: ({ state }) => show(state) });
    await toYourServer(authenticate.jws);   // check it there
    form.name.value = attributes.name;      // a help to type, no proof
    await card.end();
  } catch (error) {
    const { title, detail, next } = error.words("ja");
    show(title, detail, next);
  }
};
</script>`;

/* What a site says of itself so that its page may call kenmend. */
const headers = (kenmend) => `Content-Security-Policy: \
connect-src 'self' ${kenmend}; frame-ancestors 'none'
Permissions-Policy: loopback-network=(self)`;

const configuration = (origin) => `[origin "${origin}"]
name = ドローン登録デモ
kinds = attributes, authenticate, sign`;

function code(label, text)
{
	return h("pre.commands", { tabindex: "0", role: "group",
		"aria-label": label, lang: "en" }, h("code", {}, text));
}

export function developers(ctx)
{
	const { kenmend, origin } = ctx.app.config;
	const docs = ["developers.md", "samples", "openapi.yaml", "trust.md",
		"threat-model.md", "privacy.md"];

	return [
		heading(t("dev.title")),
		h("p.lead", {}, t("dev.lead")),
		section(t("dev.page"), code(t("dev.page"), SAMPLE)),
		section(t("dev.headers"), code(t("dev.headers"), headers(kenmend))),
		section(t("dev.conf"), code(t("dev.conf"), configuration(origin))),
		section(t("dev.server"), h("ul", {}, tl("dev.checks")
			.map((text) => h("li", {}, text)))),
		section(t("dev.docs"), h("p", {}, t("dev.where")),
			terms(docs.map((name) => [h("code", {}, "docs/" + name),
				t("dev.doc." + name.split(".")[0])]))),
	];
}
