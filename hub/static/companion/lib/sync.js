// The inbox as the hub has it: read whole once, then followed by the change feed.
import * as api from "./api.js";
import { set, state } from "./state.js";
import * as store from "./store.js";

const EVERY_MS = 20_000;
const SELDOM_MS = 120_000;
const AFTER_AN_ANSWER_MS = [700, 1000, 1500, 2500, 4000, 6000, 10_000];
const PAGES_OF_WAITING = 5;
let following = null;
let timer = 0;
let hurried = [];
let every = EVERY_MS;

// What an earlier visit left, for reading before (or without) an answer of the hub.
export async function recall() {
  const items = await store.all("items");
  const older = await store.get("kv", "older");
  const counts = await store.get("kv", "counts");
  set({ items: new Map(items.map((item) => [item.id, item])), older: older || null, counts: counts || null });
}

export function take(items, removed = []) {
  const fresh = new Map(state.items);
  for (const item of items) {
    if (item.archived_at) fresh.delete(item.id);
    else fresh.set(item.id, { ...fresh.get(item.id), ...item });
  }
  for (const id of removed) fresh.delete(id);
  set({ items: fresh, archived: null, answers: null });
}

async function whole() {
  const { cursor } = await api.get("/me/changes");
  const found = [];
  let after = "";
  for (let page = 0; page < PAGES_OF_WAITING && after !== null; page += 1) {
    const waiting = await api.get(`/me/inbox?state=waiting&page_size=100${after && `&after=${encodeURIComponent(after)}`}`);
    found.push(...waiting.entries);
    after = waiting.page_info.after;
  }
  const open = await api.get("/me/inbox?state=open&page_size=100");
  const asleep = await api.get("/me/inbox?state=snoozed&page_size=100");
  found.push(...open.entries, ...asleep.entries);
  await store.forgetItems();
  await store.putItems(found, [], cursor);
  await keepOlder(open.page_info.after);
  set({ items: new Map(found.map((item) => [item.id, item])) });
  return cursor;
}

async function keepOlder(after) {
  await store.put("kv", "older", after);
  set({ older: after });
}

async function follow() {
  let cursor = await store.get("kv", "cursor");
  if (!cursor) cursor = await whole();
  for (let more = true; more; ) {
    const page = await api.get(`/me/changes?since=${encodeURIComponent(cursor)}`);
    if (page.full) {
      cursor = await whole();
      continue;
    }
    if (page.entries.length || page.removed.length) {
      const archived = page.entries.filter((item) => item.archived_at).map((item) => item.id);
      const removed = [...page.removed, ...archived];
      await store.putItems(page.entries.filter((item) => !item.archived_at), removed, page.cursor);
      take(page.entries, page.removed);
    }
    cursor = page.cursor;
    await store.put("kv", "cursor", cursor);
    more = page.more;
  }
  const counts = await api.get("/me/counts");
  await store.put("kv", "counts", counts);
  set({ counts });
}

// Ask the hub what is new; one question at a time. Never fails: `trouble` says what was wrong.
export function refresh() {
  following ||= (async () => {
    set({ refreshing: true });
    try {
      await follow();
      set({ trouble: "" });
    } catch (failure) {
      if (!(failure instanceof api.Unreachable || failure instanceof api.Problem)) throw failure;
      set({ trouble: failure instanceof api.Unreachable ? "offline" : "hub" });
    } finally {
      following = null;
      set({ refreshing: false });
    }
  })();
  return following;
}

function schedule(afterwards) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (api.current() && document.visibilityState === "visible") {
      await refresh();
      await afterwards();
    }
    schedule(afterwards);
  }, hurried.shift() ?? every);
}

let whatElse = async () => {};

// Whether the hub says by itself when there is something: then asking now and then is enough.
export function isTold(yes) {
  every = yes ? SELDOM_MS : EVERY_MS;
}

// Follow the feed while the page is on screen; `afterwards` is done after each look.
export function start(afterwards) {
  whatElse = afterwards;
  schedule(whatElse);
}

// Something was just said to the hub: look more often until what follows from it is here.
export function hurry() {
  hurried = [...AFTER_AN_ANSWER_MS];
  schedule(whatElse);
}

export async function readOlder() {
  const page = await api.get(`/me/inbox?state=open&page_size=50&after=${encodeURIComponent(state.older)}`);
  await store.putItems(page.entries, []);
  take(page.entries);
  await keepOlder(page.page_info.after);
}

export async function readArchived(more) {
  const after = more ? `&after=${encodeURIComponent(state.archived.after)}` : "";
  const page = await api.get(`/me/inbox?state=archived&page_size=50${after}`);
  const before = more ? state.archived.entries : [];
  set({ archived: { entries: [...before, ...page.entries], after: page.page_info.after } });
}

export async function readAnswers(more) {
  const after = more ? `&after=${encodeURIComponent(state.answers.after)}` : "";
  const page = await api.get(`/me/answers?page_size=50${after}`);
  const before = more ? state.answers.entries : [];
  set({ answers: { entries: [...before, ...page.entries], after: page.page_info.after } });
}

// One item with the truth about it now. `read_here_at` tells how far this clock is off.
export async function readItem(id) {
  const item = { ...(await api.get(`/me/inbox/${id}`)), read_here_at: Date.now() };
  const { challenge: _, ...kept } = item; // of this reading only
  if (!item.archived_at) await store.putItems([kept], []);
  const items = new Map(state.items);
  items.set(id, item);
  set({ items });
  return item;
}
