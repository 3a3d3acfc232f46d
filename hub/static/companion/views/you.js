// Oneself: who is signed in, where, who stands in, how the companion looks, and the way out.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { signOut } from "../lib/session.js";
import { say, set, state } from "../lib/state.js";
import * as store from "../lib/store.js";
import { chip, header, icon, loading, sentence, when } from "./parts.js";
import { languagePicker } from "./sign_in.js";

let devices = null;
let failed = "";

export async function show() {
  failed = "";
  try {
    devices = (await api.get("/me/devices")).entries;
  } catch (failure) {
    failed = sentence(failure);
  }
  set({});
}

export function forget() {
  devices = null;
}

async function leave(everywhere) {
  const unsent = state.queue.filter((entry) => !entry.refused).length;
  if (unsent && !confirm(t("lose_unsent", { count: unsent }))) return;
  try {
    await signOut(everywhere);
  } catch (failure) {
    if (failure instanceof api.Unreachable) set({ ended: "unheard" });
  }
}

async function endDevice(device) {
  try {
    await api.call("DELETE", `/me/devices/${device.id}`);
    say(t("device_ended"), "good");
    await show();
  } catch (failure) {
    say(sentence(failure), "bad");
  }
}

export function dress(theme = store.setting("theme")) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function pickTheme(theme) {
  store.setting("theme", theme);
  dress(theme);
  set({});
}

function themes() {
  const present = store.setting("theme");
  return html`<div class="filters" role="group" aria-label=${t("theme")}>
    ${["", "light", "dark"].map((one) => html`<button aria-pressed=${present === one} @click=${() => pickTheme(one)}>${t(`theme_${one || "system"}`)}</button>`)}</div>`;
}

function card(title, sign, content) {
  return html`<section class="card"><h2>${icon(sign)}${title}</h2>${content}</section>`;
}

function deviceList() {
  if (failed) return html`<p class="note bad">${icon("warning")}<span>${failed}</span></p>`;
  if (!devices) return loading(2);
  return html`<ul class="plain">${devices.map((device) => html`<li class="entry">
    <span class="entry-sign">${icon(device.platform === "web" ? "laptop" : "phone")}</span>
    <span class="entry-text"><b dir="auto">${device.name || device.model || t(`platform_${device.platform}`)}</b>
      <small>${t(`platform_${device.platform}`)} · ${t("last_used")} ${when(device.last_seen_at)}</small></span>
    ${device.current ? chip(t("this_one"), "good") : html`<button class="quiet" @click=${() => endDevice(device)}
      aria-label="${t("end_device")}: ${device.name || device.model}">${t("end_device")}</button>`}
  </li>`)}</ul>`;
}

export function youPage(speak) {
  const { employee } = state;
  const initials = employee.display_name.split(/\s+/).slice(0, 2).map((word) => [...word][0]).join("");
  return html`<section class="page">
    ${header(t("you"))}
    <div class="cards">
      <section class="card person"><span class="avatar" aria-hidden="true">${initials.toUpperCase()}</span>
        <div><h2 dir="auto">${employee.display_name}</h2>
        <p class="soft" dir="auto">${[employee.title, employee.department, employee.geo].filter(Boolean).join(" · ")}</p>
        <p class="soft" dir="ltr">${employee.mail}</p>
        ${employee.manager ? html`<p class="soft">${t("manager")}: <bdi>${employee.manager.display_name}</bdi></p>` : nothing}</div></section>
      ${card(t("preferences"), "bell", html`<p class="soft">${t("preferences_text")}</p><a class="button" href="#/preferences">${t("preferences_change")}${icon("next")}</a>`)}
      ${card(t("away"), "people", html`<p class="soft">${t("away_text")}</p><a class="button" href="#/away">${t("away_manage")}${icon("next")}</a>`)}
      ${card(t("your_data"), "shield", html`<p class="soft">${t("your_data_text")}</p><a class="button" href="#/data">${t("your_data_see")}${icon("next")}</a>`)}
      ${card(t("devices"), "laptop", html`${deviceList()}
        <button class="quiet danger" @click=${() => leave(true)}>${icon("out")}${t("sign_out_everywhere")}</button>`)}
      ${card(t("appearance"), "sliders", html`<h3>${t("theme")}</h3>${themes()}<h3>${t("language_label")}</h3>${languagePicker(speak)}`)}
      <section class="card"><button class="wide" @click=${() => leave(false)}>${icon("out")}${t("sign_out")}</button>
        <p class="soft small">${t("sign_out_text")}</p></section>
    </div>
  </section>`;
}
