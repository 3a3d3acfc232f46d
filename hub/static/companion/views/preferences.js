// How the reader wants to be reached: what may ring, when it is quiet, in which language.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import * as i18n from "../lib/i18n.js";
import { say, set } from "../lib/state.js";
import { chip, empty, fields, header, icon, loading, sentence } from "./parts.js";

const { t } = i18n;
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const READ_ONLY = ["effective", "categories"];
let held = null;
let draft = null;
let failed = "";
let errors = {};
let busy = false;

function take(read) {
  held = read;
  draft = structuredClone(read);
}

export async function show() {
  try {
    take(await api.get("/me/preferences"));
    failed = "";
  } catch (failure) {
    failed = sentence(failure);
  }
  set({});
}

export function forget() {
  held = draft = null;
  failed = "";
}

// Whether nothing was ever chosen: then the page is shown after signing in.
export async function neverChosen() {
  await show();
  return held?.version === 0;
}

function change(work) {
  work(draft);
  set({});
}

async function save(event, first) {
  event.preventDefault();
  busy = true;
  failed = "";
  errors = {};
  set({});
  // What a newer hub tells besides is given back as it was: what is left out would be reset.
  const chosen = Object.fromEntries(Object.entries(draft).filter(([name]) => !READ_ONLY.includes(name)));
  const refused = draft.categories.filter((one) => one.opted_out);
  try {
    const body = { ...chosen, opted_out: refused.map(({ subsystem, category }) => ({ subsystem: subsystem.key, category })) };
    take(await api.call("PUT", "/me/preferences", { body }));
    say(t("preferences_saved"), "good");
    location.hash = first ? "#/" : "#/you";
  } catch (failure) {
    failed = sentence(failure);
    errors = fields(failure);
    if (failure.body?.preferences) take(failure.body.preferences);
  } finally {
    busy = false;
    set({});
  }
}

function toggle(text, on, flip, { id, note = "" }) {
  return html`<div class="entry"><label class="entry-text" for=${id}><b dir="auto">${text}</b>${note ? html`<small>${note}</small>` : nothing}</label>
    <input type="checkbox" role="switch" class="switch" id=${id} .checked=${on} @change=${(event) => change(() => flip(event.target.checked))}></div>`;
}

function categories() {
  const groups = new Map();
  for (const one of draft.categories) groups.set(one.subsystem.key, [...(groups.get(one.subsystem.key) || []), one]);
  return [...groups.values()].map((some) => html`<h3 dir="auto">${some[0].subsystem.name}</h3>
    ${some.map((one) => one.essential
      ? html`<div class="entry"><span class="entry-text"><b dir="auto">${one.name}</b></span>${chip(t("always"), "", "lock")}</div>`
      : toggle(one.name, !one.opted_out, (on) => { one.opted_out = !on; }, { id: `category-${one.subsystem.key}-${one.category}` }))}`);
}

function dayName(day) {
  const monday = Date.UTC(2024, 0, 1);
  return new Intl.DateTimeFormat(i18n.current(), { weekday: "short", timeZone: "UTC" }).format(monday + DAYS.indexOf(day) * 86_400_000);
}

function quietWindow(one, n) {
  const flip = (day) => change(() => {
    one.days = DAYS.filter((each) => (each === day) !== one.days.includes(each));
  });
  const flaw = Object.entries(errors).find(([pointer]) => pointer.startsWith(`/quiet_hours/${n}`))?.[1];
  return html`<fieldset class="quiet-window"><legend class="hidden">${t("quiet_window", { number: n + 1 })}</legend>
    <div class="days">${DAYS.map((day) => html`<button type="button" aria-pressed=${one.days.includes(day)} @click=${() => flip(day)}>${dayName(day)}</button>`)}</div>
    <div class="hours"><label><span>${t("from")}</span><input type="time" required .value=${one.from} @change=${(event) => change(() => { one.from = event.target.value; })}></label>
      <label><span>${t("until")}</span><input type="time" required .value=${one.until} @change=${(event) => change(() => { one.until = event.target.value; })}></label>
      <button type="button" class="round" aria-label=${t("remove")} @click=${() => change(() => draft.quiet_hours.splice(n, 1))}>${icon("cross")}</button></div>
    ${flaw ? html`<small class="flaw">${flaw}</small>` : nothing}</fieldset>`;
}

function addWindow() {
  change(() => draft.quiet_hours.push({ days: DAYS.slice(0, 5), from: "19:00", until: "07:00" }));
}

function languages() {
  const known = i18n.LANGUAGES.map(([code, name]) => [code, name]);
  if (draft.language && !known.some(([code]) => code === draft.language)) known.push([draft.language, draft.language]);
  return html`<label for="language">${t("language_of_messages")}</label>
    <select id="language" @change=${(event) => change(() => { draft.language = event.target.value; })}>
      <option value="" ?selected=${!draft.language}>${t("as_usual")}</option>
      ${known.map(([code, name]) => html`<option value=${code} lang=${code} ?selected=${code === draft.language}>${name}</option>`)}</select>`;
}

function zones() {
  return html`<label for="zone">${t("time_zone")}</label>
    <select id="zone" @change=${(event) => change(() => { draft.time_zone = event.target.value; })}>
      <option value="" ?selected=${!draft.time_zone}>${t("zone_automatic", { zone: draft.effective.time_zone })}</option>
      ${Intl.supportedValuesOf("timeZone").map((zone) => html`<option value=${zone} ?selected=${zone === draft.time_zone}>${zone.replaceAll("_", " ")}</option>`)}</select>
    ${errors["/time_zone"] ? html`<small class="flaw">${errors["/time_zone"]}</small>` : nothing}`;
}

function together() {
  const choices = [["immediate", t("digest_immediate")], ["hourly", t("digest_hourly")], ["daily", t("digest_daily")]];
  return html`<div><label for="digest">${t("digest")}</label>
    <select id="digest" @change=${(event) => change(() => { draft.digest = event.target.value; })}>
      ${choices.map(([choice, name]) => html`<option value=${choice} ?selected=${choice === draft.digest}>${name}</option>`)}</select>
    ${draft.digest === "daily" ? html`<label for="digest-at">${t("digest_at")}</label>
      <input type="time" id="digest-at" required .value=${draft.digest_at} @change=${(event) => change(() => { draft.digest_at = event.target.value; })}>` : nothing}
    ${errors["/digest_at"] ? html`<small class="flaw">${errors["/digest_at"]}</small>` : nothing}</div>`;
}

function card(title, sign, text, content) {
  return html`<section class="card"><h2>${icon(sign)}${title}</h2>${text ? html`<p class="soft">${text}</p>` : nothing}${content}</section>`;
}

function form(first) {
  return html`<form class="cards" @submit=${(event) => save(event, first)} aria-busy=${busy}>
    ${failed ? html`<p class="note bad" role="alert">${icon("warning")}<span>${failed}</span></p>` : nothing}
    ${card(t("what_may_ring"), "bell", t("what_may_ring_text"), html`
      ${toggle(t("push_optional"), draft.channels.push, (on) => { draft.channels.push = on; }, { id: "push", note: t("push_optional_text") })}
      ${"email" in draft.channels ? toggle(t("email_optional"), draft.channels.email, (on) => { draft.channels.email = on; }, { id: "email", note: t("email_optional_text") }) : nothing}
      ${"digest" in draft ? together() : nothing}
      ${categories()}`)}
    ${card(t("quiet_hours"), "moon", t("quiet_hours_text"), html`${draft.quiet_hours.map(quietWindow)}
      <button type="button" class="quiet" @click=${addWindow}>${icon("plus")}${t("quiet_add")}</button>`)}
    ${card(t("language_and_clock"), "globe", "", html`<div>${languages()}${zones()}</div>`)}
    <div class="save"><button class="primary" ?disabled=${busy}>${busy ? t("saving") : t("save")}</button>
      ${first ? html`<a class="button quiet" href="#/">${t("later")}</a>` : nothing}</div>
  </form>`;
}

export function preferencesPage(first) {
  const content = draft ? form(first)
    : failed ? empty({ sign: "offline", title: t("not_here"), text: failed, action: html`<button @click=${show}>${icon("refresh")}${t("try_again")}</button>` })
    : loading(4);
  return html`<section class="page">
    ${first ? header(t("welcome_preferences")) : header(t("preferences"), { back: "#/you" })}
    ${first ? html`<p class="soft page-text">${t("welcome_preferences_text")}</p>` : nothing}${content}
  </section>`;
}
