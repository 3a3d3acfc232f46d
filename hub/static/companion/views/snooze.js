// Putting an item off: until later today, tomorrow, next week, or a moment of one's own.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { dateTime, t } from "../lib/i18n.js";
import { say, set, state } from "../lib/state.js";
import * as sync from "../lib/sync.js";
import { icon, sentence } from "./parts.js";

const MORNING = 8;

function at(days, hour) {
  const moment = new Date();
  moment.setDate(moment.getDate() + days);
  moment.setHours(hour, 0, 0, 0);
  return moment;
}

// What can be chosen now: nothing that is past, nothing after the item's end.
export function moments(now = new Date(), end = null) {
  const toMonday = ((8 - now.getDay()) % 7) || 7;
  const offered = [
    ["in_an_hour", new Date(now.getTime() + 3_600_000)],
    ["this_evening", at(0, 18)],
    ["tomorrow_morning", at(1, MORNING)],
    ["next_week", at(toMonday, MORNING)],
  ];
  return offered.filter(([, moment]) => moment > now && (!end || moment < new Date(end)));
}

export function openSnooze(item) {
  set({ dialog: { kind: "snooze", item, busy: false, failed: "" } });
}

export async function snooze(item, until) {
  try {
    const after = await api.post(`/me/inbox/${item.id}/snooze`, { until: until && until.toISOString() }, crypto.randomUUID());
    sync.take([after]);
    set({ dialog: null });
    say(until ? t("snoozed_until", { when: dateTime(until) }) : t("woken"));
    if (until) location.hash = "#/";
    sync.refresh();
  } catch (failure) {
    if (state.dialog) set({ dialog: { ...state.dialog, failed: sentence(failure) } });
    else say(sentence(failure), "bad");
  }
}

function submit(event, item) {
  event.preventDefault();
  snooze(item, new Date(new FormData(event.target).get("until")));
}

export function snoozeSheet(close) {
  const { item, failed } = state.dialog;
  return html`<dialog class="sheet" aria-labelledby="sheet-title" @close=${close} @click=${(event) => event.target === event.currentTarget && close()}>
    <form @submit=${(event) => submit(event, item)}>
      <header><div><p class="soft" dir="auto">${item.title}</p><h2 id="sheet-title">${t("snooze")}</h2></div>
        <button type="button" class="round" aria-label=${t("close")} @click=${close}>${icon("cross")}</button></header>
      ${failed ? html`<p class="note bad" role="alert">${icon("warning")}<span>${failed}</span></p>` : nothing}
      <ul class="options">${moments(new Date(), item.expires_at).map(([name, moment]) => html`<li><button type="button" @click=${() => snooze(item, moment)}><b>${t(name)}</b><small>${dateTime(moment)}</small></button></li>`)}</ul>
      <label for="until">${t("own_moment")}</label><input id="until" name="until" type="datetime-local" required>
      <footer><button type="button" class="quiet" @click=${close}>${t("cancel")}</button><button class="primary">${t("snooze")}</button></footer>
    </form>
  </dialog>`;
}
