// The hint stream: while the page is on screen the hub says when there is something to ask for.
// Where a hub has no such stream, or another tab has it, the page just asks now and then.
import * as api from "./api.js";

const AGAIN_MS = 30_000;
const SILENCE_MS = 90_000; // more than the hub's own beat: the connection is dead
let running = null;
let absent = false; // this hub has none: it is not asked for again

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const silence = setTimeout(() => reader.cancel(), SILENCE_MS);
    const { value, done } = await reader.read();
    clearTimeout(silence);
    if (done) return;
    text += value.replaceAll("\r\n", "\n");
    const whole = text.split("\n\n");
    text = whole.pop();
    for (const one of whole) {
      const name = /^event: ?(.*)$/m.exec(one)?.[1];
      if (name) yield { name, data: JSON.parse(/^data: ?(.*)$/m.exec(one)?.[1] || "{}") };
    }
  }
}

// Why it is over: "replaced" is for good, anything else is tried again.
async function once(signal, { changed, heard }) {
  const answer = await api.raw("GET", "/me/stream", { signal, accept: "text/event-stream" });
  try {
    for await (const { name, data } of events(answer.body)) {
      if (name === "changes") {
        heard(true);
        changed();
      } else if (name === "poll") heard(false);
      else if (name === "end") return data.code;
    }
  } finally {
    heard(false);
  }
  return "ended";
}

async function live(signal, ears) {
  while (!signal.aborted && api.current()) {
    let why;
    try {
      why = await once(signal, ears);
    } catch (failure) {
      absent ||= failure.code === "not_found";
      why = "lost";
    }
    if (absent || why === "replaced" || signal.aborted) return;
    if (why !== "token_expired") await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

// `changed()` is called at each hint, `heard(yes)` when hints can or can't be relied on.
export function start(ears) {
  stop();
  if (absent) return;
  running = new AbortController();
  live(running.signal, ears);
}

export function stop() {
  running?.abort();
  running = null;
}
