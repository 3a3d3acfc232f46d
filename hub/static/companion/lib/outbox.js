// Answers on their way. One is written down before it is sent, with its version and its key, and
// repeated under that key until the hub has judged it: nobody has to guess whether it counted.
import * as api from "./api.js";
import { set, state } from "./state.js";
import * as store from "./store.js";
import * as sync from "./sync.js";

async function show() {
  const queue = await store.all("queue");
  set({ queue: queue.sort((a, b) => a.said_at.localeCompare(b.said_at)) });
}

export const recall = show;

export function of(id) {
  return state.queue.find((entry) => entry.id === id);
}

async function transmit(entry) {
  if (entry.path) return api.post(entry.path, entry.body, entry.key);
  const path = `/me/inbox/${entry.id}/${entry.act}`;
  const item = await api.post(path, entry.body, entry.key);
  await store.putItems([item], []);
  sync.take([item]);
  sync.hurry();
  return item;
}

// Say something to the hub about an item. The item as it is afterwards; null if it is still to be
// sent. Raises Problem if the hub refuses, Unreachable if it may not wait and could not be sent.
export async function say(item, act, body, { mayWait = true } = {}) {
  const key = crypto.randomUUID();
  const entry = { key, id: item.id, act, body, title: item.title, said_at: new Date().toISOString(), refused: null };
  return send(entry, mayWait && item.sensitivity !== "restricted");
}

// The same for what is not about an item: a form that is handed in.
export function hand(path, body, { title, mayWait }) {
  const entry = { key: crypto.randomUUID(), path, body, title, said_at: new Date().toISOString(), refused: null };
  return send(entry, mayWait);
}

async function send(entry, mayWait) {
  const { key } = entry;
  if (!mayWait) return transmit(entry);
  await store.put("queue", key, entry);
  await show();
  try {
    const after = await transmit(entry);
    await store.drop("queue", key);
    return after;
  } catch (failure) {
    if (failure instanceof api.Unreachable || failure.later) return null;
    await store.drop("queue", key);
    throw failure;
  } finally {
    await show();
  }
}

// Send what waits, the oldest first, from one tab; stops where the hub can't be reached.
export function flush() {
  const work = async () => {
    for (const entry of (await store.all("queue")).filter((one) => !one.refused)
      .sort((a, b) => a.said_at.localeCompare(b.said_at))) {
      try {
        await transmit(entry);
        await store.drop("queue", entry.key);
      } catch (failure) {
        if (failure instanceof api.Unreachable || failure.later || !api.current()) break;
        // Kept until the person has read that it did not count.
        await store.put("queue", entry.key, { ...entry, refused: failure.body });
        if (failure.body.item) sync.take([failure.body.item]);
      }
    }
    await show();
  };
  if (!api.current()) return Promise.resolve();
  return navigator.locks ? navigator.locks.request("hub-outbox", work) : work();
}

export async function dismiss(entry) {
  await store.drop("queue", entry.key);
  await show();
}
