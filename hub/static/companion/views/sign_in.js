// The door: name and password of the company, and why one stands here again.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as i18n from "../lib/i18n.js";
import { signIn } from "../lib/session.js";
import { set, state } from "../lib/state.js";
import { icon, sentence } from "./parts.js";
import { privacyFoot } from "./privacy.js";

const { t } = i18n;
let failed = "";
let busy = false;

async function submit(event, entered) {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  busy = true;
  failed = "";
  set({});
  try {
    await signIn({ username: given.username.trim(), password: given.password, keep: given.keep === "on" });
    await entered();
  } catch (failure) {
    failed = sentence(failure);
    queueMicrotask(() => document.getElementById("password")?.select());
  } finally {
    busy = false;
    set({});
  }
}

export function signInScreen({ entered, speak }) {
  const why = state.ended && i18n.has(`ended_${state.ended}`) ? t(`ended_${state.ended}`) : "";
  return html`<main id="main" class="door">
    <div class="door-card">
      <img class="mark" src="/static/companion/icons/icon.svg" alt="" width="56" height="56">
      <h1 tabindex="-1">${t("sign_in_title")}</h1>
      <p class="soft">${t("sign_in_text")}</p>
      ${why && !failed ? html`<p class="note" role="status">${icon("shield")}<span>${why}</span></p>` : nothing}
      <form @submit=${(event) => submit(event, entered)} aria-busy=${busy}>
        ${failed ? html`<p class="note bad" role="alert" id="sign-in-error">${icon("warning")}<span>${failed}</span></p>` : nothing}
        <label for="username">${t("user_name")}</label>
        <input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false"
          maxlength="256" required autofocus dir="ltr">
        <label for="password">${t("password")}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024"
          required dir="ltr" aria-invalid=${failed ? "true" : "false"}
          aria-describedby=${failed ? "sign-in-error" : nothing}>
        <label class="tick"><input type="checkbox" name="keep" checked>
          <span>${t("keep_signed_in")}<small>${t("keep_signed_in_text")}</small></span></label>
        <button class="primary wide" ?disabled=${busy}>${busy ? t("signing_in") : t("sign_in")}</button>
      </form>
    </div>
    <footer class="door-foot">${languagePicker(speak)}${privacyFoot()}</footer>
  </main>`;
}

export function languagePicker(speak) {
  return html`<div class="languages" role="group" aria-label=${t("language_label")}>
    ${i18n.LANGUAGES.map(([code, name]) => html`<button type="button" class="quiet" lang=${code}
      aria-pressed=${code === i18n.current()} @click=${() => speak(code)}>${name}</button>`)}
  </div>`;
}
