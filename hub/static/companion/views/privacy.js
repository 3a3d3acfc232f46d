// The privacy notice, for everybody and before signing in; its gate; and who helps.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { current, date, t } from "../lib/i18n.js";
import { markdown } from "../lib/markdown.js";
import { set, state } from "../lib/state.js";
import { chip, empty, header, icon, loading, sentence } from "./parts.js";

let versions = null;
let notice = null;
let contacts = null;
let failed = "";
let busy = false;

// Without a version: the one in effect.
export async function show(version) {
  failed = "";
  notice = null;
  try {
    versions = (await api.open("GET", "/privacy-notices")).entries;
    contacts = await api.open("GET", "/contacts");
    const wanted = version || versions.find((one) => one.in_effect)?.version || versions[0]?.version;
    notice = wanted ? await api.open("GET", `/privacy-notices/${encodeURIComponent(wanted)}`) : null;
  } catch (failure) {
    failed = sentence(failure);
  }
  set({});
}

function wording() {
  const exact = notice.texts.find((one) => one.language === current());
  return exact || notice.texts.find((one) => one.language === "en") || notice.texts[0];
}

function text() {
  const words = wording();
  return html`<article class="card notice" lang=${words.language} dir="auto">
    <h2>${words.title}</h2>
    <p class="chips">${chip(t("notice_version", { version: notice.version }))}${chip(t("notice_since", { date: date(notice.effective_at) }))}</p>
    <div class="prose">${markdown(words.text)}</div>
    ${notice.recipients.length ? html`<p class="soft">${t("notice_recipients")}: ${notice.recipients.join(", ")}</p>` : nothing}
  </article>`;
}

function contact(label, value) {
  if (!value) return nothing;
  const address = /^[^\s@]+@[^\s@]+$/.test(value) ? `mailto:${value}` : /^https:\/\//.test(value) ? value : "";
  return html`<p>${label}: ${address ? html`<a href=${address} rel="noopener noreferrer"><bdi>${value}</bdi></a>` : html`<bdi>${value}</bdi>`}</p>`;
}

function body() {
  if (failed) return empty({ sign: "offline", title: t("not_here"), text: failed, action: html`<button @click=${() => show()}>${icon("refresh")}${t("try_again")}</button>` });
  if (!versions) return loading(3);
  return html`${notice ? text() : empty({ sign: "shield", title: t("no_notice"), text: "" })}
    ${versions.length > 1 ? html`<section class="card"><h2>${t("notice_versions")}</h2><ul class="plain">${versions.map((one) => html`<li>
      <a class="entry" href="#/privacy/${one.version}" aria-current=${one.version === notice?.version ? "true" : nothing}><span class="entry-text"><b dir="auto">${one.version}</b><small>${date(one.effective_at)}</small></span>
      ${one.in_effect ? chip(t("in_effect"), "good", "check") : nothing}</a></li>`)}</ul></section>` : nothing}
    ${contacts && (contacts.support || contacts.privacy) ? html`<section class="card"><h2>${icon("question")}${t("contacts")}</h2>
      ${contact(t("contact_support"), contacts.support)}${contact(t("contact_privacy"), contacts.privacy)}</section>` : nothing}`;
}

export function privacyPage() {
  return html`<section class="page">${header(t("privacy"), { back: state.employee ? "#/you" : "#/" })}<div class="cards">${body()}</div></section>`;
}

export function privacyFoot() {
  return html`<p class="foot"><a href="#/privacy">${t("privacy")}</a></p>`;
}

// The hub serves nothing before the notice in effect is accepted.
async function accept(version, accepted) {
  busy = true;
  failed = "";
  set({});
  try {
    await api.post("/me/consents", { notice: version });
    set({ gate: null });
    await accepted();
  } catch (failure) {
    failed = sentence(failure);
  } finally {
    busy = false;
    set({});
  }
}

export function gateScreen({ accepted, leave }) {
  const { version } = state.gate;
  return html`<main id="main" class="page gate" tabindex="-1">
    ${header(t("gate_title"))}<p class="soft page-text">${t("gate_text")}</p>
    ${failed ? html`<p class="note bad" role="alert">${icon("warning")}<span>${failed}</span></p>` : nothing}
    ${notice ? text() : loading(3)}
    <div class="save gate-actions"><button class="primary" ?disabled=${busy || !notice} @click=${() => accept(version, accepted)}>${t("gate_accept")}</button>
      <button class="quiet" @click=${leave}>${t("sign_out")}</button></div>
  </main>`;
}
