/**
 * kenmen.js: reads a My Number Card (マイナンバーカード) from a web page, through
 * kenmend on the same computer. One ES module without dependencies.
 *
 *   import { connect } from "./kenmen.js";
 *   button.onclick = async () => {
 *     const card = await connect({ lang: "ja", minimum: "0.1.0" });
 *     const { attributes } = await card.read(["attributes"]);
 *     await card.end();
 *   };
 */
export type Lang = "ja" | "en";
export type Kind = "card_info" | "attributes" | "my_number" | "face" | "certificate" | "authenticate" | "sign";
export type Pin = "auth" | "attributes" | "sign" | "face_b" | "face_a";
export type ReadState = "starting" | "waiting_for_reader" | "waiting_for_card" | "waiting_for_consent"
  | "waiting_for_pin" | "reading" | "done" | "failed" | "cancelled";

/** Why a page does not reach kenmend or get a session, as far as a page can see. */
export type Cause =
  | "question_open"      // the browser's question is on the screen: not an error, onquestion() is called instead
  | "browser_denied"     // the browser refuses; `next` says how to undo it in this browser
  | "browser_dismissed"  // the question was there and was closed without an answer
  | "not_secure_page"    // http page
  | "not_allowed_here"   // iframe without allow=, Permissions-Policy, Content-Security-Policy
  | "needs_click"        // the browser would ask, and nobody has clicked on this page yet
  | "unreachable"        // absent, not running, or certificate not trusted: `causes` in order, `check` decides
  | "too_old"            // kenmend is older than `minimum`; extra: version, minimum
  | "origin_not_listed"  // kenmend runs and is trusted, and refuses this origin
  | "other_user"         // kenmend runs for another user of this computer
  | "session_elsewhere"; // this site has a session in another tab: offer { takeover: true }

/** In `causes`: what `Cause` does not name. */
export type Reason = Cause | "not_running" | "not_trusted" | "iframe" | "permissions_policy" | "csp";

/** Codes of refusals and of failed reads (docs/openapi.yaml). */
export type ApiCode =
  | "bad_request" | "bad_json" | "session_unknown" | "session_expired" | "not_for_navigation" | "kind_not_allowed"
  | "not_found" | "method_not_allowed" | "busy" | "gone" | "too_large" | "not_json" | "wrong_host" | "prompt_limited"
  | "internal" | "pcsc_unavailable"
  | "no_reader" | "no_card" | "several_cards" | "card_removed" | "not_my_number_card" | "reader_busy" | "pin_wrong"
  | "pin_blocked" | "pin_format" | "pin_cancelled" | "consent_refused" | "prompt_unavailable" | "prompt_timeout"
  | "last_try_refused" | "no_certificate" | "card_data_invalid" | "authenticity_failed" | "page_gone" | "timeout";

/** "aborted": by an AbortSignal. "cancelled": the read was, by somebody else than its AbortSignal. */
export type Code = Cause | ApiCode | "aborted" | "cancelled";

/** Text for a person. `title` and `next` are never empty, `detail` may be. */
export interface Words { title: string; detail: string; next: string }

/** What the API adds to a code; see docs/openapi.yaml. */
export interface Extra {
  /** pin_wrong */
  readonly tries_left?: number | null;
  /** pin_wrong, pin_blocked */
  readonly pin?: Pin | null;
  /** pin_blocked */
  readonly unblock?: "municipal_office";
  /** not_my_number_card: what is on the reader instead. */
  readonly token?: Token;
  /** reader_busy: who uses the card, where that is known. */
  readonly holder?: string | null;
  /** busy: this session's own read that is in the way. */
  readonly id?: string;
  /** prompt_limited: seconds. */
  readonly retry_after?: number;
  /** too_old */
  readonly version?: string;
  readonly minimum?: string;
  readonly [name: string]: unknown;
}

/** Every failure. */
export class KenmenError extends Error {
  /** For texts alone: new KenmenError("question_open").words("ja"). */
  constructor(code: Code, more?: {
    status?: number | null; retriable?: boolean; detail?: string; detail_ja?: string;
    extra?: Extra; causes?: readonly Reason[]; check?: string | null;
  });
  readonly code: Code;
  /** The same call can succeed later. */
  readonly retriable: boolean;
  /** HTTP status (200: of a read that failed), or null where no answer was had. */
  readonly status: number | null;
  readonly extra: Readonly<Extra>;
  /** Causes that cannot be told apart, likeliest first; else the code alone. */
  readonly causes: readonly (Reason | Code)[];
  /** A URL for the person to open in a tab, to decide between `causes`; or null. */
  readonly check: string | null;
  /** Title, what happened, and what to do next. */
  words(lang: Lang): Words;
}

export interface ConnectOptions {
  /** Of the windows for PINs. Default "ja". */
  lang?: Lang;
  /** Of kenmend on this computer. Default 25366. */
  port?: number;
  /** Oldest version of kenmend that the page can do with: else "too_old". */
  minimum?: string;
  /** End this site's session in another tab. */
  takeover?: boolean;
  signal?: AbortSignal;
  /** The browser's question is on the screen: say "press Allow". Called at most once. */
  onquestion?: () => void;
}

/**
 * From a click only: the browser may show its local-network question now, and the promise waits as long as that is open.
 * A session kept in sessionStorage is found again.
 */
export function connect(options?: ConnectOptions): Promise<Kenmen>;
/**
 * At page load (after Back, Reload, sleep): the session kept in this tab, or null. Sends nothing where the browser would
 * ask its question; the session found then sends its first request after a click. `ended` says why one that was kept is
 * gone: "expired", or "unknown" (kenmend restarted, taken over); null when none was kept.
 */
export function resume(options?: ConnectOptions): Promise<{ session: Kenmen | null; ended: "expired" | "unknown" | null }>;
/** One request to kenmend and its diagnosis: null when all is well. Starts no session. From a click only. */
export function diagnose(options?: ConnectOptions): Promise<KenmenError | null>;

export interface Reader { id: string; model: string; card_present: boolean; pinpad: boolean }

export interface Progress {
  id: string; kinds: Kind[]; seq: number; state: ReadState;
  /** Milliseconds left of this state; 0 where it has no end. */
  deadline_ms: number;
  /** While "reading", in bytes. */
  progress?: { done: number; total: number };
  /** The window that is open now; `pin` null: a yes is asked. */
  prompt?: { pin: Pin | null; tries_left: number; step: number; steps: number };
}

export interface FollowOptions {
  /** Abort cancels the read and closes its window: "aborted". */
  signal?: AbortSignal;
  onprogress?: (progress: Progress) => void;
}

export interface ReadOptions extends FollowOptions {
  /** An id of readers(). */
  reader?: string;
  /** The site's words in the window; at most 80 bytes. */
  purpose?: string;
  /** face: which number the person types, 照合番号B or A. */
  with?: "b" | "a";
  /** authenticate, face: 32 to 64 bytes made by your server, as they are or in base64. */
  challenge?: Uint8Array | string;
  /** certificate */
  which?: "auth" | "sign" | "auth_ca" | "sign_ca";
  /** sign */
  hash?: "sha256" | "sha384" | "sha512";
  /** sign: as they are or in base64. */
  digests?: (Uint8Array | string)[];
  /** sign: the site's words for each document. */
  titles?: string[];
}

export type Sex = "male" | "female" | "not_applicable" | "unknown";

export interface Authenticity {
  /** "failed" is never returned: the read fails instead. Revocation is never checked. */
  verdict: "verified" | "consistent" | "unchecked";
  checks: {
    name: "record_digest" | "record_signature" | "issuer_certificate" | "issuer_root" | "chip" | "agreement" | "revocation";
    ok: boolean | null; detail: string; detail_ja: string;
  }[];
}

export interface PinState { tries_left: number | null; blocked: boolean | null }

/**
 * What the chip says that it is: the card, a phone with certificates (and PINs) of its own, a card of the Basic Resident
 * Register; null where it says nothing that is known.
 */
export type Token = "my_number_card" | "android" | "iphone" | "juki_card" | null;

export interface CardInfo {
  card: "my_number";
  token: Token;
  pins: Record<Pin, PinState>;
  /** null: it takes the PIN to know. */
  certificates: Record<"auth" | "sign" | "auth_ca" | "sign_ca", boolean | null>;
}

export interface Attributes {
  name: string; address: string;
  /** YYYY-MM-DD; null where the card holds no whole date. */
  birth_date: string | null;
  birth_date_raw: string;
  sex: Sex; sex_code: string;
  authenticity: Authenticity;
}

export interface MyNumber { my_number: string; authenticity: Authenticity }

export interface Face {
  birth_date: string | null; birth_date_raw: string;
  sex: Sex; sex_code: string;
  expires: string | null;
  /** base64: PNG, and JPEG 2000 as it stands on the card. */
  images: { name: string; address: string; photo: { jp2: string; png: string | null } | null };
  authenticity: Authenticity;
  /** With a challenge: for a server to check. */
  evidence?: { record: string; issuer_certificate: string; jws: string };
}

/** What the signing certificate says of its holder. */
export interface Subject {
  name: string; name_substituted: string | null;
  address: string; address_substituted: string | null;
  birth_date: string | null; birth_date_raw: string;
  sex: Sex; sex_code: string;
}

export interface CertificateFacts {
  /** DER in base64. */
  certificate: string;
  subject: string; issuer: string; serial: string;
  not_before: string | null; not_after: string | null;
  trusted: boolean | null;
}

export interface Certificate extends CertificateFacts {
  /** Only with which: "sign". */
  attributes?: Subject | null;
}

export interface Authenticate {
  /** Compact RS256 JWS, for your server: aud, nonce, iat; header x5c. */
  jws: string;
}

export interface Sign extends CertificateFacts {
  /** PKCS#1 v1.5 in base64, one for each digest. */
  signatures: string[];
  attributes: Subject | null;
}

/** All that can be had, by kind. */
export interface Results {
  card_info: CardInfo; attributes: Attributes; my_number: MyNumber; face: Face;
  certificate: Certificate; authenticate: Authenticate; sign: Sign;
}

/** What a read of kinds K resolves with. */
export type ResultsOf<K extends Kind> = Pick<Results, K> & {
  /** When the card was read: RFC 3339, UTC. */
  read_at: string;
};

export interface Events {
  snapshot: { readers: Reader[]; reads: { id: string; kinds: Kind[]; seq: number; state: ReadState }[]; expires_in: number };
  reader: { id: string; model: string; present: boolean };
  card: { reader: string; present: boolean };
  read: { id: string; seq: number; state: ReadState };
  /** Seconds left; 0 at the end. */
  session: { expires_in: number };
  /** "unknown": kenmend restarted, or taken over. "ended": by end(). */
  ended: { why: "expired" | "unknown" | "ended" };
}

export interface Kenmen {
  readonly origin: string;
  /** What this origin may ask for. */
  readonly kinds: Kind[];
  readonly lang: Lang;
  /** Seconds. */
  readonly limits: { idle_timeout: number; session_max: number; card_timeout: number; prompt_timeout: number; read_timeout: number };
  /** Seconds left now, counted by this page's clock since the last answer. */
  readonly expiresIn: number;
  /** Rejects with "pcsc_unavailable" where the card service is down. */
  readers(): Promise<Reader[]>;
  /**
   * Resolves with the results, which kenmend has then forgotten; rejects with KenmenError. When the page is closed, the
   * window goes within 10 seconds; a page that is back by then (Reload, Back) finds its read: pending().
   */
  read<K extends Kind>(kinds: readonly K[], options?: ReadOptions): Promise<ResultsOf<K>>;
  /** This session's read that no page follows (after Reload), under way or just over; null: none. */
  pending(): Promise<{ id: string; kinds: Kind[]; result(options?: FollowOptions): Promise<Partial<Results> & { read_at: string }> } | null>;
  /** Returns the unsubscriber. The stream is open while there are listeners, and comes back by itself. */
  on<E extends keyof Events>(event: E, listener: (data: Events[E]) => void): () => void;
  /**
   * The person did something: the idle time starts anew. Call it from handlers of clicks and keys, never from a timer; at
   * most one request in 15 seconds goes out. Resolves with the seconds left.
   */
  touch(): Promise<number>;
  /** Seconds left, as kenmend says. Does not extend the session. */
  refresh(): Promise<number>;
  /** Ends the session: reads are cancelled, results wiped, the kept token forgotten. */
  end(): Promise<void>;
}
