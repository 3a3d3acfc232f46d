// The mobile API: tokens, their renewal in one place, and the two ways in which a call can fail.
import * as i18n from "./i18n.js";
import * as store from "./store.js";

const ROOT = "/api/v1";
export const VERSION = "1.0"; // of the companion, for hubs that ask for a least one
const PATIENCE_MS = 20_000;
const EARLY_MS = 60_000; // renewed this long before the end
const OVER = ["session_revoked", "account_disabled", "not_an_employee", "not_authenticated"];

// The hub refused: `code` is to branch on, `body` is the whole problem.
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail || body.title || String(status));
    Object.assign(this, { status, body, code: body.code || "", retryAfter });
  }
  // Whether the same call may do later: nothing was judged.
  get later() {
    return this.status === 429 || this.status >= 500 || this.code === "idempotency_in_flight";
  }
}

// No answer came, so nobody knows whether the call was heard.
export class Unreachable extends Error {}

let session = null;
let onEnd = () => {};
let onGate = () => {};

export function current() {
  return session;
}

export function adopt(fresh) {
  session = fresh;
}

// `over(reason)` is called when the hub has ended the session, `gated(problem)` when it demands that
// the privacy notice be accepted first.
export function listen({ over, gated }) {
  onEnd = over;
  onGate = gated;
}

async function exchange(method, path, { body, key, token, signal, accept } = {}) {
  const headers = { Accept: accept || "application/json", "Accept-Language": i18n.current() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    return await fetch(path.startsWith(ROOT) ? path : ROOT + path, {
      method, headers, cache: "no-store", credentials: "omit", redirect: "error",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal || AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (failure) {
    throw new Unreachable(String(failure));
  }
}

async function problemOf(answer) {
  let body = null;
  try {
    body = await answer.json();
  } catch { /* a proxy's page rather than the hub's word */ }
  const retryAfter = Number(answer.headers.get("Retry-After")) || 0;
  return new Problem(answer.status, body && typeof body === "object" ? body : {}, retryAfter);
}

async function read(answer) {
  if (!answer.ok) throw await problemOf(answer);
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch (failure) {
    throw new Unreachable(String(failure)); // cut off on its way
  }
}

// A call that needs no session.
export async function open(method, path, body) {
  return read(await exchange(method, path, { body }));
}

async function renew(spent) {
  const work = async () => {
    // Another tab may have done it: a refresh ends the pair before.
    const stored = await store.get("kv", "session");
    if (stored && stored.access_token !== spent) {
      session = stored;
      return;
    }
    const body = { refresh_token: session.refresh_token, app_version: VERSION };
    let pair;
    try {
      pair = await open("POST", "/auth/refresh", body);
    } catch (failure) {
      if (failure instanceof Problem && OVER.includes(failure.code)) {
        onEnd(failure.body.reason || failure.code);
      }
      throw failure;
    }
    session = { ...session, ...pair };
    await store.put("kv", "session", session); // before it is used
  };
  return navigator.locks ? navigator.locks.request("hub-renewal", work) : work();
}

// A call of the person who is signed in; the answer as the browser has it.
export async function raw(method, path, given = {}) {
  if (!session) throw new Problem(401, { code: "not_authenticated" }, 0);
  if (Date.parse(session.access_expires_at) - Date.now() < EARLY_MS) await renew(session.access_token);
  let token = session.access_token;
  let answer = await exchange(method, path, { ...given, token });
  if (answer.status === 401) {
    const problem = await problemOf(answer);
    if (problem.code === "session_revoked") {
      onEnd(problem.body.reason || problem.code);
      throw problem;
    }
    await renew(token);
    token = session.access_token;
    answer = await exchange(method, path, { ...given, token });
  }
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (OVER.includes(problem.code)) onEnd(problem.body.reason || problem.code);
  if (problem.code === "consent_required") onGate(problem.body);
  throw problem;
}

export async function call(method, path, given) {
  return read(await raw(method, path, given));
}

export const get = (path) => call("GET", path);
export const post = (path, body, key) => call("POST", path, { body, key });
