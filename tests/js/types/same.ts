/* kenmen.js has what kenmen.d.ts promises. */
import * as made from "./made.js"; // kenmen.js, with no types beside it
import type * as promised from "./kenmen.js";

export const same: typeof promised = made;
export const session = (): Promise<promised.Kenmen> => made.connect();
