// What is on the screen, in one place: `set` changes it and has it drawn.
export const state = {
  ready: false, // whether it is known who is signed in
  employee: null,
  route: { name: "inbox", id: "" },
  items: new Map(), // by id; restricted ones are here only, never in the store
  archived: null, // {entries, after}: asked for when shown
  answers: null,
  older: null, // the cursor of the inbox's next page
  counts: null,
  services: null, // modules and forms; null where the hub has none
  queue: [], // answers that the hub has not judged yet, or has refused meanwhile
  online: navigator.onLine,
  refreshing: false,
  trouble: "", // why the list may be old: "offline" or "hub"
  filter: "open",
  query: "",
  subsystem: "", // only what this one sent
  found: null, // {asked, entries, after}: what the hub found for the query
  gate: null, // {version}: the privacy notice that has to be accepted first
  dialog: null,
  toast: null,
  ended: "", // why the last session ended
};

let draw = () => {};
let due = false;

export function onChange(drawing) {
  draw = drawing;
}

export function set(changes) {
  Object.assign(state, changes);
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    draw();
  });
}

let toastTimer = 0;

// A sentence at the edge of the screen, read out by screen readers.
export function say(text, kind = "info") {
  clearTimeout(toastTimer);
  set({ toast: { text, kind } });
  toastTimer = setTimeout(() => set({ toast: null }), 6000);
}
