// Finding: by the hub, over everything; without a network in what is kept here.
import * as api from "./api.js";
import { set, state } from "./state.js";

const PAUSE_MS = 400;
const SHORTEST = 2;
let waiting = 0;

function wanted() {
  const query = new URLSearchParams({ state: state.filter, page_size: "50" });
  if (state.query.trim().length >= SHORTEST) query.set("q", state.query.trim());
  if (state.subsystem) query.set("subsystem", state.subsystem);
  return query.has("q") || query.has("subsystem") ? query.toString() : "";
}

// What the hub found for just this question. Null while it is not known, or nothing is asked.
export function found() {
  return state.found && state.found.asked === wanted() ? state.found : null;
}

async function ask(asked, after = "") {
  const page = await api.get(`/me/inbox?${asked}${after && `&after=${encodeURIComponent(after)}`}`);
  if (asked !== wanted()) return; // overtaken by what was typed since
  const before = after ? state.found.entries : [];
  set({ found: { asked, entries: [...before, ...page.entries], after: page.page_info.after } });
}

// What is asked for has changed, or may be answered otherwise by now.
export function again(pause = PAUSE_MS) {
  clearTimeout(waiting);
  const asked = wanted();
  if (!asked) {
    set({ found: null });
    return;
  }
  // Without the hub the list is of what is kept.
  waiting = setTimeout(() => ask(asked).catch(() => set({ found: null })), pause);
}

export const more = () => ask(state.found.asked, state.found.after);
