// What the browser keeps of one person: the session, items for reading offline, unsent answers.
// Nothing of it is written where the person did not ask to stay signed in, and all of it goes at
// sign-out, revocation and expiry. What is restricted is never written.
import { openDB } from "../vendor/idb/index.js";

const NAME = "hub-companion";
const KEPT = ["kv", "items", "queue"];
let opened = null;
let kept = false;
let memory = null;

function empty() {
  memory = { kv: new Map(), items: new Map(), queue: new Map() };
}
empty();

function database() {
  opened ||= openDB(NAME, 1, {
    upgrade(db) {
      for (const name of KEPT) db.createObjectStore(name);
    },
    blocking() {
      opened?.then((db) => db.close());
      opened = null;
    },
  });
  return opened;
}

// Whether what is put from now on outlives the page.
export function keep(yes) {
  kept = yes;
}

export async function get(store, key) {
  return kept ? (await database()).get(store, key) : memory[store].get(key);
}

export async function all(store) {
  return kept ? (await database()).getAll(store) : [...memory[store].values()];
}

export async function put(store, key, value) {
  if (!kept) memory[store].set(key, value);
  else await (await database()).put(store, value, key);
}

export async function drop(store, key) {
  if (!kept) memory[store].delete(key);
  else await (await database()).delete(store, key);
}

// Items come with the cursor that they belong to: both or neither.
export async function putItems(items, removed, cursor) {
  if (!kept) return;
  const transaction = (await database()).transaction(["items", "kv"], "readwrite");
  const store = transaction.objectStore("items");
  for (const item of items) {
    if (item.sensitivity === "restricted") store.delete(item.id);
    else store.put(item, item.id);
  }
  for (const id of removed) store.delete(id);
  if (cursor) transaction.objectStore("kv").put(cursor, "cursor");
  await transaction.done;
}

export async function forgetItems() {
  if (kept) await (await database()).clear("items");
}

// The session of an earlier visit, if the person asked to stay signed in.
export async function earlier() {
  kept = true;
  const session = await get("kv", "session").catch(() => null);
  kept = Boolean(session);
  return session || null;
}

export async function wipe() {
  empty();
  kept = false;
  const db = await database().catch(() => null);
  if (db) await Promise.all(KEPT.map((name) => db.clear(name)));
}

// Of this browser rather than of a person: outlives sign-outs, as the API asks of an installation.
export function installation() {
  let id = localStorage.getItem("installation");
  if (!id) localStorage.setItem("installation", (id = crypto.randomUUID()));
  return id;
}

export function setting(name, value) {
  if (value === undefined) return localStorage.getItem(name) || "";
  if (value) localStorage.setItem(name, value);
  else localStorage.removeItem(name);
  return value;
}
