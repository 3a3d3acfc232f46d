// The reader's own data: a copy of them, requests about them, consents, where they were signed in
// from, and the way out of the hub for good.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { date, t } from "../lib/i18n.js";
import { end } from "../lib/session.js";
import { say, set } from "../lib/state.js";
import { chip, empty, header, icon, loading, sentence, when } from "./parts.js";

const KINDS = ["correction", "restriction", "erasure", "complaint"];
const COLOURS = { done: "good", refused: "bad" };
let requests = null;
let consents = null;
let log = null;
let failed = "";

export async function show() {
  try {
    [requests, consents, log] = await Promise.all([
      api.get("/me/privacy-requests").then(({ entries }) => entries),
      api.get("/me/consents").then((said) => said.consents),
      api.get("/me/access-log?page_size=20").then(({ entries }) => entries),
    ]);
    failed = "";
  } catch (failure) {
    failed = sentence(failure);
  }
  set({});
}

export function forget() {
  requests = consents = log = null;
}

async function attempt(work, done) {
  try {
    await work();
    say(done, "good");
    await show();
  } catch (failure) {
    say(sentence(failure), "bad");
  }
}

function ask(kind, words = "") {
  return attempt(() => api.post("/me/privacy-requests", { kind, words }, crypto.randomUUID()), t("data_asked"));
}

// It can be fetched once, so it goes from the answer to a file, whatever happens meanwhile.
async function fetchCopy(request) {
  try {
    const answer = await api.raw("GET", request.archive.address, { accept: "*/*", signal: AbortSignal.timeout(120_000) });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "my-data.zip";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    await show();
  } catch (failure) {
    say(sentence(failure), "bad");
  }
}

async function leave() {
  if (!confirm(t("leave_sure"))) return;
  try {
    await api.post("/me/opt-out", { confirm: true });
    await end("opted_out");
  } catch (failure) {
    say(sentence(failure), "bad");
  }
}

function card(title, sign, text, content) {
  return html`<section class="card"><h2>${icon(sign)}${title}</h2>${text ? html`<p class="soft">${text}</p>` : nothing}${content}</section>`;
}

function one(request) {
  const ready = request.archive && !request.archive.fetched_at;
  return html`<li class="entry"><span class="entry-text"><b>${t(`data_${request.kind}`)}</b><small>${when(request.received_at)} · ${t("data_due", { date: date(request.due_at) })}</small>
      ${request.answer ? html`<small dir="auto">${request.answer}</small>` : nothing}</span>
    ${ready ? html`<button class="primary" @click=${() => fetchCopy(request)}>${t("data_fetch")}</button>`
      : chip(t(`data_state_${request.state}`), COLOURS[request.state] || "", request.state === "done" ? "check" : "clock")}</li>`;
}

function submit(event) {
  event.preventDefault();
  const { kind, words } = Object.fromEntries(new FormData(event.target));
  ask(kind, words.trim());
  event.target.reset();
}

function content() {
  if (failed) return empty({ sign: "offline", title: t("not_here"), text: failed, action: html`<button @click=${show}>${icon("refresh")}${t("try_again")}</button>` });
  if (!requests) return loading(4);
  const given = consents.filter((consent) => !consent.withdrawn_at);
  return html`<div class="cards">
    ${card(t("data_export"), "document", t("data_export_text"), html`<button @click=${() => ask("export")}>${t("data_export_ask")}</button>
      ${requests.length ? html`<ul class="plain">${requests.map(one)}</ul>` : nothing}`)}
    <form class="card" @submit=${submit}><h2>${icon("question")}${t("data_other")}</h2>
      <label for="kind">${t("data_what")}</label><select id="kind" name="kind">${KINDS.map((kind) => html`<option value=${kind}>${t(`data_${kind}`)}</option>`)}</select>
      <label for="words">${t("data_words")}</label><textarea id="words" name="words" rows="3" maxlength="2000" dir="auto" required></textarea>
      <button class="primary">${t("send")}</button></form>
    ${given.length ? card(t("data_consents"), "check", "", html`<ul class="plain">${given.map((consent) => html`<li class="entry"><span class="entry-text"><b dir="auto">${consent.purpose}</b><small>${when(consent.given_at)}</small></span>
      <button class="quiet danger" @click=${() => attempt(() => api.call("DELETE", `/me/consents/${consent.purpose}`), t("data_withdrawn"))}>${t("take_back")}</button></li>`)}</ul>`) : nothing}
    ${card(t("data_log"), "laptop", t("data_log_text"), html`<ul class="plain">${log.map((line) => html`<li class="entry"><span class="entry-text"><b dir="auto">${line.device.name || line.device.model || t(`platform_${line.device.platform}`)}</b>
      <small><bdi>${line.address}</bdi> · ${when(line.last_at)}</small></span>${line.device.current ? chip(t("this_one"), "good") : nothing}</li>`)}</ul>`)}
    ${card(t("leave_title"), "out", t("leave_text"), html`<button class="quiet danger" @click=${leave}>${t("leave_hub")}</button>`)}
  </div>`;
}

export function dataPage() {
  return html`<section class="page">${header(t("your_data"), { back: "#/you" })}${content()}</section>`;
}
