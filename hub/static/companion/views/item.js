// One item, whole: what it says, what became of it, and what the reader may do.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { ago, dateTime, fact, t } from "../lib/i18n.js";
import { markdown } from "../lib/markdown.js";
import * as outbox from "../lib/outbox.js";
import { say, set, state } from "../lib/state.js";
import * as sync from "../lib/sync.js";
import { attachments } from "./attachments.js";
import { openAnswer, openQuestion, openReply } from "./answer.js";
import { chip, empty, icon, loading, monogram, sentence, when } from "./parts.js";
import { launch } from "./services.js";
import { openSnooze, snooze } from "./snooze.js";
import { outcomeSteps, standing } from "./standing.js";

let reading = ""; // the id that is being read
let missing = ""; // the id that the hub does not know
let failed = ""; // why the item could not be read

// Read the item anew whenever it comes on screen, and say that it was read.
export async function show(id) {
  reading = id;
  missing = failed = "";
  try {
    const item = await sync.readItem(id);
    if (!item.read_at) {
      await api.post("/me/inbox/mark", { ids: [id], mark: "read" });
      sync.take([{ ...item, read_at: new Date().toISOString() }]);
    }
  } catch (failure) {
    if (failure instanceof api.Problem && failure.code === "not_found") {
      missing = id;
      sync.take([], [id]);
    } else failed = sentence(failure);
  } finally {
    if (reading === id) reading = "";
    set({});
  }
}

async function mark(item, mark_) {
  try {
    await api.post("/me/inbox/mark", { ids: [item.id], mark: mark_ });
    sync.take([{ ...item, archived_at: mark_ === "archived" ? new Date().toISOString() : null }]);
    say(t(mark_));
    if (mark_ === "archived") location.hash = "#/";
    sync.refresh();
  } catch (failure) {
    say(sentence(failure), "bad");
  }
}

async function acknowledge(item) {
  try {
    const after = await outbox.say(item, "acknowledge", { version: item.version });
    say(t(after ? "confirmed_read" : "kept_for_later"), after ? "good" : "info");
  } catch (failure) {
    if (failure.body?.item) sync.take([failure.body.item]);
    say(sentence(failure), "bad");
  }
}

function facts(item) {
  if (!item.facts.length) return nothing;
  return html`<dl class="facts">${item.facts.map((one) => html`<div>
    <dt dir="auto">${one.label}</dt><dd class=${one.type} dir="auto">${fact(one)}</dd></div>`)}</dl>`;
}

function links(item) {
  if (!item.links.length) return nothing;
  return html`<ul class="links">${item.links.map((one) => {
    const service = state.services?.find(({ key }) => key === one.module);
    const words = html`${icon("link")}<span dir="auto">${one.label}</span><small dir="auto">${service?.name || item.subsystem.name}</small>`;
    if (!service) return html`<li class="shut">${words}</li>`;
    return service.type === "form" ? html`<li><a class="button" href="#/form/${service.key}">${words}</a></li>`
      : html`<li><button @click=${() => launch(service.key)}>${words}</button></li>`;
  })}</ul>`;
}

function who(person) {
  return person?.name || t("somebody");
}

function decided(item) {
  const { decision, settlement } = item;
  if (decision) {
    const good = decision.effect === "approve";
    const by = decision.by_you ? t("by_you") : t("by_name", { name: who(decision.decided_by) });
    const whose = decision.on_behalf_of ? t("for_name", { name: who(decision.on_behalf_of) }) : "";
    return html`<section class="verdict ${good ? "good" : "bad"}" aria-label=${t("decision")}>
      <div class="verdict-head"><span class="verdict-sign">${icon(good ? "check" : "cross")}</span>
        <div><h2>${t(good ? "approved" : "rejected")}</h2>
        <p>${by} ${whose} · ${when(decision.decided_at)}</p></div></div>
      ${outcomeSteps(decision, item.subsystem)}
      ${decision.superseded_by ? html`<a class="button" href="#/item/${decision.superseded_by}">${t("see_newer")}</a>` : nothing}
    </section>`;
  }
  if (settlement) {
    return html`<section class="verdict"><div class="verdict-head"><span class="verdict-sign">${icon("archive")}</span>
      <div><h2>${t("state_settled")}</h2><p dir="auto">${settlement.outcome}${settlement.by ? ` · ${settlement.by}` : ""} · ${when(settlement.settled_at)}</p></div></div>
      ${settlement.note ? html`<blockquote class="said" dir="auto">${settlement.note}</blockquote>` : nothing}</section>`;
  }
  if (item.state === "withdrawn" || item.state === "expired") {
    return html`<section class="verdict"><div class="verdict-head"><span class="verdict-sign">${icon("archive")}</span>
      <div><h2>${t(`state_${item.state}`)}</h2>
      ${item.closed_at ? html`<p>${when(item.closed_at)}</p>` : nothing}</div></div>
      ${item.closed_reason ? html`<blockquote class="said" dir="auto">${item.closed_reason}</blockquote>` : nothing}</section>`;
  }
  return nothing;
}

function ownAnswer(item) {
  const unsent = outbox.of(item.id);
  if (unsent && !unsent.refused) {
    return html`<p class="note warn" role="status">${icon("clock")}<span>${t("unsent_text")}</span></p>`;
  }
  if (!item.your_answer || item.decision?.by_you) return nothing;
  const { by, responded_at, on_behalf_of } = item.your_answer;
  const name = by.employee_id === state.employee.employee_id ? t("you_answered") : t("name_answered", { name: who(by) });
  const whose = on_behalf_of ? t("for_name", { name: who(on_behalf_of) }) : "";
  return html`<p class="note">${icon("check")}<span>${name} ${whose} · ${ago(responded_at)}${item.state === "open" ? `. ${t("others_too")}` : ""}</span></p>`;
}

function thread(item) {
  const own = state.employee.employee_id;
  const canAsk = item.waiting_for_you && item.kind === "request";
  if (!item.thread.length && !canAsk) return nothing;
  return html`<section class="thread" aria-label=${t("questions")}>
    ${item.thread.length ? html`<h2>${t("questions")}</h2>` : nothing}
    ${item.thread.map((one) => html`<article class="talk">
      <p class="bubble ${one.by.employee_id === own ? "mine" : ""}"><b dir="auto">${who(one.by)}</b><span dir="auto">${one.text}</span><small>${when(one.asked_at)}</small></p>
      ${one.reply
        ? html`<p class="bubble ${one.reply.by?.employee_id === own ? "mine" : ""}"><b dir="auto">${one.reply.by ? who(one.reply.by) : item.subsystem.name}</b><span dir="auto">${one.reply.text}</span><small>${when(one.reply.replied_at)}</small></p>`
        : one.to === "requester" && one.by.employee_id !== own && !canAsk && item.state === "open"
          ? html`<button @click=${() => openReply(item, one)}>${icon("answers")}${t("reply")}</button>`
          : html`<p class="soft pending">${t("no_reply_yet")}</p>`}
    </article>`)}
    ${canAsk ? html`<button class="quiet" @click=${() => openQuestion(item)}>${icon("question")}${t("ask_back")}</button>` : nothing}
  </section>`;
}

function actions(item) {
  if (outbox.of(item.id)) return nothing;
  if (item.kind === "acknowledgement" && item.waiting_for_you && item.state === "open") {
    return html`<div class="actions"><button class="primary" @click=${() => acknowledge(item)}>${icon("check")}${t("confirm_read")}</button></div>`;
  }
  if (!item.actions.length) return nothing;
  const order = { approve: 0, answer: 1, reject: 2 };
  const sorted = [...item.actions].sort((a, b) => order[a.effect] - order[b.effect]);
  return html`<div class="actions" role="group" aria-label=${t("your_answer")}>
    ${sorted.map((action, n) => html`<button class=${action.effect === "reject" ? "danger" : n === 0 ? "primary" : ""}
      @click=${() => openAnswer(item, action)}>${icon(action.effect === "reject" ? "cross" : "check")}<span dir="auto">${action.label}</span></button>`)}
  </div>`;
}

function asleep(item) {
  return Boolean(item.snoozed_until) && Date.parse(item.snoozed_until) > Date.now();
}

function dates(item) {
  const said = [];
  if (asleep(item)) said.push(chip(t("snoozed_until", { when: dateTime(item.snoozed_until) }), "warn", "snooze"));
  if (item.state === "open" && item.due_at) said.push(chip(t("due", { when: ago(item.due_at) }), Date.parse(item.due_at) < Date.now() ? "bad" : "", "clock"));
  if (item.state === "open" && item.expires_at) said.push(chip(t("expires", { when: ago(item.expires_at) }), "", "clock"));
  if (item.progress) said.push(chip(t("step_of", { step: item.progress.step, steps: item.progress.steps })));
  if (item.priority === "urgent") said.push(chip(t("urgent"), "bad", "warning"));
  if (item.sensitivity === "restricted") said.push(chip(t("restricted"), "", "lock"));
  return said;
}

export function itemPane(id) {
  const item = state.items.get(id);
  if (!item) {
    if (missing === id) return html`<section class="detail-pane">${empty({ sign: "inbox", title: t("gone"), text: t("gone_text"), action: html`<a class="button" href="#/">${t("to_inbox")}</a>` })}</section>`;
    if (failed) return html`<section class="detail-pane">${empty({ sign: "offline", title: t("not_here"), text: failed, action: html`<button @click=${() => show(id)}>${icon("refresh")}${t("try_again")}</button>` })}</section>`;
    return html`<section class="detail-pane">${loading(3)}</section>`;
  }
  const { text, kind, sign } = standing(item, outbox.of(id));
  const dateChips = dates(item);
  return html`<section class="detail-pane" aria-label=${item.title}>
    <div class="detail-bar">
      <a class="round back" href="#/" aria-label=${t("back")}>${icon("back")}</a>
      <span class="grow"></span>
      ${item.archived_at || item.state !== "open" ? nothing
        : asleep(item) ? html`<button class="quiet" @click=${() => snooze(item, null)}>${icon("snooze")}${t("wake")}</button>`
        : html`<button class="quiet" @click=${() => openSnooze(item)}>${icon("snooze")}${t("snooze")}</button>`}
      ${item.archived_at
        ? html`<button class="quiet" @click=${() => mark(item, "unarchived")}>${icon("archive")}${t("unarchive")}</button>`
        : item.waiting_for_you ? nothing
        : html`<button class="quiet" @click=${() => mark(item, "archived")}>${icon("archive")}${t("archive")}</button>`}
    </div>
    <article class="item">
      <header class="item-head">
        ${monogram(item.subsystem)}
        <p><b dir="auto">${item.subsystem.name}</b><span title=${dateTime(item.arrived_at)}>${when(item.arrived_at)}</span></p>
        ${text && !item.decision ? chip(text, kind, sign) : nothing}
      </header>
      <h1 tabindex="-1" dir="auto">${item.title}</h1>
      ${item.summary ? html`<p class="lead" dir="auto">${item.summary}</p>` : nothing}
      ${dateChips.length ? html`<p class="chips">${dateChips}</p>` : nothing}
      ${decided(item)}${ownAnswer(item)}
      ${facts(item)}
      ${item.body ? html`<div class="prose">${markdown(item.body)}</div>` : nothing}
      ${attachments(item)}
      ${links(item)}
      ${thread(item)}
    </article>
    ${actions(item)}
  </section>`;
}
