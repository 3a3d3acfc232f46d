// What the reader handed in, what became of it, and what was written about it since.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { set } from "../lib/state.js";
import { chip, empty, header, icon, loading, sentence, when } from "./parts.js";

let page = null;
let failed = "";

export async function show() {
  try {
    page = await api.get("/me/submissions?page_size=50");
    failed = "";
  } catch (failure) {
    failed = sentence(failure);
  }
  set({});
}

export function forget() {
  page = null;
}

function one(submission) {
  const kind = { confirmed: "good", refused: "bad", undeliverable: "warn" }[submission.outcome] || "";
  return html`<li class="card">
    <div class="entry"><span class="entry-text"><b dir="auto">${submission.module.name}</b><small><bdi>${submission.reference}</bdi> · ${when(submission.submitted_at)}</small></span>
      ${chip(t(`became_${submission.outcome}`), kind, kind === "good" ? "check" : kind ? "warning" : "clock")}</div>
    ${submission.message ? html`<blockquote class="said ${kind}" dir="auto">${submission.message}</blockquote>` : nothing}
    ${submission.notifications.map((about) => html`<a class="entry" href="#/item/${about.id}"><span class="entry-text"><span dir="auto">${about.title}</span><small>${when(about.arrived_at)}</small></span>${icon("next")}</a>`)}
  </li>`;
}

export function submissionsPage() {
  const content = failed ? empty({ sign: "offline", title: t("not_here"), text: failed, action: html`<button @click=${show}>${icon("refresh")}${t("try_again")}</button>` })
    : !page ? loading(3)
    : !page.entries.length ? empty({ sign: "document", title: t("nothing_handed_in"), text: t("nothing_handed_in_text") })
    : html`<ul class="cards">${page.entries.map(one)}</ul>`;
  return html`<section class="page">${header(t("handed_in"), { back: "#/services" })}${content}</section>`;
}
