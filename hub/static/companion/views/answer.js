// The sheet on which an answer, a question or a reply is given.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import * as api from "../lib/api.js";
import { t } from "../lib/i18n.js";
import * as outbox from "../lib/outbox.js";
import { sign } from "../lib/signing.js";
import { say, set, state } from "../lib/state.js";
import * as sync from "../lib/sync.js";
import { inputField, valuesOf } from "./inputs.js";
import { fields, icon, sentence } from "./parts.js";
import { snoozeSheet } from "./snooze.js";

function open(sheet) {
  set({ dialog: { busy: false, failed: "", errors: {}, ...sheet } });
}

export function openAnswer(item, action) {
  open({ kind: "answer", item, action });
}

export function openQuestion(item) {
  open({ kind: "question", item });
}

export function openReply(item, question) {
  open({ kind: "reply", item, question });
}

export function close() {
  set({ dialog: null });
}

function change(more) {
  if (state.dialog) set({ dialog: { ...state.dialog, ...more } });
}

// A refusal that brings the truth with it: it is shown instead of what was on the screen.
function learn(failure) {
  const { body } = failure;
  if (body.item) sync.take([body.item]);
  sync.refresh();
}

const OVER = ["already_decided", "already_answered", "step_over", "expired", "withdrawn", "settled", "nothing_to_answer", "not_yours_to_answer", "not_found", "version_changed"];

async function attempt(work, done) {
  change({ busy: true, failed: "", errors: {} });
  try {
    const item = await work();
    close();
    say(item ? done : t("kept_for_later"), item ? "good" : "info");
  } catch (failure) {
    if (failure instanceof api.Problem && OVER.includes(failure.code)) {
      close();
      learn(failure);
      say(sentence(failure), "bad");
    } else change({ busy: false, failed: sentence(failure), errors: fields(failure) });
  }
}

async function answer(item, action, form) {
  const given = new FormData(form);
  const comment = String(given.get("comment") || "").trim();
  const inputs = valuesOf(action.inputs, form);
  const onBehalfOf = String(given.get("on_behalf_of") || "") || null;
  const body = {
    verb: action.verb, version: item.version, comment, inputs,
    ...(item.progress ? { step: item.progress.step } : {}),
    ...(onBehalfOf ? { on_behalf_of: onBehalfOf } : {}),
  };
  if (!action.step_up) return outbox.say(item, "response", body);
  const key = api.current()?.key;
  if (!key) throw new api.Problem(403, { code: "step_up_required" }, 0);
  const seen = item;
  const fresh = await sync.readItem(item.id); // for a nonce that is still good
  if (fresh.version !== seen.version) throw new api.Problem(409, { code: "version_changed", item: fresh }, 0);
  body.proof = await sign({ key, item: fresh, verb: action.verb, comment, inputs, onBehalfOf });
  return outbox.say(item, "response", body, { mayWait: false });
}

function submit(event) {
  event.preventDefault();
  const { kind, item, action, question } = state.dialog;
  const form = event.target;
  if (kind === "answer") {
    attempt(() => answer(item, action, form), t("answer_recorded"));
    return;
  }
  const text = new FormData(form).get("text").trim();
  const [act, body, done] = kind === "question"
    ? ["question", { to: new FormData(form).get("to"), text }, t("question_sent")]
    : ["reply", { question_id: question.id, text }, t("reply_sent")];
  attempt(() => outbox.say(item, act, body, { mayWait: false }), done);
}

function flaw(errors, pointer, id) {
  return errors[pointer] ? html`<small class="flaw" id=${id}>${errors[pointer]}</small>` : nothing;
}

function commentField(action, errors, failed) {
  if (action.comment === "none") return nothing;
  const needed = action.comment === "required" || failed === t("code_comment_required");
  return html`<label for="comment">${t(needed ? "comment_needed" : "comment")}</label>
    <textarea id="comment" name="comment" rows="3" maxlength="2000" dir="auto" ?required=${needed}
      aria-describedby=${errors["/comment"] ? "comment-flaw" : nothing}></textarea>${flaw(errors, "/comment", "comment-flaw")}`;
}

function inWhoseName(item) {
  const own = state.employee.employee_id;
  if (item.answer_for.length === 0 || (item.answer_for.length === 1 && item.answer_for[0].employee_id === own)) return nothing;
  return html`<label for="on-behalf">${t("in_whose_name")}</label>
    <select id="on-behalf" name="on_behalf_of">${item.answer_for.map((one) => html`
      <option value=${one.employee_id === own ? "" : one.employee_id}>${one.employee_id === own ? t("myself") : one.name}</option>`)}</select>`;
}

function answerFields({ item, action, errors, failed }) {
  return html`${inWhoseName(item)}
    ${action.inputs.map((one) => inputField(one, errors[`/inputs/${one.name}`]))}
    ${commentField(action, errors, failed)}
    ${action.step_up ? html`<p class="note">${icon("shield")}<span>${t("will_be_signed")}</span></p>` : nothing}`;
}

function questionFields({ item, errors }) {
  return html`<fieldset class="choices"><legend>${t("ask_whom")}</legend>
      <label class="tick"><input type="radio" name="to" value="requester" required checked><span>${t("the_requester")}</span></label>
      <label class="tick"><input type="radio" name="to" value="subsystem" required><span dir="auto">${item.subsystem.name}</span></label></fieldset>
    <label for="text">${t("your_question")}</label>
    <textarea id="text" name="text" rows="4" maxlength="2000" required dir="auto"></textarea>${flaw(errors, "/text", "text-flaw")}`;
}

function replyFields({ question, errors }) {
  return html`<blockquote class="said" dir="auto">${question.text}<cite>${question.by.name}</cite></blockquote>
    <label for="text">${t("your_reply")}</label>
    <textarea id="text" name="text" rows="4" maxlength="2000" required dir="auto"></textarea>${flaw(errors, "/text", "text-flaw")}`;
}

const PARTS = { answer: answerFields, question: questionFields, reply: replyFields };

export function sheet() {
  const dialog = state.dialog;
  if (dialog?.kind === "snooze") return snoozeSheet(close);
  if (!dialog || !(dialog.kind in PARTS)) return nothing;
  const { kind, item, action, busy, failed } = dialog;
  const title = kind === "answer" ? action.label : t(kind === "question" ? "ask_back" : "reply");
  const danger = kind === "answer" && action.effect === "reject";
  return html`<dialog class="sheet" aria-labelledby="sheet-title" @close=${close} @click=${(event) => event.target === event.currentTarget && close()}>
    <form @submit=${submit} aria-busy=${busy}>
      <header><div><p class="soft" dir="auto">${item.title}</p><h2 id="sheet-title" dir="auto">${title}</h2></div>
        <button type="button" class="round" aria-label=${t("close")} @click=${close}>${icon("cross")}</button></header>
      ${failed ? html`<p class="note bad" role="alert">${icon("warning")}<span>${failed}</span></p>` : nothing}
      ${PARTS[kind](dialog)}
      <footer><button type="button" class="quiet" @click=${close}>${t("cancel")}</button>
        <button class=${danger ? "danger solid" : "primary"} ?disabled=${busy}>${busy ? t("sending") : kind === "answer" ? t("confirm_verb", { verb: action.label }) : t("send")}</button></footer>
    </form>
  </dialog>`;
}
