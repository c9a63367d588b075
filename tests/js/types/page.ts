/* What a page may write, and what the compiler keeps it from. */
import { connect, diagnose, KenmenError, resume } from "./kenmen.js";
import type { Attributes, Code, Kenmen, ResultsOf, Words } from "./kenmen.js";

export async function start(button: HTMLButtonElement): Promise<string> {
  const cut = new AbortController();
  const card: Kenmen = await connect({
    lang: "ja", port: 25366, minimum: "0.1.0", takeover: false, signal: cut.signal,
    onquestion: () => { button.disabled = true; },
  });
  const { attributes, read_at } = await card.read(["attributes"], {
    purpose: "登録", signal: cut.signal,
    onprogress: ({ state, prompt, deadline_ms }) => {
      if (state === "waiting_for_pin" && prompt) console.log(prompt.tries_left, deadline_ms);
    },
  });
  const name: string = attributes.name, day: string | null = attributes.birth_date;
  // @ts-expect-error: was not asked for
  attributes.my_number;
  // @ts-expect-error: may be null
  attributes.birth_date.length;
  // @ts-expect-error: no such kind
  await card.read(["attribute"]);
  // @ts-expect-error: no such option
  await card.read(["face"], { pin: "1234" });
  return name + day + read_at;
}

export async function prove(card: Kenmen, challenge: Uint8Array): Promise<[string, string[]]> {
  const got = await card.read(["authenticate", "sign"], {
    challenge, hash: "sha256", digests: [new Uint8Array(32), "AAAA"], titles: ["一", "二"],
  });
  // @ts-expect-error: not one of the two
  got.attributes;
  // @ts-expect-error: a certificate may name nobody
  got.sign.attributes.name;
  return [got.authenticate.jws, got.sign.signatures];
}

export async function face(card: Kenmen): Promise<string | undefined> {
  const { face } = await card.read(["face"], { with: "b", challenge: "AAAA" });
  return face.images.photo?.jp2 ?? face.evidence?.jws;
}

export async function back(): Promise<ResultsOf<"attributes"> | string> {
  const { session, ended } = await resume();
  if (session === null) return ended ?? "none";
  const left = session.on("session", ({ expires_in }) => { expires_in.toFixed(); });
  session.on("ended", ({ why }) => {
    // @ts-expect-error: no such reason
    if (why === "closed") left();
  });
  // @ts-expect-error: no such event
  session.on("cards", () => {});
  // @ts-expect-error: read only
  session.lang = "en";
  const found = await session.pending();
  const results = await found?.result({ onprogress: (p) => p.seq });
  if (results?.attributes) return { attributes: results.attributes, read_at: results.read_at };
  return String(await session.touch() + await session.refresh());
}

export async function why(): Promise<Words | null> {
  const error = await diagnose({ minimum: "0.1.0" });
  if (error === null) return null;
  const code: Code = error.code;
  // @ts-expect-error: no such code
  if (code === "no_such_code") return null;
  if (error instanceof KenmenError && error.extra.tries_left) error.causes.join();
  return error.check ? error.words("en") : new KenmenError("question_open").words("ja");
}

export const sex = (a: Attributes): string =>
  ({ male: "男性", female: "女性", not_applicable: "適用不能", unknown: "不明" })[a.sex];
