/*
 * kenmen.d.ts says of results, readers, reads and events what docs/openapi.yaml
 * says (api.ts is made of that), no member more or less; where it says less of
 * a value, a page is told what the API never does.
 */
import type * as api from "./api.js";
import type { Events, Extra, Kenmen, Progress, Reader, Results } from "./kenmen.js";

/* Members of members, down to what is no object; optional ones as such. */
type Shape<T> = T extends readonly (infer E)[] ? Shape<E>[]
  : T extends object ? { [K in keyof T]: Shape<T[K]> } : 0;
type Equal<A, B> = [A] extends [B] ? [B] extends [A] ? true : never : never;
type Same<Ours, Theirs> = [Ours] extends [Theirs] ? Equal<Shape<Ours>, Shape<Theirs>> : never;

type Said = Required<NonNullable<api.Read["results"]>>;
export const kinds: Equal<keyof Said, keyof Results> = true;
export const results: { [K in keyof Results]: Same<Results[K], Said[K]> } = {
  card_info: true, attributes: true, my_number: true, face: true, certificate: true, authenticate: true, sign: true,
};
export const reader: Same<Reader, api.Reader> = true;
export const progress: Same<Progress, Omit<api.Read, "results" | "error" | "read_at">> = true;
export const limits: Same<Kenmen["limits"], api.NewSession["limits"]> = true;
export const extra: Same<Required<Pick<Extra, "tries_left" | "pin" | "unblock" | "holder" | "token">>,
  Required<Omit<api.ReadError, "code" | "detail" | "detail_ja" | "retriable">>> = true;
export const events: {
  snapshot: Same<Events["snapshot"], api.EventSnapshot>; reader: Same<Events["reader"], api.EventReader>;
  card: Same<Events["card"], api.EventCard>; read: Same<Events["read"], api.EventRead>;
  session: Same<Events["session"], api.EventSession>;
} = { snapshot: true, reader: true, card: true, read: true, session: true };
