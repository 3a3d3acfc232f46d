// What the reader can do by themselves: modules that are opened, forms that are filled in here.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { say, set, state } from "../lib/state.js";
import { empty, header, icon, knownIcon, loading, sentence } from "./parts.js";

const pictures = new Map(); // digest -> address in this page
let failed = "";
let query = "";

// Null where the hub has no such thing; then nothing of it is shown.
export async function show() {
  try {
    set({ services: (await api.get("/me/modules")).entries });
    failed = "";
  } catch (failure) {
    if (failure.code === "not_found") set({ services: null });
    else failed = sentence(failure);
  }
  set({});
}

export function forget() {
  for (const address of pictures.values()) URL.revokeObjectURL(address);
  pictures.clear();
  query = "";
}

async function fetchPicture(service) {
  pictures.set(service.icon.digest, "");
  try {
    const answer = await api.raw("GET", `/me/modules/${service.key}/icon`, { accept: "*/*" });
    pictures.set(service.icon.digest, URL.createObjectURL(await answer.blob()));
    set({});
  } catch { /* the sign of the house stands in its place */ }
}

export function sign(service) {
  const { name, digest } = service.icon;
  if (digest && !pictures.has(digest)) fetchPicture(service);
  const address = digest && pictures.get(digest);
  return html`<span class="tile-sign" aria-hidden="true">${address ? html`<img src=${address} alt="" width="28" height="28">` : icon(knownIcon(name))}</span>`;
}

// The address holds a code that is good once: it is opened and kept nowhere. The tab is opened
// while the click is fresh, or browsers would take it for an advertisement.
export async function launch(key) {
  const tab = window.open("", "_blank");
  try {
    const { address } = await api.call("POST", `/me/modules/${encodeURIComponent(key)}/launch`);
    if (!/^https?:\/\//.test(address)) throw new api.Unreachable("no address of a page");
    if (tab) {
      tab.opener = null;
      tab.location.replace(address);
    } else location.assign(address);
  } catch (failure) {
    tab?.close();
    say(sentence(failure), "bad");
  }
}

async function prefer(service) {
  try {
    await api.call(service.favourite ? "DELETE" : "PUT", `/me/modules/${service.key}/favourite`);
    await show();
  } catch (failure) {
    say(sentence(failure), "bad");
  }
}

function tile(service) {
  const words = html`${sign(service)}<span class="entry-text"><b dir="auto">${service.name}</b>
    ${service.description ? html`<small dir="auto">${service.description}</small>` : nothing}
    <small class="soft" dir="auto">${service.subsystem.name}${service.permissions.length ? ` · ${t("may_ask_for")} ${service.permissions.map((one) => t(`permission_${one}`)).join(", ")}` : ""}</small></span>`;
  return html`<li class="tile">
    ${service.type === "form" ? html`<a class="tile-main" href="#/form/${service.key}">${words}</a>`
      : html`<button class="tile-main" @click=${() => launch(service.key)}>${words}${icon("link")}</button>`}
    <button class="round ${service.favourite ? "starred" : ""}" aria-pressed=${service.favourite} aria-label="${t("favourite")}: ${service.name}" @click=${() => prefer(service)}>${icon("star")}</button>
  </li>`;
}

function group(title, some) {
  return some.length ? html`<section><h2 class="group-title">${title}</h2><ul class="tiles">${some.map(tile)}</ul></section>` : nothing;
}

function content() {
  if (failed) return empty({ sign: "offline", title: t("not_here"), text: failed, action: html`<button @click=${show}>${icon("refresh")}${t("try_again")}</button>` });
  if (!state.services) return loading(4);
  if (!state.services.length) return empty({ sign: "services", title: t("no_services"), text: t("no_services_text") });
  const words = query.toLocaleLowerCase();
  const found = state.services.filter((one) => `${one.name} ${one.description} ${one.subsystem.name}`.toLocaleLowerCase().includes(words));
  if (!found.length) return empty({ sign: "search", title: t("nothing_found"), text: "" });
  return html`${group(t("favourites"), found.filter((one) => one.favourite))}
    ${group(found.some((one) => one.favourite) ? t("all_services") : "", found.filter((one) => !one.favourite))}`;
}

export function servicesPage() {
  return html`<section class="page wide-page">${header(t("services"), { actions: html`<a class="button quiet" href="#/submissions">${t("handed_in")}</a>` })}
    <label class="search">${icon("search")}<span class="hidden">${t("search")}</span><input type="search" placeholder=${t("search")} .value=${query}
      @input=${(event) => { query = event.target.value; set({}); }}></label>
    ${content()}</section>`;
}
