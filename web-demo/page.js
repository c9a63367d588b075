/*
 * One button: a health check, a session, a read of the attributes that is
 * polled to its end, and the read deleted again. All of it against kenmend
 * on this computer, nothing anywhere else.
 */
"use strict";

const KENMEND = document.querySelector('meta[name="kenmend"]').content;

const TEXTS = {
	ja: {
		/* Not the title of the PIN's window, which stands beside it. */
		window: "カードの読み取り｜ドローン登録デモ",
		demo: "ドローン登録デモ",
		title: "マイナンバーカードの読み取り",
		intro: "カードから氏名・住所・生年月日・性別を読み取り、下に表示します。暗証番号は、このページではなく、別に開く画面に入力します。",
		read: "カードを読み取る",
		again: "もう一度読み取る",
		takeover: "この画面で続ける",
		cancel: "中止する",
		end: "終わる（表示を消す）",
		result: "読み取った内容",
		name: "氏名",
		address: "住所",
		birth_date: "生年月日",
		sex: "性別",
		foot: "このデモは、読み取った内容をどこにも送りません。",
		tries: (n) => `暗証番号は、あと${n}回間違えるとロックがかかります。`,
		error: "読み取れませんでした",
	},
	en: {
		window: "Read a card | Drone registration demo",
		demo: "Drone registration demo",
		title: "Read a My Number Card",
		intro: "Reads name, address, date of birth and sex from the card and shows them below. The PIN is typed in a window of its own, not on this page.",
		read: "Read the card",
		again: "Read again",
		takeover: "Continue here",
		cancel: "Stop",
		end: "Finish (clear the screen)",
		result: "What was read",
		name: "Name",
		address: "Address",
		birth_date: "Date of birth",
		sex: "Sex",
		foot: "This demo sends what was read nowhere.",
		tries: (n) => `${n} more wrong entries will lock the PIN.`,
		error: "The card was not read",
	},
};

/* The states of a read, and our own beside them: [title, what to do]. */
const STATES = {
	ja: {
		connecting: ["このパソコンの kenmen につないでいます", ""],
		asking: ["ブラウザーの確認を待っています", "このサイトがパソコン内のアプリにつながることの確認が表示されたら、「許可」を押してください。"],
		starting: ["準備しています", ""],
		waiting_for_reader: ["ICカードリーダーを待っています", "ICカードリーダーをパソコンにつないでください。"],
		waiting_for_card: ["カードを待っています", "マイナンバーカードをICカードリーダーに置いてください。"],
		waiting_for_consent: ["確認を待っています", "別に開いた画面の確認にお答えください。"],
		waiting_for_pin: ["暗証番号を待っています", "別に開いた画面に、数字4桁の暗証番号を入力してください。"],
		reading: ["読み取っています", "カードを動かさないでください。"],
		done: ["読み取りました", "カードをお取りください。"],
		cancelled: ["中止しました", ""],
		ended: ["終わりました", "読み取った内容を消しました。"],
		elsewhere: ["ほかの画面で使用中です", "このサイトは、ほかのタブでカードを読み取る準備をしています。そちらを終えてこの画面で続けますか。"],
		blocked: ["ブラウザーが接続を止めています", "アドレス欄の設定から、このサイトに「ローカルネットワーク（このデバイス上のアプリ）」へのアクセスを許可してください。"],
		unreachable: ["kenmen につながりません", "kenmend が動いているか、その証明書がこのブラウザーに登録されているかを確かめてください。"],
		prompt_unavailable: ["暗証番号の画面を開けません", "このパソコンに暗証番号を入力する画面（pinentry）がありません。"],
		pcsc_unavailable: ["ICカードのサービスが動いていません", "このパソコンの pcscd を確かめてください。"],
	},
	en: {
		connecting: ["Connecting to kenmen on this computer", ""],
		asking: ["Waiting for the browser's question", "If the browser asks whether this site may reach apps on this device, press Allow."],
		starting: ["Getting ready", ""],
		waiting_for_reader: ["Waiting for a card reader", "Connect the card reader to the computer."],
		waiting_for_card: ["Waiting for the card", "Put the My Number Card on the reader."],
		waiting_for_consent: ["Waiting for your answer", "Answer the question in the other window."],
		waiting_for_pin: ["Waiting for the PIN", "Type the 4-digit PIN in the other window."],
		reading: ["Reading", "Do not move the card."],
		done: ["Done", "Please take your card."],
		cancelled: ["Stopped", ""],
		ended: ["Finished", "What was read has been cleared."],
		elsewhere: ["In use on another screen", "This site is ready to read a card in another tab. End that and continue here?"],
		blocked: ["The browser blocks the connection", "Allow this site to reach the local network (apps on this device) in the settings beside the address."],
		unreachable: ["kenmen cannot be reached", "Check that kenmend runs and that this browser trusts its certificate."],
		prompt_unavailable: ["No window for the PIN", "This computer has no program that asks for the PIN (pinentry)."],
		pcsc_unavailable: ["The card service is not running", "Check pcscd on this computer."],
	},
};

const SEX = {
	ja: { male: "男性", female: "女性", not_applicable: "適用不能", unknown: "不明" },
	en: { male: "male", female: "female", not_applicable: "not applicable", unknown: "unknown" },
};

const AUTHENTICITY = {
	ja: {
		verified: "カードの内容が本物であることを確かめました。",
		consistent: "カードの内容に矛盾はありません。発行者の確認はしていません。",
		unchecked: "カードの内容が本物かどうかは確かめていません。",
	},
	en: {
		verified: "The card's data was verified.",
		consistent: "The card's data agrees with itself; its issuer was not checked.",
		unchecked: "The card's data was not checked for authenticity.",
	},
};

const $ = (id) => document.getElementById(id);

const page = {
	lang: sessionStorage.getItem("lang") || "ja",
	state: null,	/* a key of STATES, or "failed" */
	error: null,	/* of the read or of a reply, with state "failed" */
	tries: null,
	result: null,
	running: null,	/* id of the read under way */
	stopped: false,	/* the person pressed the button before it had an id */
};

/* ---- what is shown ---- */

function show()
{
	const t = TEXTS[page.lang];
	const busy = page.state !== null && BUSY.has(page.state);

	document.documentElement.lang = page.lang;
	document.title = t.window;
	for (const e of document.querySelectorAll("[data-text]"))
		e.textContent = t[e.dataset.text];
	$("lang").textContent = page.lang === "ja" ? "English" : "日本語";
	$("lang").lang = page.lang === "ja" ? "en" : "ja";
	if (page.state !== null && !busy)
		$("read").textContent = t.again;
	$("read").disabled = busy;
	$("read").hidden = page.state === "elsewhere";
	$("takeover").hidden = page.state !== "elsewhere";
	$("cancel").hidden = !busy;
	$("end").hidden = busy || sessionStorage.getItem("token") === null;
	showState(t);
	showResult();
}

const BUSY = new Set(["connecting", "asking", "starting",
	"waiting_for_reader", "waiting_for_card", "waiting_for_consent",
	"waiting_for_pin", "reading"]);

function showState(t)
{
	const state = page.state;
	let title = "", detail = "";

	if (state === "failed") {
		title = t.error;
		detail = (page.lang === "ja" && page.error.detail_ja) ||
			page.error.detail || page.error.code;
	} else if (state !== null) {
		[title, detail] = STATES[page.lang][state];
		if (state === "waiting_for_pin" && page.tries !== null)
			detail += "\n" + t.tries(page.tries);
	}
	$("state").hidden = state === null;
	$("state").className = ["failed", "blocked", "unreachable",
		"prompt_unavailable", "pcsc_unavailable"].includes(state) ?
		"failed" : state ?? "";
	$("state").dataset.state = state ?? "";
	$("state").dataset.code = state === "failed" ? page.error.code : "";
	/* Unchanged text is left alone: a screen reader says it once. */
	if ($("state-title").textContent !== title)
		$("state-title").textContent = title;
	if ($("state-detail").textContent !== detail)
		$("state-detail").textContent = detail;
	$("progress").hidden = state !== "reading";
}

function showResult()
{
	const r = page.result;

	$("result").hidden = r === null;
	$("name").textContent = r ? r.name : "";
	$("address").textContent = r ? r.address : "";
	$("birth_date").textContent = r ? birthDate(r) : "";
	$("sex").textContent = r ? SEX[page.lang][r.sex] : "";
	$("authenticity").textContent = r ?
		AUTHENTICITY[page.lang][r.authenticity.verdict] ?? "" : "";
}

function birthDate(r)
{
	if (r.birth_date === null)
		return r.birth_date_raw;
	if (page.lang !== "ja")
		return r.birth_date;
	const [y, m, d] = r.birth_date.split("-").map(Number);
	return `${y}年${m}月${d}日`;
}

function enter(state, error = null)
{
	page.state = state;
	page.error = error;
	show();
}

/* ---- talking to kenmend ---- */

/* An answer that is a refusal. */
class Refusal extends Error {
	constructor(problem)
	{
		super(problem.code);
		this.problem = problem;
	}
}

async function call(method, path, body)
{
	const token = sessionStorage.getItem("token");
	const headers = {};

	if (token !== null)
		headers["Authorization"] = "Bearer " + token;
	if (body !== undefined)
		headers["Content-Type"] = "application/json";
	const reply = await fetch(KENMEND + path, {
		method,
		headers,
		body: body === undefined ? undefined : JSON.stringify(body),
		cache: "no-store",
		credentials: "omit",
	});
	if (reply.status === 204)
		return null;
	const value = await reply.json();
	if (!reply.ok)
		throw new Refusal(value);
	return value;
}

/* What the browser says of reaching this computer; undefined: nothing. */
async function permission()
{
	try {
		const p = await navigator.permissions.query(
			{ name: "loopback-network" });
		return p.state;
	} catch {
		return undefined;
	}
}

/*
 * The first request, from a click: the browser may show its question now, and
 * the promise stays open as long as that does. Only the permission read
 * afterwards says why a request failed. False: said on the page already.
 */
async function reach()
{
	const asks = setTimeout(() => enter("asking"), 1500);

	try {
		const health = await call("GET", "/v1/health");
		for (const part of ["pcsc", "prompt"]) {
			if (health[part] === "unavailable") {
				enter(part + "_unavailable");
				return false;
			}
		}
		return true;
	} catch (e) {
		if (e instanceof Refusal)
			throw e;
		enter(await permission() === "denied" ? "blocked" : "unreachable");
		return false;
	} finally {
		clearTimeout(asks);
	}
}

async function startSession(takeover)
{
	sessionStorage.removeItem("token");
	const session = await call("POST", "/v1/sessions",
		{ lang: page.lang, takeover });
	sessionStorage.setItem("token", session.token);
}

/* Starts a read; a session that ran out is replaced, once. */
async function startRead(takeover)
{
	const request = { kinds: ["attributes"] };

	if (sessionStorage.getItem("token") === null || takeover) {
		await startSession(takeover);
		return call("POST", "/v1/reads", request);
	}
	try {
		return await call("POST", "/v1/reads", request);
	} catch (e) {
		if (!(e instanceof Refusal) || e.problem.status !== 401)
			throw e;
		await startSession(false);
		return call("POST", "/v1/reads", request);
	}
}

/* Follows a read to its end and returns how it stands then. */
async function follow(read)
{
	while (!["done", "failed", "cancelled"].includes(read.state)) {
		page.tries = read.prompt?.tries_left ?? null;
		if (read.progress)
			$("progress").value = read.progress.done /
				Math.max(1, read.progress.total);
		else
			$("progress").removeAttribute("value");
		enter(read.state);
		read = await call("GET",
			`/v1/reads/${read.id}?wait=25&after=${read.seq}`);
	}
	return read;
}

/* ---- the buttons ---- */

async function run(takeover)
{
	let read;

	page.result = null;
	page.stopped = false;
	enter("connecting");
	try {
		if (!await reach())
			return;
		if (page.stopped)
			return enter("cancelled");
		read = await startRead(takeover);
		page.running = read.id;
		if (page.stopped)
			await call("DELETE", "/v1/reads/" + read.id);
		read = await follow(read.state === "starting" ?
			read : await call("GET", "/v1/reads/" + read.id));
		if (read.state === "done")
			page.result = read.results.attributes;
		enter(read.state, read.error ?? null);
		/* It is here now: kenmend need not keep it. */
		await call("DELETE", "/v1/reads/" + read.id);
		if (page.result !== null)
			$("result-title").focus();
	} catch (e) {
		failed(e);
	} finally {
		page.running = null;
	}
}

function failed(e)
{
	if (!(e instanceof Refusal))
		return enter("unreachable");
	if (e.problem.code === "session_active")
		return enter("elsewhere");
	if (e.problem.status === 401)
		sessionStorage.removeItem("token");
	if (page.stopped && e.problem.code === "gone")
		return enter("cancelled");
	enter("failed", e.problem);
}

async function cancel()
{
	page.stopped = true;
	if (page.running === null)
		return;
	try {
		/* The poll that is open says "cancelled". */
		await call("DELETE", "/v1/reads/" + page.running);
	} catch (e) {
		failed(e);
	}
}

async function end()
{
	page.result = null;
	try {
		await call("DELETE", "/v1/session");
	} catch {
		/* Gone already, or out of reach: it runs out by itself. */
	}
	sessionStorage.removeItem("token");
	enter("ended");
}

$("read").addEventListener("click", () => run(false));
$("takeover").addEventListener("click", () => run(true));
$("cancel").addEventListener("click", cancel);
$("end").addEventListener("click", end);
$("lang").addEventListener("click", () => {
	page.lang = page.lang === "ja" ? "en" : "ja";
	sessionStorage.setItem("lang", page.lang);
	show();
});
/* A page that goes away takes its PIN window with it. */
addEventListener("pagehide", () => {
	if (page.running === null)
		return;
	fetch(KENMEND + "/v1/reads/" + page.running, {
		method: "DELETE",
		keepalive: true,
		headers: { "Authorization":
			"Bearer " + sessionStorage.getItem("token") },
	}).catch(() => {});
});
show();
