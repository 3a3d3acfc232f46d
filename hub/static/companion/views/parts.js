// Small pieces that several screens are made of.
import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { ago, dateTime, has, t } from "../lib/i18n.js";

const PATHS = {
  inbox: "M4 13.5 6.3 5.8A2.5 2.5 0 0 1 8.7 4h6.6a2.5 2.5 0 0 1 2.4 1.8l2.3 7.7V17a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3zM4 13.5h4.5l1.4 2.5h4.2l1.4-2.5H20",
  answers: "M20 11.5a7.5 7.5 0 0 1-11.2 6.5L4 19.5l1.5-4.6A7.5 7.5 0 1 1 20 11.5ZM9 11.5l2.2 2.2L15.5 9.5",
  services: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z",
  you: "M12 11.5a3.75 3.75 0 1 0 0-7.5 3.75 3.75 0 0 0 0 7.5ZM4.5 20a7.5 7.5 0 0 1 15 0",
  back: "M14.5 5.5 8 12l6.5 6.5",
  next: "M9.5 5.5 16 12l-6.5 6.5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "m6.5 6.5 11 11m0-11-11 11",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 7.5V12l3 2",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l4.5 4.5",
  refresh: "M19 5v4.5h-4.5M5 19v-4.5h4.5M18.6 9.5A7 7 0 0 0 6 8m-.6 6.5A7 7 0 0 0 18 16",
  offline: "M4 4l16 16M8.5 14.5a5 5 0 0 1 5-1.2M5 11a10 10 0 0 1 4.5-2.6M19 11a10 10 0 0 0-5.6-2.9M12 18.5h.01",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  archive: "M4 5h16v4H4zM5.5 9v8.5A1.5 1.5 0 0 0 7 19h10a1.5 1.5 0 0 0 1.5-1.5V9M10 12.5h4",
  unread: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z",
  question: "M9.2 9.3a2.9 2.9 0 1 1 4.2 2.6c-.9.5-1.4 1-1.4 2M12 16.8h.01M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17Z",
  clip: "m19 11-7.2 7.2a4.6 4.6 0 0 1-6.5-6.5l7.6-7.6a3 3 0 0 1 4.3 4.3l-7.6 7.5a1.5 1.5 0 0 1-2.1-2.1l7-7",
  link: "M13 5h6v6M19 5l-8 8M16 14v3.5a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 5 17.5v-8A1.5 1.5 0 0 1 6.5 8H10",
  phone: "M8.5 3.5h7A1.5 1.5 0 0 1 17 5v14a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 19V5a1.5 1.5 0 0 1 1.5-1.5ZM11 17.5h2",
  laptop: "M6 5.5h12a1 1 0 0 1 1 1V15H5V6.5a1 1 0 0 1 1-1ZM3 18.5h18",
  out: "M14 4.5H6.5A1.5 1.5 0 0 0 5 6v12a1.5 1.5 0 0 0 1.5 1.5H14M10 12h10m-3.5-3.5L20 12l-3.5 3.5",
  pen: "M5 19h3L19 8l-3-3L5 16zM13.5 7.5l3 3",
  people: "M9 11a3.25 3.25 0 1 0 0-6.5A3.25 3.25 0 0 0 9 11ZM3 19a6 6 0 0 1 12 0M15.5 4.8a3.25 3.25 0 0 1 0 6M17 13.8a6 6 0 0 1 4 5.2",
  sliders: "M5 7h9m4 0h1M5 12h2m4 0h8M5 17h7m4 0h3M14 5v4M7.5 10v4M12.5 15v4",
  warning: "M12 4.5 3.5 19h17zM12 10v4M12 16.5h.010",
  star: "m12 4.5 2.3 4.7 5.2.800-3.75 3.65.900 5.15L12 16.4l-4.65 2.4.900-5.15L4.5 10l5.2-.800z",
  shield: "M12 3.5 5 6v5.5c0 4.2 2.9 7.3 7 9 4.1-1.7 7-4.8 7-9V6z",
  calendar: "M5 6.5h14v13H5zM5 10.5h14M8.5 4v4M15.5 4v4",
  document: "M7 4h7l4 4v12H7zM14 4v4h4M10 12.5h5M10 16h5",
  money: "M4 7h16v10H4zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM7 10v4M17 10v4",
  chart: "M5 19V5M5 19h14M9 15.5v-3M13 15.5v-7M17 15.5v-5",
  mail: "M4 6.5h16v11H4zM4.5 7l7.5 6 7.5-6",
  home: "M4.5 11 12 4.5l7.5 6.5M6.5 9.5V19h11V9.5M10 19v-5h4v5",
  bell: "M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5zM10 20.5h4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z",
  globe: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM3.5 12h17M12 3.5c5 5 5 12 0 17-5-5-5-12 0-17Z",
  plus: "M12 5.5v13M5.5 12h13",
  snooze: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM9.5 9h5l-5 6h5",
};

// The signs that the hub knows for modules, and which of ours stands for each.
const OF_MODULES = {
  badge: "you", person: "you", people: "people", bell: "bell", calendar: "calendar", chat: "answers", check: "check", clock: "clock",
  document: "document", receipt: "document", book: "document", folder: "document", globe: "globe", map: "globe", plane: "globe",
  laptop: "laptop", phone: "phone", lock: "lock", key: "lock", search: "search", settings: "sliders", shield: "shield", star: "star",
  money: "money", card: "money", chart: "chart", mail: "mail", home: "home", building: "home", tool: "sliders",
};

export function knownIcon(name) {
  return OF_MODULES[name] || "services";
}

export function icon(name) {
  return svg`<svg class="icon icon-${name}" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name]}></path></svg>`;
}

// The same sub-system has the same colour everywhere.
export function monogram(subsystem) {
  const sum = [...subsystem.key].reduce((total, letter) => total + letter.codePointAt(0), 0);
  const letters = subsystem.name.split(/\s+/).slice(0, 2).map((word) => [...word][0] || "").join("");
  return html`<span class="monogram tone-${sum % 6}" aria-hidden="true">${letters.toUpperCase()}</span>`;
}

export function when(value) {
  return html`<time datetime=${value} title=${dateTime(value)}>${ago(value)}</time>`;
}

export function chip(text, kind = "", sign = "") {
  return html`<span class="chip ${kind}">${sign ? icon(sign) : nothing}${text}</span>`;
}

export function empty({ sign, title, text, action = nothing }) {
  return html`<div class="empty">
    <span class="empty-sign">${icon(sign)}</span>
    <h2>${title}</h2>
    ${text ? html`<p>${text}</p>` : nothing}
    ${action}
  </div>`;
}

export function loading(rows = 5) {
  const row = html`<div class="skeleton"><span></span><div><i></i><i></i></div></div>`;
  return html`<div class="loading" role="status"><span class="hidden">${t("loading")}</span>${Array(rows).fill(row)}</div>`;
}

// The sentence for a call that failed, in the reader's language where there is one.
export function sentence(failure) {
  if (failure instanceof api.Unreachable) return t("unreachable");
  if (!(failure instanceof api.Problem)) throw failure;
  const { code, body, retryAfter } = failure;
  const key = `code_${code}`;
  if (has(key)) {
    const minutes = Math.max(1, Math.ceil(retryAfter / 60));
    const who = body.decision?.decided_by?.name || t("somebody");
    return t(key, { count: minutes, name: who });
  }
  return failure.status >= 500 ? t("hub_failed") : failure.message;
}

export function fields(failure) {
  const errors = failure instanceof api.Problem ? failure.body.errors || [] : [];
  return Object.fromEntries(errors.map(({ pointer, message }) => [pointer, message]));
}

export function header(title, { back = "", actions = nothing } = {}) {
  return html`<header class="page-head">
    ${back ? html`<a class="round back" href=${back} aria-label=${t("back")}>${icon("back")}</a>` : nothing}
    <h1 tabindex="-1">${title}</h1>
    <div class="head-actions">${actions}</div>
  </header>`;
}
