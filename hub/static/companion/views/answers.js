// What the reader answered, and what became of it.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "../lib/i18n.js";
import { set, state } from "../lib/state.js";
import * as sync from "../lib/sync.js";
import { chip, empty, header, icon, loading, sentence, when } from "./parts.js";

let failed = "";

export async function show(more = false) {
  failed = "";
  try {
    await sync.readAnswers(more);
  } catch (failure) {
    failed = sentence(failure);
    set({});
  }
}

function became({ decision, counts, state: now }) {
  if (!counts) return chip(t("voided"), "warn", "warning");
  if (!decision) return now === "open" ? chip(t("still_open"), "", "clock") : chip(t(`state_${now}`), "");
  const { outcome } = decision;
  const kind = { confirmed: "good", refused: "bad", undeliverable: "warn" }[outcome] || "";
  return chip(t(`became_${outcome}`), kind, kind === "good" ? "check" : kind ? "warning" : "clock");
}

export function answersPage() {
  const { answers } = state;
  const content = failed
    ? empty({ sign: "offline", title: t("not_here"), text: failed, action: html`<button @click=${() => show()}>${icon("refresh")}${t("try_again")}</button>` })
    : !answers ? loading()
    : !answers.entries.length ? empty({ sign: "answers", title: t("no_answers"), text: t("no_answers_text") })
    : html`<ul class="plain card">${answers.entries.map((one) => html`<li>
        <a class="entry" href="#/item/${one.notification_id}">
          <span class="entry-text"><b dir="auto">${one.title}</b>
            <small><span dir="auto">${one.verb}</span> · ${when(one.responded_at)}</small>
            ${one.comment ? html`<small class="quote" dir="auto">${one.comment}</small>` : nothing}
            ${one.decision?.message ? html`<small dir="auto">${one.decision.message}</small>` : nothing}</span>
          ${became(one)}</a></li>`)}</ul>
      ${answers.after ? html`<button class="wide more" @click=${() => show(true)}>${t("show_older")}</button>` : nothing}`;
  return html`<section class="page">${header(t("my_answers"))}${content}</section>`;
}
