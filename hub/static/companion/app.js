// The companion: a client of the mobile API for browsers. This file starts it and draws it.
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";
import * as api from "./lib/api.js";
import { t } from "./lib/i18n.js";
import * as outbox from "./lib/outbox.js";
import * as session from "./lib/session.js";
import { onChange, set, state } from "./lib/state.js";
import * as store from "./lib/store.js";
import * as stream from "./lib/stream.js";
import * as sync from "./lib/sync.js";
import * as answers from "./views/answers.js";
import { sheet } from "./views/answer.js";
import * as away from "./views/away.js";
import { inboxPane } from "./views/inbox.js";
import * as item from "./views/item.js";
import { empty, icon } from "./views/parts.js";
import * as privacy from "./views/privacy.js";
import * as preferences from "./views/preferences.js";
import * as data from "./views/data.js";
import * as form from "./views/form.js";
import * as services from "./views/services.js";
import { signInScreen } from "./views/sign_in.js";
import * as submissions from "./views/submissions.js";
import * as you from "./views/you.js";

const root = document.getElementById("app");
const PAGES = {
  answers: { page: () => answers.answersPage(), show: () => answers.show() },
  services: { page: () => services.servicesPage(), show: () => services.show() },
  form: { page: () => form.formPage(), show: (key) => form.show(key), under: "services" },
  submissions: { page: () => submissions.submissionsPage(), show: () => submissions.show(), under: "services" },
  you: { page: () => you.youPage(speak), show: () => you.show() },
  preferences: { page: () => preferences.preferencesPage(false), show: () => preferences.show(), under: "you" },
  welcome: { page: () => preferences.preferencesPage(true), show: () => {}, under: "you" },
  privacy: { page: () => privacy.privacyPage(), show: (version) => privacy.show(version), under: "you", open: true },
  data: { page: () => data.dataPage(), show: () => data.show(), under: "you" },
  away: { page: () => away.awayPage(), show: () => away.show(), under: "you" },
};

function routeOf(hash) {
  const [name, id = ""] = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (name === "item" && id) return { name, id };
  return name in PAGES ? { name, id } : { name: "inbox", id: "" };
}

function speak(code) {
  store.setting("language", code);
  session.speak(state.employee);
  set({});
}

function navigation() {
  const { name } = state.route;
  const here = PAGES[name]?.under || (name === "item" ? "inbox" : name);
  const waiting = state.counts?.waiting || 0;
  const links = [
    ["inbox", "#/", t("inbox")],
    ...(state.services ? [["services", "#/services", t("services")]] : []),
    ["answers", "#/answers", t("my_answers")],
    ["you", "#/you", t("you")],
  ];
  return html`<nav class="rail" aria-label=${t("main_navigation")}>
    <a class="brand" href="#/"><img src="/static/companion/icons/icon.svg" alt="" width="32" height="32"><span>${document.title.split(" · ").at(-1)}</span></a>
    <ul>${links.map(([key, address, text]) => html`<li><a href=${address} aria-current=${here === key ? "page" : nothing}>
      ${icon(key)}<span>${text}</span>${key === "inbox" && waiting ? html`<b class="count"><span aria-hidden="true">${waiting}${state.counts.capped ? "+" : ""}</span><span class="hidden">${t("waiting_count", { count: waiting })}</span></b>` : nothing}</a></li>`)}</ul>
    ${privacy.privacyFoot()}
  </nav>`;
}

function nothingChosen() {
  return html`<section class="detail-pane nothing-chosen">${empty({ sign: "inbox", title: t("choose_item"), text: t("choose_item_text") })}</section>`;
}

function screen() {
  const { name, id } = state.route;
  if (name in PAGES) return PAGES[name].page();
  return html`<div class="panes">${inboxPane()}${name === "item" ? item.itemPane(id) : nothingChosen()}</div>`;
}

function toast() {
  const { toast: said } = state;
  return html`<div class="toasts" role="status" aria-live="polite">${said ? html`<p class="toast ${said.kind}">${said.text}</p>` : nothing}</div>`;
}

function draw() {
  if (!state.ready) return;
  const name = document.querySelector('meta[name="application-name"]').content;
  const waiting = state.employee && state.counts?.waiting;
  document.title = waiting ? `(${waiting}) · ${name}` : name;
  render(
    state.gate
      ? html`${privacy.gateScreen({ accepted: welcome, leave: () => session.signOut(false) })}${toast()}`
      : state.employee
      ? html`<a class="skip" href="#main" @click=${skip}>${t("skip")}</a>
        <div class="frame" data-view=${state.route.name}>${navigation()}<main id="main" tabindex="-1">${screen()}</main></div>${sheet()}${toast()}`
      : html`${state.route.name === "privacy" ? html`<main id="main" tabindex="-1">${privacy.privacyPage()}</main>` : signInScreen({ entered: welcome, speak })}${toast()}`,
    root,
  );
  const dialog = document.querySelector("dialog");
  if (dialog && !dialog.open) dialog.showModal();
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

let listAt = 0; // how far down the reader was in the list, where the page itself scrolls

function arrive({ focus }) {
  const route = routeOf(location.hash);
  if (state.route.name === "inbox") listAt = scrollY;
  set({ route, dialog: null });
  if (!state.employee && !PAGES[route.name]?.open) return;
  if (route.name === "item") item.show(route.id);
  PAGES[route.name]?.show(route.id);
  queueMicrotask(() => scrollTo(0, route.name === "inbox" ? listAt : 0));
  // Whoever reads by ear or keys is taken to what has come; back in the list, to where they were.
  if (focus) queueMicrotask(() => document.querySelector(route.name === "inbox" ? ".row[aria-current]" : ".detail-pane h1, .page h1")?.focus());
}

async function lookAfter() {
  if (session.isOver(api.current() || { session_expires_at: 0, refresh_expires_at: 0 })) {
    if (api.current()) await session.end("expired");
    return;
  }
  await outbox.flush();
  if (!store.setting("language")) session.speak(state.employee);
}

// Somebody is signed in: what is kept first, then what the hub says.
async function entered() {
  await sync.recall();
  await outbox.recall();
  arrive({ focus: false });
  set({ ready: true });
  await outbox.flush();
  await sync.refresh();
  if (!state.gate) await services.show();
  hearken();
}

// Hints while the page is on screen and somebody is signed in.
function hearken() {
  if (document.visibilityState !== "visible" || !api.current() || state.gate) stream.stop();
  else stream.start({ changed: () => sync.refresh().then(lookAfter), heard: sync.isTold });
}

// Right after signing in: whoever never chose how to be reached is asked once.
async function welcome() {
  await entered();
  if (!state.gate && state.route.name !== "item" && (await preferences.neverChosen())) location.hash = "#/welcome";
}

async function restart() {
  session.speak(null);
  const found = await session.resume();
  if (found) session.speak(found.employee);
  set({ ready: true });
  if (found) await entered();
}

function comeBack() {
  hearken();
  if (document.visibilityState === "visible" && api.current()) sync.refresh().then(lookAfter);
}

function listen() {
  addEventListener("hashchange", () => arrive({ focus: true }));
  addEventListener("online", () => { set({ online: true }); comeBack(); });
  addEventListener("offline", () => set({ online: false, trouble: "offline" }));
  document.addEventListener("visibilitychange", comeBack);
  api.listen({
    over(reason) {
      stream.stop();
      for (const view of [you, away, preferences, services, submissions, data]) view.forget();
      session.end(reason);
    },
    gated({ version }) {
      if (state.gate) return;
      set({ gate: { version }, dialog: null });
      privacy.show(version);
    },
  });
  session.listen(restart);
}

// Trusted Types are enforced, so the one script that is loaded by name has a policy of its own.
function installWorker() {
  if (!("serviceWorker" in navigator)) return;
  const WORKER = "/companion-worker.js";
  const policy = globalThis.trustedTypes?.createPolicy("companion", {
    createScriptURL(address) {
      if (address !== WORKER) throw new TypeError("not the companion's worker");
      return address;
    },
  });
  navigator.serviceWorker.register(policy ? policy.createScriptURL(WORKER) : WORKER, { scope: "/" })
    .catch((failure) => console.warn("reading offline is not to be had:", failure));
}

onChange(draw);
you.dress();
listen();
await restart();
if (!state.employee) arrive({ focus: false });
sync.start(lookAfter);
installWorker();
