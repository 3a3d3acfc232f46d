// A form of a module: filled in here, handed in by the hub. What the device captures (a file, a
// photo, a place) is only taken where the person allowed it, and can be taken back.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { t } from "../lib/i18n.js";
import * as outbox from "../lib/outbox.js";
import { say, set } from "../lib/state.js";
import { inputField, valuesOf } from "./inputs.js";
import { empty, fields, header, icon, loading, sentence } from "./parts.js";

const CAPTURED = ["file", "photo", "location"];
let form = null;
let failed = "";
let errors = {};
let busy = false;
let places = {}; // input -> {latitude, longitude, accuracy_metres}

export async function show(key) {
  form = null;
  failed = "";
  errors = {};
  places = {};
  try {
    form = await api.get(`/me/modules/${encodeURIComponent(key)}/form`);
  } catch (failure) {
    failed = sentence(failure);
  }
  set({});
}

async function agree(kind, yes) {
  try {
    await api.call(yes ? "PUT" : "DELETE", `/me/modules/${form.key}/consents/${kind}`);
    form.agreed = yes ? [...form.agreed, kind] : form.agreed.filter((one) => one !== kind);
    if (!yes && kind === "location") places = {};
  } catch (failure) {
    say(sentence(failure), "bad");
  }
  set({});
}

function locate(name) {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      places[name] = { latitude: coords.latitude, longitude: coords.longitude, accuracy_metres: Math.ceil(coords.accuracy) };
      set({});
    },
    () => say(t("no_place"), "bad"),
  );
}

function base64(file) {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => fail(new api.Unreachable("the file can't be read"));
    reader.readAsDataURL(file);
  });
}

async function upload(one, file) {
  const body = { input: one.name, media_type: file.type, content: await base64(file) };
  return (await api.post(`/me/modules/${form.key}/files`, body)).id;
}

async function submit(event) {
  event.preventDefault();
  const filled = event.target;
  busy = true;
  failed = "";
  errors = {};
  set({});
  try {
    const inputs = valuesOf(form.inputs.filter((one) => !CAPTURED.includes(one.type)), filled);
    let captured = false;
    for (const one of form.inputs.filter((each) => CAPTURED.includes(each.type))) {
      const file = filled.elements[`input:${one.name}`]?.files?.[0];
      if (file) inputs[one.name] = await upload(one, file);
      else if (places[one.name]) inputs[one.name] = places[one.name];
      captured ||= Boolean(file);
    }
    const path = `/me/modules/${form.key}/submissions`;
    const sent = await outbox.hand(path, { version: form.version, inputs }, { title: form.name, mayWait: !captured });
    say(sent ? t("handed_in_as", { reference: sent.reference }) : t("kept_for_later"), sent ? "good" : "info");
    location.hash = "#/submissions";
  } catch (failure) {
    failed = sentence(failure);
    errors = fields(failure);
    if (failure.code === "version_changed") show(form.key);
  } finally {
    busy = false;
    set({});
  }
}

function consent(kind) {
  const given = form.agreed.includes(kind);
  return html`<label class="tick consent"><input type="checkbox" .checked=${given} @change=${(event) => agree(kind, event.target.checked)}>
    <span>${t(`allow_${kind}`, { name: form.name })}<small>${t("allow_text")}</small></span></label>`;
}

function capture(one, flaw) {
  const id = `input-${one.name}`;
  const allowed = form.agreed.includes(one.type);
  const types = one.type === "photo" ? ["image/jpeg", "image/png"] : one.media_types || ["application/pdf", "image/jpeg", "image/png", "text/plain"];
  const field = one.type === "location"
    ? html`<button type="button" id=${id} ?disabled=${!allowed} @click=${() => locate(one.name)}>${icon("globe")}${places[one.name] ? t("place_taken") : t("take_place")}</button>`
    : html`<input type="file" id=${id} name=${`input:${one.name}`} accept=${types.join(",")} ?disabled=${!allowed} ?required=${one.required && allowed}>`;
  return html`<div class="capture"><label for=${id} dir="auto">${one.label || one.name}${one.required ? nothing : html` <small>${t("optional")}</small>`}</label>
    ${consent(one.type)}${field}${flaw ? html`<small class="flaw">${flaw}</small>` : nothing}</div>`;
}

export function formPage() {
  const content = failed && !form ? empty({ sign: "offline", title: t("not_here"), text: failed })
    : !form ? loading(4)
    : html`<form class="card" @submit=${submit} aria-busy=${busy}>
        ${form.description ? html`<p class="soft" dir="auto">${form.description}</p>` : nothing}
        ${failed ? html`<p class="note bad" role="alert">${icon("warning")}<span>${failed}</span></p>` : nothing}
        ${form.inputs.map((one) => (CAPTURED.includes(one.type) ? capture : inputField)(one, errors[`/inputs/${one.name}`]))}
        <button class="primary" ?disabled=${busy}>${busy ? t("sending") : t("hand_in")}</button></form>`;
  return html`<section class="page">${header(form?.name || t("services"), { back: "#/services" })}${content}</section>`;
}
