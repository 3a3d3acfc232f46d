// Who answers for the reader while they are away, and for whom the reader answers.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { dateTime, t } from "../lib/i18n.js";
import { say, set } from "../lib/state.js";
import { chip, fields, header, icon, loading, sentence } from "./parts.js";

let given = null;
let received = null;
let found = [];
let chosen = null;
let failed = "";
let errors = {};
let busy = false;
let searching = 0;

export async function show() {
  try {
    ({ given, received } = await api.get("/me/delegations"));
    failed = "";
  } catch (failure) {
    failed = sentence(failure);
  }
  set({});
}

export function forget() {
  given = received = chosen = null;
  found = [];
}

function search(event) {
  const text = event.target.value.trim();
  clearTimeout(searching);
  chosen = null;
  if (text.length < 2) {
    found = [];
    set({});
    return;
  }
  searching = setTimeout(async () => {
    try {
      found = (await api.get(`/me/colleagues?q=${encodeURIComponent(text)}`)).entries;
    } catch (failure) {
      found = [];
      failed = sentence(failure);
    }
    set({});
  }, 350);
}

function pick(colleague) {
  chosen = colleague;
  found = [];
  set({});
}

// What the person enters is of their own clock; the API is told the moment.
function moment(value) {
  return value ? new Date(value).toISOString() : null;
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const entered = Object.fromEntries(new FormData(form));
  busy = true;
  failed = "";
  errors = {};
  set({});
  try {
    await api.post("/me/delegations", { delegate: chosen.employee_id, from: moment(entered.from), until: moment(entered.until) }, crypto.randomUUID());
    say(t("away_done", { name: chosen.display_name }), "good");
    chosen = null;
    form.reset();
    await show();
  } catch (failure) {
    failed = sentence(failure);
    errors = fields(failure);
  } finally {
    busy = false;
    set({});
  }
}

async function takeBack(delegation) {
  try {
    await api.call("DELETE", `/me/delegations/${delegation.id}`);
    say(t("away_taken_back"), "good");
    await show();
  } catch (failure) {
    say(sentence(failure), "bad");
  }
}

function span(one) {
  return t("from_until", { from: dateTime(one.from), until: dateTime(one.until) });
}

function scope(one) {
  return [one.subsystem, one.category].filter(Boolean).join(" · ") || t("everything");
}

function colleagueField() {
  if (chosen) {
    return html`<p class="picked"><span class="entry-text"><b dir="auto">${chosen.display_name}</b><small dir="auto">${chosen.department}</small></span>
      <button type="button" class="round small" aria-label=${t("choose_other")} @click=${() => pick(null)}>${icon("cross")}</button></p>`;
  }
  return html`<label for="colleague">${t("colleague")}</label>
    <input id="colleague" type="search" autocomplete="off" placeholder=${t("colleague_hint")} @input=${search} dir="auto"
      role="combobox" aria-expanded=${found.length > 0} aria-controls="colleagues" aria-autocomplete="list">
    <ul id="colleagues" class="options" role="listbox" aria-label=${t("colleague")}>${found.map((one) => html`<li role="option" aria-selected="false">
      <button type="button" @click=${() => pick(one)}><b dir="auto">${one.display_name}</b><small dir="auto">${one.department}</small></button></li>`)}</ul>`;
}

function form() {
  const flaw = (pointer) => (errors[pointer] ? html`<small class="flaw">${errors[pointer]}</small>` : nothing);
  return html`<form class="card" @submit=${submit} aria-busy=${busy}>
    <h2>${icon("people")}${t("away_new")}</h2>
    ${failed ? html`<p class="note bad" role="alert">${icon("warning")}<span>${failed}</span></p>` : nothing}
    ${colleagueField()}${flaw("/delegate")}
    <div class="two"><div><label for="from">${t("from")} <small>${t("optional")}</small></label><input id="from" name="from" type="datetime-local">${flaw("/from")}</div>
      <div><label for="until">${t("until")}</label><input id="until" name="until" type="datetime-local" required>${flaw("/until")}</div></div>
    <button class="primary" ?disabled=${busy || !chosen}>${t("away_start")}</button>
  </form>`;
}

function list(title, some, person, action) {
  if (!some.length) return nothing;
  return html`<section class="card"><h2>${title}</h2><ul class="plain">${some.map((one) => html`<li class="entry">
    <span class="entry-text"><b dir="auto">${one[person].name}</b>
    <small>${span(one)}</small><small dir="auto">${scope(one)}</small></span>
    ${one.active ? chip(t("now"), "good", "check") : nothing}${action(one)}</li>`)}</ul></section>`;
}

export function awayPage() {
  return html`<section class="page">
    ${header(t("away"), { back: "#/you" })}
    <p class="soft page-text">${t("away_text")}</p>
    ${given === null && !failed ? loading(2) : html`<div class="cards">
      ${form()}
      ${list(t("stand_in_for_you"), given || [], "delegate", (one) => html`<button class="quiet danger" @click=${() => takeBack(one)}>${t("take_back")}</button>`)}
      ${list(t("you_stand_in"), received || [], "principal", () => nothing)}</div>`}
  </section>`;
}
