// The list: what waits for the reader on top, then everything else by the day it came.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { date, t } from "../lib/i18n.js";
import * as outbox from "../lib/outbox.js";
import * as search from "../lib/search.js";
import { say, set, state } from "../lib/state.js";
import * as sync from "../lib/sync.js";
import { chip, empty, icon, loading, monogram, sentence, when } from "./parts.js";
import { privacyFoot } from "./privacy.js";
import { pull } from "./pull.js";
import { standing } from "./standing.js";

const FILTERS = ["open", "waiting", "snoozed", "archived"];

function byArrival(a, b) {
  return b.arrived_at.localeCompare(a.arrived_at) || b.id.localeCompare(a.id);
}

function said(item, words) {
  const text = [item.title, item.summary, item.subsystem.name, item.category].join(" ").toLocaleLowerCase();
  return words.every((word) => text.includes(word));
}

function belongs(item) {
  const asleep = Boolean(item.snoozed_until) && Date.parse(item.snoozed_until) > Date.now();
  if (state.filter === "archived") return true;
  if (state.filter === "snoozed") return asleep;
  return !asleep && (state.filter !== "waiting" || item.waiting_for_you);
}

function shown() {
  const found = search.found();
  if (found) return found.entries.map((item) => state.items.get(item.id) || item).sort(byArrival);
  const items = state.filter === "archived" ? state.archived?.entries || [] : [...state.items.values()];
  const words = state.query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return items
    .filter((item) => belongs(item) && (!state.subsystem || item.subsystem.key === state.subsystem) && said(item, words))
    .sort(byArrival);
}

function row(item) {
  const chosen = state.route.id === item.id;
  const unsent = outbox.of(item.id);
  const { text, kind, sign } = standing(item, unsent);
  const restricted = item.sensitivity === "restricted";
  return html`<li>
    <a class="row ${item.read_at ? "" : "unread"}" href="#/item/${item.id}" aria-current=${chosen ? "true" : nothing}>
      ${monogram(item.subsystem)}
      <span class="row-text">
        <span class="row-top"><span class="sender" dir="auto">${item.subsystem.name}</span>${when(item.arrived_at)}</span>
        <span class="row-title">${item.read_at ? nothing : html`<span class="hidden">${t("unread")}: </span>`}<bdi>${item.title}</bdi></span>
        ${item.summary ? html`<span class="row-summary"><bdi>${item.summary}</bdi></span>` : nothing}
        ${text || restricted || item.priority === "urgent"
          ? html`<span class="chips">
              ${item.priority === "urgent" ? chip(t("urgent"), "bad", "warning") : nothing}
              ${text ? chip(text, kind, sign) : nothing}
              ${restricted ? chip(t("restricted"), "", "lock") : nothing}</span>`
          : nothing}
      </span>
    </a>
  </li>`;
}

function day(item) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const days = Math.ceil((midnight - Date.parse(item.arrived_at)) / 86_400_000);
  return days <= 0 ? t("today") : days === 1 ? t("yesterday") : days < 7 ? t("this_week") : date(item.arrived_at).replace(/^\d+[.\s]*/, "");
}

function group(title, items) {
  return html`<section class="group">
    <h2>${title}</h2>
    <ul>${repeat(items, (item) => item.id, row)}</ul>
  </section>`;
}

function groups(items) {
  const waiting = state.filter === "open" ? items.filter((item) => item.waiting_for_you) : [];
  const days = new Map();
  for (const item of items) {
    if (waiting.includes(item)) continue;
    const name = day(item);
    days.set(name, [...(days.get(name) || []), item]);
  }
  return [...(waiting.length ? [[t("waiting_for_you"), waiting]] : []), ...days];
}

async function attempt(work) {
  try {
    await work();
  } catch (failure) {
    say(sentence(failure), "bad");
  }
}

function look(changes) {
  set(changes);
  search.again("query" in changes ? undefined : 0);
}

// Who has sent something, where there is more than one to choose from.
function senders() {
  const known = new Map([...state.items.values()].map((item) => [item.subsystem.key, item.subsystem.name]));
  if (known.size < 2) return nothing;
  const names = [["", t("everybody")], ...[...known].sort((a, b) => a[1].localeCompare(b[1]))];
  return html`<div class="senders" role="group" aria-label=${t("by_sender")}>${names.map(([key, name]) => html`
    <button aria-pressed=${state.subsystem === key} @click=${() => look({ subsystem: key })} dir="auto">${name}</button>`)}</div>`;
}

export function choose(filter) {
  set({ filter });
  search.again(0);
  if (filter === "archived" && !state.archived) attempt(() => sync.readArchived(false));
}

function nothingHere() {
  if (state.query || state.subsystem) return empty({ sign: "search", title: t("nothing_found"), text: t("nothing_found_text") });
  if (state.filter === "waiting") return empty({ sign: "check", title: t("all_done"), text: t("all_done_text") });
  if (state.filter === "snoozed") return empty({ sign: "snooze", title: t("snoozed_empty"), text: t("snoozed_empty_text") });
  if (state.filter === "archived") return empty({ sign: "archive", title: t("archive_empty"), text: t("archive_empty_text") });
  return empty({ sign: "inbox", title: t("inbox_empty"), text: t("inbox_empty_text") });
}

function body(items) {
  const waitsForFirst = !state.counts && state.refreshing && !state.items.size;
  if (waitsForFirst || (state.filter === "archived" && !state.archived && !state.trouble)) return loading();
  if (!items.length && state.trouble && !state.items.size) {
    return empty({
      sign: "offline", title: t(`trouble_${state.trouble}`), text: t("nothing_kept"),
      action: html`<button @click=${sync.refresh}>${icon("refresh")}${t("try_again")}</button>`,
    });
  }
  if (!items.length) return nothingHere();
  return groups(items).map(([title, some]) => group(title, some));
}

function more() {
  const found = search.found();
  if (found?.after) return html`<button class="wide more" @click=${() => attempt(search.more)}>${t("show_older")}</button>`;
  if (state.query || state.subsystem) return nothing;
  const work =
    state.filter === "open" && state.older ? sync.readOlder
    : state.filter === "archived" && state.archived?.after ? () => sync.readArchived(true)
    : null;
  return work ? html`<button class="wide more" @click=${() => attempt(work)}>${t("show_older")}</button>` : nothing;
}

function trouble() {
  if (!state.trouble && state.online) return nothing;
  const unsent = state.queue.filter((entry) => !entry.refused).length;
  return html`<p class="banner" role="status">${icon("offline")}
    <span>${t(state.online && state.trouble === "hub" ? "banner_hub" : "banner_offline")}
    ${unsent ? t("banner_unsent", { count: unsent }) : nothing}</span></p>`;
}

function refusedLater() {
  return state.queue.filter((entry) => entry.refused).map((entry) => html`<div class="banner bad" role="alert">
    ${icon("warning")}
    <span><b dir="auto">${entry.title}</b> ${t("did_not_count")} ${entry.refused.detail || entry.refused.title || ""}
      <a href="#/item/${entry.id}">${t("open_it")}</a></span>
    <button class="round small" aria-label=${t("dismiss")} @click=${() => outbox.dismiss(entry)}>${icon("cross")}</button>
  </div>`);
}

export function inboxPane() {
  const items = shown();
  const waiting = state.counts?.waiting || 0;
  return html`<section class="list-pane" aria-label=${t("inbox")}>
    <header class="list-head">
      <div class="list-title">
        <h1 tabindex="-1">${t("inbox")}</h1>
        <button class="round ${state.refreshing ? "turning" : ""}" aria-label=${t("refresh")} title=${t("refresh")}
          @click=${sync.refresh}>${icon("refresh")}</button>
      </div>
      <label class="search">${icon("search")}<span class="hidden">${t("search")}</span>
        <input type="search" placeholder=${t("search")} .value=${state.query}
          @input=${(event) => look({ query: event.target.value })}></label>
      <div class="filters" role="group" aria-label=${t("filter")}>
        ${FILTERS.map((one) => html`<button aria-pressed=${state.filter === one} @click=${() => choose(one)}>
          ${t(`filter_${one}`)}${one === "waiting" && waiting ? html`<b class="count">${waiting}</b>` : nothing}</button>`)}
      </div>
      ${senders()}
    </header>
    ${trouble()}${refusedLater()}
    <div class="scroller" tabindex="-1" @touchstart=${pull.start} @touchmove=${pull.move} @touchend=${pull.end}>
      <div class="puller" aria-hidden="true">${icon("refresh")}</div>
      ${body(items)}${more()}${privacyFoot()}
    </div>
  </section>`;
}
