/*
 * The three reads of a registration: which kinds, with what, and where the
 * result goes. CardFlow runs them; see CardFlow.run.
 */
import * as api from "./api.js";
import * as store from "./store.js";

/* Fails like everything else that fails here: by a code that has words. */
class PageError extends Error {
	constructor(code)
	{
		super(code);
		this.code = code;
	}
}

function base64(buffer)
{
	return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}

/** SHA-256 of a text's UTF-8, in base64. */
export async function digest(text)
{
	return base64(await crypto.subtle.digest("SHA-256",
		new TextEncoder().encode(text)));
}

/** Both things in one read, two windows: who this is, and the form's data. */
export function link(ctx)
{
	return {
		view: "link",
		kinds: ["authenticate", "attributes"],
		prepare: async () => ({ challenge: await api.challenge("link") }),
		submit: ({ authenticate, attributes }) => api.account({
			kind: "individual",
			email: store.get().email,
			jws: authenticate.jws,
			attributes: {
				name: attributes.name,
				address: attributes.address,
				birth_date: attributes.birth_date,
				sex: attributes.sex,
			},
		}),
		after: async ({ draft, checks }) => {
			ctx.app.checks = checks;
			store.put({ form: { ...draft.form } });
			await ctx.refresh();
			ctx.arrive("form", "arrive.form");
		},
	};
}

export function login(ctx)
{
	return {
		view: "login",
		kinds: ["authenticate"],
		prepare: async () => ({ challenge: await api.challenge("login") }),
		submit: ({ authenticate }) => api.login(authenticate.jws),
		after: async ({ checks }) => {
			ctx.app.checks = checks;
			await ctx.refresh();
			ctx.arrive("mypage", "arrive.mypage");
		},
	};
}

/**
 * The text that is on the screen is what is signed: its digest is made here,
 * and the server's must be the same.
 */
export function sign(ctx)
{
	const paper = ctx.app.me.draft?.document;

	return {
		view: "sign",
		kinds: ["sign"],
		prepare: async () => {
			const made = await digest(paper.text);
			if (made !== paper.sha256)
				throw new PageError("document_changed");
			return { hash: "sha256", digests: [made],
				titles: [paper.title] };
		},
		submit: (results) => api.sign({
			id: paper.id,
			signature: results.sign.signatures[0],
			certificate: results.sign.certificate,
		}),
		after: async (verdict) => {
			ctx.app.verdict = verdict;
			if (verdict.accepted)
				store.put({ drone: {} });
			await ctx.refresh();
			ctx.arrive("verdict", "arrive.verdict");
		},
	};
}

/** The job to which a read of these kinds belongs, in whatever order. */
export function jobOf(kinds, ctx)
{
	const wanted = String([...kinds].sort());
	const make = [link, login, sign].find((job) =>
		String(job(ctx).kinds.sort()) === wanted);

	return make ? make(ctx) : null;
}
