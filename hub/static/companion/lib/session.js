// Signing in and out, and forgetting everything when a session is over, however it ended.
import * as api from "./api.js";
import * as i18n from "./i18n.js";
import { newKey } from "./signing.js";
import { set } from "./state.js";
import * as store from "./store.js";

const tabs = new BroadcastChannel("hub-session");

function describeBrowser() {
  const brands = navigator.userAgentData?.brands?.filter(({ brand }) => !/not.?a.?brand/i.test(brand)) ?? [];
  const known = /(Firefox|Edg|OPR|Chrome|Safari)\/([\d.]+)/.exec(navigator.userAgent);
  const name = brands.at(-1)?.brand || { Edg: "Edge", OPR: "Opera" }[known?.[1]] || known?.[1] || "Browser";
  const system = navigator.userAgentData?.platform || /\(([^;)]+)/.exec(navigator.userAgent)?.[1] || "";
  return { name: system ? `${name}, ${system}` : name, model: name, os_version: system.slice(0, 64) };
}

function languages(employee) {
  return [store.setting("language"), employee?.language, ...navigator.languages];
}

export function speak(employee) {
  i18n.choose(...languages(employee));
}

// Raises Problem or Unreachable. `keep`: stay signed in here, and keep things for reading offline.
export async function signIn({ username, password, keep }) {
  const key = await newKey();
  const device = {
    uuid: store.installation(), platform: "web", app_version: api.VERSION, ...describeBrowser(),
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(key ? { key: key.jwk } : {}),
  };
  const opened = await api.open("POST", "/auth/login", { username, password, device });
  await store.wipe();
  store.keep(keep);
  const session = { ...opened, key: key?.privateKey || null, kept: keep };
  await store.put("kv", "session", session);
  api.adopt(session);
  tabs.postMessage("changed");
  speak(session.employee);
  set({ employee: session.employee, ended: "" });
}

export function isOver(session, now = Date.now()) {
  return Math.min(Date.parse(session.session_expires_at), Date.parse(session.refresh_expires_at)) <= now;
}

// Whoever was signed in at an earlier visit. Null if nobody, or their time is over.
export async function resume() {
  const session = await store.earlier();
  if (session && isOver(session)) {
    await end("expired");
    return null;
  }
  api.adopt(session);
  if (session) set({ employee: session.employee });
  return session;
}

const CLEARED = {
  employee: null, items: new Map(), archived: null, answers: null, older: null, counts: null,
  queue: [], dialog: null, trouble: "", query: "", subsystem: "", found: null, filter: "open", gate: null, services: null,
};

// Nothing of the person stays behind.
export async function end(reason, { tell = true } = {}) {
  api.adopt(null);
  if (tell) tabs.postMessage("over");
  set({ ...CLEARED, ended: reason });
  await store.wipe();
}

export async function signOut(everywhere) {
  try {
    await api.post(everywhere ? "/auth/logout-everywhere" : "/auth/logout");
  } finally {
    await end("");
  }
}

// Other tabs of this browser follow.
export function listen(restart) {
  tabs.addEventListener("message", async ({ data }) => {
    if (data === "over" && api.current()) await end("", { tell: false });
    if (data === "changed") restart();
  });
}
